"""Library of the pipeline: corpora, networks, training, evaluation, reporting and predictions."""

import os

# Set before TensorFlow is imported: a keras.json in the home folder must not choose another
# backend, and TensorFlow's log messages must not bury the output of a stage.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
