"""Library of the pipeline: corpora, networks, training, evaluation, reporting and predictions."""
