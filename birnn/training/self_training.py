"""Self-training: models label the unlabelled reviews, and others learn from these reviews, too.

Scudder, "Probability of Error of Some Adaptive Pattern-Recognition Machines", 1965. The labels are
probabilities, as in Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015,
and come from the mean of all models.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from birnn.core.outputs import atomic_folder
from birnn.core.settings import Settings
from birnn.evaluation.decision import combine, probability
from birnn.networks.config import NetworkConfig
from birnn.networks.network import load_network, predict
from birnn.networks.registry import NETWORKS
from birnn.text import encoding, ngrams, reviews, sequences
from birnn.training import baseline, training_set
from birnn.training.fit import Paths, train
from birnn.training.splits import watched_split

STATE = Path("state/self_training")  # kept, so that an interrupted stage resumes
PADDED = Path("data/padded")

Ids = NDArray[np.int32]
Floats = NDArray[np.float32]
Label = Callable[[Ids, list[list[str]]], Floats]


def write(settings: Settings, folder: Path) -> None:
    """Write the labelled reviews and after them the unlabelled ones, with labels of all models."""
    labelled = np.load(training_set.LABELLED / "rows.npy")
    added = reviews.count(training_set.CORPUS) + np.arange(reviews.count(training_set.UNLABELLED))
    rows = np.concatenate([labelled, added]).astype(np.int32)
    label = train_models(settings)
    sequences.write(_label_all(label), rows, settings.pad.maxlen, folder, np.float32)


def train_models(settings: Settings) -> Label:
    """Train the baseline and all networks on the labelled reviews.

    Return a function of a batch of reviews, as sequences and as words, whose result is the
    probability that each is positive, float32, shape (reviews,).
    """
    ids, labels = sequences.read(training_set.LABELLED)
    groups = training_set.groups(training_set.LABELLED)
    with atomic_folder(STATE / "ngrams") as folder:
        ngrams.write(
            *ngrams.compute_ratios(ids, labels, groups, settings.pad.num_words, settings.ngrams),
            folder,
        )
    words = training_set.words(training_set.LABELLED)
    linear = baseline.Predictor(baseline.fit(words, labels, settings.baseline))
    networks = [_train_network(name, settings) for name in NETWORKS]

    def label(ids: Ids, words: list[list[str]]) -> Floats:
        return probability(combine([*(predict(net, ids) for net in networks), linear(words)]))

    return label


def _train_network(name: str, settings: Settings) -> Any:
    paths = replace(
        Paths.of(name),
        training=training_set.LABELLED,
        ngrams=STATE / "ngrams",
        model=STATE / name,
        timing=STATE / f"{name}.json",
        checkpoints=STATE / "checkpoints" / name,
    )
    config = NetworkConfig.from_settings(NETWORKS[name], settings)
    train(NETWORKS[name], config, settings.train, watched_split(settings.pad.validation), paths)
    return load_network(NETWORKS[name], paths.model)


def _label_all(label: Label) -> Iterator[tuple[Ids, Floats]]:
    """Yield batches of sequences and labels: the labelled reviews, then the unlabelled ones."""
    ids, labels = sequences.read(training_set.LABELLED)
    yield ids, labels.astype(np.float32)
    scheme = encoding.read(PADDED)
    for batch in reviews.batches(training_set.UNLABELLED, ["tokens"]):
        ids = encoding.encode(batch["tokens"], scheme)
        yield ids, label(ids, [words or [] for words in batch["tokens"].to_pylist()])
