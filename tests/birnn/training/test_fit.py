"""Tests of training: reproducibility, shuffling, checkpoints, and a loss that is not finite."""

import csv
import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from birnn.architectures.registry import NETWORKS
from birnn.core import machine
from birnn.core.settings import Section
from birnn.networks.definition import Network, NetworkConfig, Ngrams
from birnn.networks.inputs import ngrams
from birnn.networks.inputs.word_inputs import Folders
from birnn.pretraining import ngram_ratios
from birnn.reviews import sequences
from birnn.runtime.errors import InputError
from birnn.training import fit
from birnn.training.batches import batches
from birnn.training.settings import Train
from tests.birnn.small_networks import config, load
from tests.projects import DEFAULTS, contents
from tests.tiers import sampled

NETWORK = config("bigru", num_words=20, maxlen=6)  # one that all kernels can run

IMPROVED = config(
    "bigru", num_words=20, maxlen=6, pooling="max_mean", longest_ngram=2, word_dropout=0.1
)


def build_normalized(_settings: Section) -> keras.Layer:
    """Return a layer with variables that training changes without gradients."""
    return keras.Sequential([keras.layers.BatchNormalization(), keras.layers.GlobalMaxPooling1D()])


NORMALIZED = Network("normalized", title="", color="gray", build=build_normalized)


@pytest.fixture
def padded(tmp_path: Path) -> Path:
    """Return a folder of sequences, which are positive if the first id is above 9."""
    rng = np.random.default_rng(0)
    padded = tmp_path / "padded"
    for name, reviews in (("train", 200), ("validation", 100)):
        (padded / name).mkdir(parents=True)
        ids = rng.integers(0, 20, (reviews, 6), dtype=np.int32)
        np.save(padded / name / "sequences.npy", ids)
        np.save(padded / name / "labels.npy", (ids[:, 0] > 9).astype(np.uint8))
    for name in ("ngrams", "word_vectors"):
        (tmp_path / name).mkdir()
    np.save(tmp_path / "word_vectors" / "vectors.npy", np.empty((0, 4), np.float32))
    ngram_settings = Ngrams(longest=2, min_reviews=2, smoothing=1, folds=5, seed=0)
    groups = np.arange(200, dtype=np.int32)
    ratios = ngram_ratios.compute_ratios(
        *sequences.read(padded / "train"), groups, 20, ngram_settings
    )
    ngram_ratios.write(*ratios, tmp_path / "ngrams")
    return padded


def settings(**changes: Any) -> Train:
    defaults = DEFAULTS.train.model_dump()
    small = {"epochs": 2, "batch_size": 32, "learning_rate": 0.05}
    return Train(**(defaults | small | changes))


def files(padded: Path, model: str = "model") -> fit.TrainingFiles:
    folder = padded.parent
    return fit.TrainingFiles(
        training=padded / "train",
        model=folder / model,
        checkpoints=folder / "checkpoints" / model,
        curves=folder / "live" / f"{model}.csv",
        validation=padded / "validation",
        word_vectors=folder / "word_vectors",
        word_inputs=Folders(folder / "ngrams", folder / "word_vectors"),
    )


def train(network: NetworkConfig, settings: Train, files: fit.TrainingFiles) -> list[float]:
    keras.utils.clear_session()  # number layers from 0, as in a new process
    networks = NETWORKS | {NORMALIZED.name: NORMALIZED}
    return fit.train(networks[network.name], network, settings, files)[0]


def train_until(
    line: str, network: NetworkConfig, settings: Train, files: fit.TrainingFiles
) -> None:
    """Train as if the user pressed Ctrl-C when a line is printed."""

    class Terminal(io.StringIO):
        pressed = False

        def write(self, text: str) -> int:
            if line in text and not self.pressed:
                self.pressed = True
                raise KeyboardInterrupt
            return super().write(text)

    with redirect_stdout(Terminal()), pytest.raises(KeyboardInterrupt):
        train(network, settings, files)


def read_history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def test_nan_loss_stops_and_preserves_the_old_model(
    padded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").touch()
    np.save(tmp_path / "word_vectors" / "vectors.npy", np.full((20, 4), np.nan, np.float32))
    with pytest.raises(InputError, match=r"bigru: the loss is nan in epoch 1, batch 1: lower"):
        train(NETWORK, settings(), files(padded))
    np.save(tmp_path / "word_vectors" / "vectors.npy", np.ones((20, 4), np.float32))
    diverging = settings(batch_size=1000).model_copy(update={"learning_rate": 3e38})
    with pytest.raises(InputError, match=r"bigru: the loss is \w+ in epoch 1, validation: lower"):
        train(NETWORK, diverging, files(padded))
    assert [file.name for file in (tmp_path / "model").iterdir()] == ["old"]
    assert capsys.readouterr().out.endswith("cores), kernel fused\nEpoch 1/2\n")


def test_training_starts_with_nonzero_word_vectors_and_learns_from_ngrams(
    padded: Path, tmp_path: Path
) -> None:
    vectors = np.random.default_rng(0).normal(0, 9, (20, 4)).astype(np.float32)
    vectors[3] = 0
    np.save(tmp_path / "word_vectors" / "vectors.npy", vectors)
    train(IMPROVED, settings(epochs=1, learning_rate=1e-9), files(padded))
    embedding = load(tmp_path / "model").layers[0]
    embeddings = embedding.embeddings.numpy()
    assert np.abs(np.delete(embeddings - vectors, 3, axis=0)).max() < 1e-6
    assert 0 < np.abs(embeddings[3]).max() <= 0.05
    table, _ = ngrams.read(tmp_path / "ngrams")
    for variable, array in zip(embedding.further[0].arrays, vars(table).values(), strict=True):
        assert (variable.numpy() == array).all()


def read_labels(seed: int | None, epochs: range) -> list[list[int]]:
    ids = np.arange(10, dtype=np.int32)[:, None]
    reviews = ids, np.arange(10, dtype=np.uint8)
    dataset = batches(reviews, 4, epochs=epochs, shuffle_seed=seed)
    assert int(dataset.cardinality()) == 3 * len(epochs)
    assert not dataset.options().autotune.enabled  # an epoch would wait for its thread
    parts = list(dataset.as_numpy_iterator())
    assert [len(chosen) for _, chosen in parts] == [4, 4, 2] * len(epochs)
    assert all((chosen_ids[:, 0] == chosen).all() for chosen_ids, chosen in parts)
    return np.concatenate([chosen for _, chosen in parts]).reshape(-1, 10).tolist()


def test_epochs_shuffle_all_reviews() -> None:
    in_order = list(range(10))
    assert read_labels(None, range(2)) == [in_order] * 2
    shuffled = read_labels(7, range(3))
    assert [sorted(epoch) for epoch in shuffled] == [in_order] * 3
    assert len({tuple(epoch) for epoch in [in_order, *shuffled]}) == 4
    assert shuffled[0] == np.random.default_rng([7, 0]).permutation(10).tolist()
    assert read_labels(7, range(1, 3)) == shuffled[1:]
    assert read_labels(8, range(1)) != shuffled[:1]


CLIPPED = {"schedule": "cosine", "max_gradient_norm": 1.0}
TRAININGS: list[tuple[NetworkConfig, dict[str, Any]]] = [
    (NETWORK, {"optimizer": "rmsprop"}),
    (NETWORK.model_copy(update={"name": "bilstm"}), {}),
    (NETWORK.model_copy(update={"kernel": "keras"}), {}),
    (NETWORK.model_copy(update={"name": NORMALIZED.name, "settings": {}}), {}),
    (IMPROVED, {"schedule": "cosine", "max_gradient_norm": 1.0}),
    (
        IMPROVED.model_copy(update={"kernel": "keras"}),
        {"schedule": "cosine", "max_gradient_norm": 1.0},
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("network", "changes"), sampled(TRAININGS, TRAININGS[0], TRAININGS[3]))
def test_training_resumes_after_the_last_finished_epoch(
    padded: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    network: NetworkConfig,
    changes: dict[str, Any],
) -> None:
    name, changed = network.name, settings(**changes)
    seconds = train(network, changed, files(padded, "uninterrupted"))
    assert 0 < max(seconds) < 600
    kernel = "fused" if network.kernel == "auto" and name in NETWORKS else "keras"
    device = f"{name}  on CPU ({machine.usable_cores()} cores), kernel {kernel}\nEpoch 1/2\n"
    assert capsys.readouterr().out.startswith(device)
    train_until("Epoch 2/2", network, changed, files(padded))
    assert not (tmp_path / "model").exists()
    assert len(train(network, changed, files(padded))) == 2
    _, *resumed, last = capsys.readouterr().out.splitlines()
    assert resumed == [f"{name}  resumes after epoch 1", "Epoch 2/2"]
    assert " - val_loss: " in last
    assert contents(tmp_path / "model") == contents(tmp_path / "uninterrupted")
    curves = [contents(tmp_path / "live")[name] for name in ("model.csv", "uninterrupted.csv")]
    assert curves[0] == curves[1]
    assert curves[0].startswith(b"epoch,accuracy,loss,val_accuracy,val_loss")
    rows = read_history(tmp_path / "model")
    assert list(rows[0]) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert [row["epoch"] for row in rows] == ["1", "2"]
    # Another training does not resume from this checkpoint.
    train(network, settings(**changes | {"epochs": 1, "learning_rate": 0.1}), files(padded))
    assert read_history(tmp_path / "model") != rows[:1]


def test_inputs_are_the_files_that_training_reads(padded: Path) -> None:
    inputs = {file for file in files(padded).inputs() if file.exists()}
    assert inputs == {*padded.parent.rglob("*.npy")}
