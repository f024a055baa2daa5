"""Pretraining: the loss and its gradient, compared with TensorFlow, and interrupted training."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from birnn.core import paths
from birnn.layers.kernel import ROWS
from birnn.layers.next_words import DRAWN, NEGATIVES, NEXT, PIECE, train_pieces
from birnn.text import sequences
from birnn.training import pretraining
from birnn.training.checkpoints import Checkpoint, Progress
from tests.birnn.training.test_training_set import small_settings

DIM, UNITS, TARGETS = 3, 5, 7
DRAWN_WORDS = np.random.default_rng(1).integers(TARGETS, size=(1, DRAWN))


def loss(
    states: tf.Tensor, words: list[int], outputs: tf.Tensor, importance: np.ndarray
) -> tf.Tensor:
    """Return the loss of a piece."""
    scores = states @ tf.transpose(outputs[:, :UNITS]) + outputs[:, UNITS]
    total = 0.0
    for t in range(len(words)):
        following = [word for word in words[t + 1 : t + 1 + NEXT] if word < TARGETS]
        errors = tf.gather(scores[t], tf.constant(following, tf.int32)) - 1
        random = NEGATIVES / DRAWN * tf.reduce_sum(tf.gather(scores[t], DRAWN_WORDS[0]) ** 2)
        total += tf.reduce_sum(importance[following] * (errors**2 + random)) / 2
    return total


def test_gradient_equals_that_of_tensorflow() -> None:
    rng = np.random.default_rng(0)
    pieces = np.zeros((ROWS - 1, PIECE), np.int32)
    for row in range(ROWS - 1):
        pieces[row, 40 - 5 * row :] = rng.integers(1, 9, PIECE - 40 + 5 * row)
    vectors = rng.normal(size=(9, DIM)).astype(np.float32)
    importance = np.array([0, 0, 0, 0, 1, 0.5, 0.25], np.float32)
    weights = pretraining.new_weights(rng, DIM, UNITS, TARGETS)
    lstm, first, _, _, outputs = weights
    outputs *= 30
    matrix, old = lstm.copy(), outputs.copy()
    layer = keras.layers.LSTM(UNITS, return_sequences=True)
    layer.build((None, None, DIM))
    layer.set_weights([matrix[UNITS:-1], matrix[:UNITS], matrix[-1]])
    expected, words = 0.0, 0
    with tf.GradientTape() as tape:
        tape.watch(output := tf.constant(old))
        for piece in pieces:
            ids = piece[piece != 0]
            words += len(ids)
            expected += loss(layer(vectors[None, ids])[0], ids.tolist(), output, importance)
    kernel, recurrent, bias, slope = tape.gradient(expected, [*layer.trainable_variables, output])
    inputs = pieces, DRAWN_WORDS, vectors, importance, weights
    # At the end, the learning rate is 0. The first moment becomes a tenth of the gradient.
    total, count = train_pieces(*inputs, 1, 1)
    assert (lstm == matrix).all()
    assert (count, total) == (words, pytest.approx(float(expected), rel=1e-4))
    gradient = np.concatenate([recurrent, kernel, bias[None]]) / words
    assert first / 0.1 == pytest.approx(gradient, rel=1e-3, abs=1e-5)
    train_pieces(*inputs, 999, 1000)  # at a thousandth of the rate
    moved = (old - outputs) / (0.001 * 0.02)
    assert np.linalg.norm(moved - slope) < 0.02 * np.linalg.norm(slope)


SETTINGS = small_settings(
    pad={"num_words": 9, "maxlen": 60, "padding": "post"},
    word_vectors={"reviews": "train"},
    pretrain={"units": UNITS, "epochs": 2},
)


def test_pretraining_learns_the_order_of_words_and_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pretraining, "CHUNK", 8 * ROWS)
    rows = np.arange(200, dtype=np.int32)
    ids = 4 + (np.arange(60, dtype=np.int32) + rows[:, None]) % 5
    for folder in (paths.PADDED, paths.WORD_VECTORS):
        folder.mkdir(parents=True)
    sequences.write([(ids, rows % 2)], rows, 60, paths.PADDED_TRAIN)
    vectors = np.random.default_rng(0).normal(size=(9, DIM)).astype(np.float32)
    np.save(paths.WORD_VECTORS / "vectors.npy", vectors)
    weights, timing = pretraining.train(SETTINGS)
    losses = [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert losses[1] < losses[0]
    assert len(timing.seconds) == 3
    save = Checkpoint.save

    def interrupt(self: Checkpoint, state: Any, progress: Progress) -> None:
        save(self, state, progress)
        raise KeyboardInterrupt

    for file in pretraining.FOLDER.iterdir():
        file.unlink()
    monkeypatch.setattr(Checkpoint, "save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        pretraining.train(SETTINGS)
    monkeypatch.setattr(Checkpoint, "save", save)
    again, _ = pretraining.train(SETTINGS)
    assert [array.tolist() for array in again] == [array.tolist() for array in weights]
