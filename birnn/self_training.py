"""Self-training: models trained on the labelled reviews predict the labels of the unlabelled ones.

Scudder, "Probability of Error of Some Adaptive Pattern-Recognition Machines", 1965. The labels are
probabilities, as in Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015.
They are computed from the mean log-odds of all models.

The models have learned from all labelled reviews. So n-gram ratios from the new labels depend a
little on the label of every labelled review, whatever its fold.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from birnn.architectures.registry import NETWORKS
from birnn.baseline import baseline
from birnn.baseline.settings import BaselineSettings
from birnn.core.paths import PADDED, PADDED_TRAIN, STATE, TRAIN_REVIEWS, UNLABELLED_REVIEWS
from birnn.networks.inputs.word_inputs import Folders
from birnn.networks.log_odds import combine, probability
from birnn.networks.network import load_network, predict
from birnn.pretraining import ngram_ratios
from birnn.reviews import corpus_reader, encoding, sequences
from birnn.reviews.training_set import groups, words
from birnn.training.fit import TrainingFiles, train_network
from birnn.training.settings import TrainingSettings

FOLDER = STATE / "self_training"  # no output of DVC, so an interrupted stage resumes


def write(settings: TrainingSettings, linear: BaselineSettings, folder: Path) -> float:
    """Write the labelled reviews, followed by the unlabelled ones with predicted labels.

    Return the duration in seconds, including epochs that interrupted processes trained.
    """
    start = time.perf_counter()
    training_groups, num_words = groups(PADDED_TRAIN), settings.pad.num_words
    ngram_ratios.weigh(PADDED_TRAIN, training_groups, num_words, settings.ngrams, FOLDER / "ngrams")
    before_training = time.perf_counter()
    trained = [_train_network(name, settings) for name in NETWORKS]
    after_training = time.perf_counter()
    batches = _sequences_and_labels([network for network, _ in trained], linear)
    unlabelled = corpus_reader.count(TRAIN_REVIEWS) + np.arange(
        corpus_reader.count(UNLABELLED_REVIEWS)
    )
    rows = np.concatenate([np.load(PADDED_TRAIN / "rows.npy"), unlabelled]).astype(np.int32)
    sequences.write(batches, rows, settings.pad.maxlen, folder, np.float32)
    epochs = sum(seconds for _, seconds in trained)
    return epochs + before_training - start + time.perf_counter() - after_training


def _train_network(name: str, settings: TrainingSettings) -> tuple[Any, float]:
    """Return a network trained on the labelled reviews, and the seconds of all its epochs."""
    files = replace(
        TrainingFiles.of(name, settings.train),
        training=PADDED_TRAIN,
        word_inputs=Folders(ngrams=FOLDER / "ngrams"),
        model=FOLDER / name,
        checkpoints=FOLDER / "checkpoints" / name,
    )
    seconds, _ = train_network(NETWORKS[name], settings, files)
    return load_network(NETWORKS[name], files.model), sum(seconds)


def _sequences_and_labels(
    networks: list[Any], settings: BaselineSettings
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """Yield batches of the labelled reviews, then of the unlabelled ones.

    The labels of the latter are probabilities from the networks and the baseline.
    """
    ids, labels = sequences.read(PADDED_TRAIN)
    linear = baseline.fit(words(PADDED_TRAIN), labels, settings)
    yield ids, labels.astype(np.float32)
    scheme = encoding.read(PADDED)
    for batch in corpus_reader.batches(UNLABELLED_REVIEWS, ["tokens"]):
        ids = encoding.encode(batch["tokens"], scheme)
        tokens = [words or [] for words in batch["tokens"].to_pylist()]
        log_odds = [*(predict(network, ids) for network in networks), linear.predict(tokens)[0]]
        yield ids, probability(combine(log_odds))
