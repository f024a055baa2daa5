"""The settings and results of the notebook."""

from typing import Any

# The run in the notebook that this pipeline reproduces.
NOTEBOOK = {
    "bilstm": {"accuracy": 0.8181, "loss": 0.7756},
    "bigru": {"accuracy": 0.8174, "loss": 1.0629},
}
# The settings of the networks and the baseline that params.yaml has by default.
NOTEBOOK_SETTINGS: dict[str, Any] = {
    "pad.num_words": 20_000,
    "pad.maxlen": 100,
    "pad.padding": "pre",
    "pad.truncating": "pre",
    "pad.validation": "test",
    "word_vectors.reviews": "none",
    "ngrams.longest": 0,
    "network.embedding_dim": 128,
    "network.pooling": "last",
    "network.dropout": 0.5,
    "network.embedding_dropout": 0,
    "network.word_dropout": 0,
    "bilstm.units": 64,
    "bigru.units": 64,
    "train.epochs": 10,
    "train.batch_size": 256,
    "train.optimizer": "adam",
    "train.learning_rate": 0.001,
    "train.schedule": "constant",
    "train.clipnorm": None,
    "train.self_training": False,
    "baseline.ngrams": 2,
}
