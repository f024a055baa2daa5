"""Pretraining of an LSTM: its states learn to predict the next words of a review.

Johnson and Zhang, "Supervised and Semi-Supervised Text Categorization using LSTM for Region
Embeddings", ICML 2016, section 3.3: one LSTM per direction, square loss and random words. Here the
LSTMs read word vectors instead of one-hot vectors, to learn in fewer epochs. Instead of leaving out
a list of function words, frequent words count less (Mikolov et al., "Distributed
Representations of Words and Phrases and their Compositionality", NIPS 2013, section 2.3).
"""

import math
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from birnn.core.errors import InputError
from birnn.core.paths import PADDED, PADDED_TRAIN, STATE, UNLABELLED_REVIEWS, WORD_VECTORS
from birnn.core.settings import Settings
from birnn.core.times import Timing
from birnn.layers.kernel import ROWS
from birnn.layers.next_words import DRAWN, PIECE, train_pieces
from birnn.layers.threads import run_parallel
from birnn.text import encoding, reviews
from birnn.text.batching import BATCH_SIZE
from birnn.text.encoding import FIRST_WORD
from birnn.training.checkpoints import Checkpoint

Floats = NDArray[np.float32]
Weights = tuple[Floats, ...]  # of one direction, see `train_pieces`

FOLDER = STATE / "pretraining"  # no output of DVC, so an interrupted stage resumes
PIECES = FOLDER / "pieces.bin"
VECTORS = WORD_VECTORS / "vectors.npy"
CHUNK = 512 * ROWS  # pieces in memory
TARGETS = 30_000  # ids below can be predicted
FREQUENT = 1e-4  # share of all words above which a word counts less


def train(settings: Settings) -> tuple[list[Floats], Timing]:
    """Train both directions; return the weights of a `PretrainedLSTM` except for its vectors.

    If training was interrupted, it resumes from its last checkpoint.

    Raises:
        InputError: the loss is not finite.
    """
    start = time.perf_counter()
    options = settings.pretrain
    write_pieces(settings)
    pieces = np.memmap(PIECES, np.int32, "r").reshape(-1, PIECE)
    vectors = np.load(VECTORS)
    tables = vectors, weigh_words(pieces, len(vectors))
    configuration = [options.model_dump(), settings.word_vectors.seed]
    checkpoint = Checkpoint(FOLDER, configuration, [PIECES, VECTORS])
    state, progress = checkpoint.load()
    if not state:
        rng = np.random.default_rng(settings.word_vectors.seed)
        shape = vectors.shape[1], options.units, len(tables[1])
        state = [*new_weights(rng, *shape), *new_weights(rng, *shape)]
    half = len(state) // 2
    directions = tuple(state[:half]), tuple(state[half:])
    if progress.epochs:
        print(f"pretraining  resumes after epoch {progress.epochs}", flush=True)
    preparation = time.perf_counter() - start
    for epoch in range(progress.epochs, options.epochs):
        start = time.perf_counter()
        loss = _train_epoch(pieces, tables, directions, settings, epoch)
        if not math.isfinite(loss):
            raise InputError(
                f"pretraining: the loss is {loss} in epoch {epoch + 1}: lower word_vectors.norm"
            )
        duration = time.perf_counter() - start
        progress = progress.after({"loss": loss}, duration)
        checkpoint.save(state, progress)
        number = f"epoch {epoch + 1}/{options.epochs}"
        print(f"pretraining  {number}  {duration:.0f} s  loss {loss:.4f}", flush=True)
    del pieces  # Windows does not delete a mapped file
    PIECES.unlink()
    weights = [array for direction in directions for array in _keras_weights(direction)]
    return weights, Timing([preparation, *progress.seconds])


def write_pieces(settings: Settings) -> None:
    """Write the ids of all reviews, in pieces that are not only padding."""
    PIECES.parent.mkdir(parents=True, exist_ok=True)
    with PIECES.open("wb") as file:
        for ids in _sequences(with_unlabelled=settings.word_vectors.reviews == "all"):
            pieces = np.pad(ids, [(0, 0), (0, -ids.shape[1] % PIECE)]).reshape(-1, PIECE)
            pieces[pieces.any(axis=1)].tofile(file)


def _sequences(*, with_unlabelled: bool) -> Iterator[NDArray[np.int32]]:
    ids = np.load(PADDED_TRAIN / "sequences.npy", mmap_mode="r")
    for start in range(0, len(ids), BATCH_SIZE):
        yield ids[start : start + BATCH_SIZE]
    if with_unlabelled:
        scheme = encoding.read(PADDED)
        for batch in reviews.batches(UNLABELLED_REVIEWS, ["tokens"]):
            yield encoding.encode(batch["tokens"], scheme)


def weigh_words(pieces: NDArray[np.int32], ids: int) -> Floats:
    """Return how much each predicted word counts, 0 for special ids, shape (targets,)."""
    counts = np.zeros(ids, np.int64)
    for start in range(0, len(pieces), CHUNK):
        counts += np.bincount(pieces[start : start + CHUNK].ravel(), minlength=ids)
    counts[:FIRST_WORD] = 0
    shares = counts[:TARGETS] / counts.sum()
    weights = np.sqrt(FREQUENT / np.maximum(shares, FREQUENT)) * (shares > 0)
    importance: Floats = weights.astype(np.float32)
    return importance


def new_weights(rng: np.random.Generator, dim: int, units: int, targets: int) -> Weights:
    """Return initial weights of one direction, see `train_pieces`."""
    lstm = np.zeros((units + dim + 1, 4 * units), np.float32)
    lstm[:-1] = rng.normal(0, (units + dim) ** -0.5, (units + dim, 4 * units))
    lstm[-1, units : 2 * units] = 1  # as in Keras, the forget gates start open
    outputs = rng.normal(0, 0.01, (targets, units + 1)).astype(np.float32)
    return lstm, np.zeros_like(lstm), np.zeros_like(lstm), np.ones(2, np.float32), outputs


def _train_epoch(
    pieces: NDArray[np.int32],
    tables: tuple[Floats, Floats],
    directions: tuple[Weights, Weights],
    settings: Settings,
    epoch: int,
) -> float:
    """Train both directions on all pieces, and return the loss per word."""
    rng = np.random.default_rng([settings.word_vectors.seed, epoch])
    order, sums = rng.permutation(len(pieces)), np.zeros(2)
    blocks = -(-len(pieces) // ROWS)
    steps = settings.pretrain.epochs * blocks
    for start in range(0, len(pieces), CHUNK):
        forward = pieces[order[start : start + CHUNK]]
        done = epoch * blocks + start // ROWS
        chunks = forward, np.ascontiguousarray(forward[:, ::-1])
        drawn = rng.integers(len(tables[1]), size=(2, CHUNK // ROWS, DRAWN))
        calls = [
            partial(train_pieces, chunk, words, *tables, weights, done, steps)
            for chunk, words, weights in zip(chunks, drawn, directions, strict=True)
        ]
        for results in run_parallel(calls):
            sums += results
    loss, words = sums
    return float(loss / words)


def _keras_weights(weights: Weights) -> list[Floats]:
    """Return the kernel, the recurrent kernel and the bias of Keras's LSTM."""
    lstm, units = weights[0], weights[0].shape[1] // 4
    return [lstm[units:-1], lstm[:units], lstm[-1]]
