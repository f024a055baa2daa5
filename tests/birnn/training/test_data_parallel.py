"""Workers that train one network together do what one process does."""

import os
import signal
import time
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.core.errors import InputError
from birnn.networks import network as networks
from birnn.networks.network import Network
from birnn.text import sequences
from birnn.training import data_parallel, fit
from birnn.training.batches import Share, batches
from birnn.training.data_parallel import Worker
from tests.birnn.training.test_fit import IMPROVED, NETWORK, folders, history, padded, settings
from tests.tiers import sampled

__all__ = ["padded"]  # the fixture

PLAIN = NETWORK.model_copy(update={"dropout": 0.0})
RICH = IMPROVED.model_copy(update={"dropout": 0.0, "embedding_dropout": 0.0, "word_dropout": 0.0})


@given(rows=st.integers(1, 50), workers=st.integers(1, 9))
def test_shares_are_equal_and_every_row_counts_once(rows: int, workers: int) -> None:
    batch = np.random.default_rng(rows).permutation(100)[:rows]
    shares = [Share(rank, workers).of(batch) for rank in range(workers)]
    assert len({len(own) for own, _ in shares}) == 1
    counted = np.concatenate([own[weights == 1] for own, weights in shares])
    assert counted.tolist() == batch.tolist()
    assert sum(weights.sum() for _, weights in shares) == rows


def test_batches_of_a_share_have_weights() -> None:
    ids = np.arange(5, dtype=np.int32)[:, None]
    labels = np.zeros(5, np.uint8)
    found = [
        [ids[:, 0].tolist(), weights.tolist()]
        for ids, _, weights in batches((ids, labels), 4, share=Share(1, 2)).as_numpy_iterator()
    ]
    assert found == [[[2, 3], [1, 1]], [[4], [0]]]


# 200 reviews in batches of 23 and 199: the last one is of 16, or of 1, which one worker has alone.
TRAININGS = [
    (PLAIN, {"batch_size": 23}),
    (PLAIN.model_copy(update={"layer": "lstm"}), {"batch_size": 199}),
    (PLAIN.model_copy(update={"kernel": "keras"}), {"optimizer": "rmsprop"}),
    (RICH, {"schedule": "cosine", "clipnorm": 0.1}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("network", "changes"), sampled(TRAININGS, TRAININGS[0]))
def test_two_workers_have_the_loss_curve_of_one(
    padded: Path, tmp_path: Path, network: Network, changes: dict[str, Any]
) -> None:
    found = {}
    for workers in (1, 2):
        model, kept = tmp_path / f"model-{workers}", tmp_path / f"kept-{workers}"
        how = settings(epochs=4, workers=workers, **changes)
        fit.train(network, how, folders(padded, model, kept))
        found[workers] = history(model)
    for one, two in zip(found[1], found[2], strict=True):
        for name in fit.HISTORY:
            assert float(one[name]) == pytest.approx(float(two[name]), abs=2e-5), name

    # The weights are those of any other network.
    ids, _ = sequences.read(padded / "validation")
    predicted = [networks.load(tmp_path / f"model-{n}").predict_on_batch(ids) for n in (1, 2)]
    assert predicted[0] == pytest.approx(predicted[1], abs=1e-4)


def draw(folder: Path, worker: Worker) -> None:
    network = networks.build(NETWORK)
    worker.draw_apart(network)
    drawn = network.layers[2](np.ones((4, 64), np.float32), training=True)
    np.save(folder / f"{worker.share.rank}.npy", drawn)


@pytest.mark.exhaustive
def test_each_worker_drops_other_numbers(tmp_path: Path) -> None:
    data_parallel.run(2, partial(draw, tmp_path))
    first, second = (np.load(tmp_path / f"{rank}.npy") for rank in range(2))
    assert (first != second).any()


@pytest.mark.exhaustive
def test_a_mistake_of_the_workers_is_said_once(padded: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "word_vectors" / "vectors.npy", np.full((20, 4), np.nan, np.float32))
    with pytest.raises(InputError, match=r"bigru: the loss is nan in epoch 1, batch 1: lower"):
        fit.train(
            PLAIN, settings(workers=2), folders(padded, tmp_path / "model", tmp_path / "kept")
        )
    assert alive_workers() == []
    assert not (tmp_path / "model").exists()


def alive_workers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]


def wait(_worker: Worker) -> None:
    time.sleep(600)


@pytest.mark.exhaustive
def test_where_one_worker_is_killed_the_others_end() -> None:
    def kill() -> None:
        while len(alive_workers()) < 2:
            time.sleep(0.05)
        time.sleep(1)
        alive_workers()[1].kill()

    Thread(target=kill).start()
    with pytest.raises(InputError, match="a worker of the training was killed"):
        data_parallel.run(2, wait)
    assert alive_workers() == []


def speak_last(folder: Path, worker: Worker) -> None:
    """Have the first worker say, a while after an interrupt, whether the second is still there."""
    (folder / f"{os.getpid()} is {worker.share.rank}").touch()
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        if not worker.is_first:
            raise
        time.sleep(1)
        there = psutil.Process(process_of(1, folder)).status() != psutil.STATUS_ZOMBIE
        (folder / f"there: {there}").touch()
        raise


def process_of(rank: int, folder: Path) -> int:
    """Return the process of a worker, once it has begun."""
    while not (found := list(folder.glob(f"* is {rank}"))):
        time.sleep(0.05)
    return int(found[0].name.partition(" ")[0])


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_the_first_worker_ends_before_the_others(tmp_path: Path) -> None:
    def interrupt() -> None:
        process_of(0, tmp_path)
        # As all of a group may get it; who started the workers ends them.
        psutil.Process(process_of(1, tmp_path)).terminate()
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    try:
        Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            data_parallel.run(2, partial(speak_last, tmp_path))
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "there: True").exists()
    assert alive_workers() == []


@pytest.mark.exhaustive
def test_what_was_interrupted_goes_on(
    padded: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    how = settings(epochs=4, workers=2)
    whole = folders(padded, tmp_path / "whole", tmp_path / "kept-whole")
    fit.train(PLAIN, how, whole)

    def kill() -> None:
        while not any((tmp_path / "kept").glob("[!.]*.npz")):  # whole
            time.sleep(0.01)
        for one in alive_workers():
            one.kill()

    broken = folders(padded, tmp_path / "model", tmp_path / "kept")
    Thread(target=kill).start()
    with pytest.raises(InputError, match="killed"):
        fit.train(PLAIN, how, broken)
    capfd.readouterr()
    fit.train(PLAIN, how, broken)
    assert "goes on after epoch" in capfd.readouterr().out
    assert (tmp_path / "model" / "history.csv").read_text() == (
        tmp_path / "whole" / "history.csv"
    ).read_text()
