"""Self-training: models of the labelled reviews label the unlabelled ones.

Other models then learn from both (Scudder, "Probability of Error of Some Adaptive
Pattern-Recognition Machines", 1965). The labels are probabilities, as in
Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015, and come from the
mean of all models.
"""

from collections.abc import Callable, Iterator
from itertools import chain
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
from birnn.training import baseline
from birnn.training.fit import Paths, train
from birnn.training.splits import LABELLED, watched_split

TEACHERS = Path("state/teachers")  # kept, so that an interrupted stage resumes

Floats = NDArray[np.float32]
Batch = tuple[NDArray[np.int32], Floats]


def train_teachers(settings: Settings, corpus: Path) -> Callable[[Any, list[list[str]]], Floats]:
    """Train all models on the labelled reviews.

    Return a function of a batch of reviews, as sequences and as words, whose result is the
    probability that each is positive.
    """
    ids, labels = sequences.read(LABELLED)
    rows = np.load(LABELLED / "rows.npy")
    groups = reviews.groups(corpus)[rows]
    with atomic_folder(TEACHERS / "ngrams") as folder:
        ngrams.write(
            *ngrams.compute_ratios(ids, labels, groups, settings.pad.num_words, settings.ngrams),
            folder,
        )
    words = chain.from_iterable(reviews.words(corpus, rows=rows))
    linear = baseline.Predictor(baseline.fit(words, labels, settings.baseline))
    networks = [_train_network(name, settings) for name in NETWORKS]

    def label(ids: NDArray[np.int32], words: list[list[str]]) -> Floats:
        log_odds = [*(predict(network, ids) for network in networks), linear(words)]
        return probability(combine(log_odds)).astype(np.float32)

    return label


def _train_network(name: str, settings: Settings) -> Any:
    epochs = settings.self_training.teacher_epochs
    paths = Paths(
        training=LABELLED,
        validation=Path("data/padded/validation"),
        ngrams=TEACHERS / "ngrams",
        word_vectors=Path("models/word_vectors"),
        model=TEACHERS / name,
        timing=TEACHERS / f"{name}.json",
        checkpoints=TEACHERS / "checkpoints" / name,
        live=Path("live"),
    )
    train(
        NETWORKS[name],
        NetworkConfig.from_settings(NETWORKS[name], settings),
        settings.train.model_copy(update={"epochs": epochs}),
        watched_split(settings.pad.validation),
        paths,
    )
    return load_network(NETWORKS[name], paths.model)


def label_all(
    label: Callable[[Any, list[list[str]]], Floats], padded: Path, unlabelled: Path
) -> Iterator[Batch]:
    """Yield batches of sequences and labels: the labelled reviews, then the unlabelled ones."""
    ids, labels = sequences.read(LABELLED)
    yield ids, labels.astype(np.float32)
    scheme = encoding.read(padded)
    for batch in reviews.batches(unlabelled, ["tokens"]):
        ids = encoding.encode(batch["tokens"], scheme)
        yield ids, label(ids, [words or [] for words in batch["tokens"].to_pylist()])
