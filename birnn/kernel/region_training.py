"""Training of embeddings of regions, compiled by Numba.

The embedding predicts, with other weights for either side, which words are among the REGION words
before and after a region. Besides the arrays of `regions`:

    targets     int32 (words,)                  row of the weights of each word; -1 for none
    noise       int32 (words, SIDES, DRAWN)     targets drawn in proportion to their counts
    parameters  `vectors`; weights, float32 (SIDES, targets, SIZE); biases (SIDES, targets)
    squares     sums of squared gradients of each n-gram, and of each target on each side, float32
"""

import numpy as np
from numba import njit

from birnn.kernel.kernel import OPTIONS, F, inlined
from birnn.kernel.regions import REGION, SIZE, scalar_product, sum_region

SIDES = 2  # before and after the region
DRAWN = 10  # words of the noise per region and side
RATE = F(0.03)


@inlined
def step_target(parameters, squares, place, y, weight, region, gradient):
    """Train the target of a side to predict `y` for a region, and add the region's gradient."""
    _, weights, biases = parameters  # a bias is the weight of an input of 0.1
    (side, target), square = place, squares[1]
    row = weights[side]
    error = weight * (scalar_product(row, target, region, 0) + biases[side, target] - y)
    square[side, target] += F(2 / SIZE) * error * error
    step = RATE * error / np.sqrt(square[side, target])
    for j in range(SIZE):
        gradient[0, j] += error * row[target, j]
        row[target, j] -= step * region[0, j]
    biases[side, target] -= F(0.1) * step


@inlined
def step_vectors(vectors, squares, found, region, divisor, gradient):
    """Train the vectors of the n-grams in a region by the region's gradient."""
    # Through the division, and above 0.
    along = scalar_product(gradient, 0, region, 0)
    for j in range(SIZE):
        slope = (gradient[0, j] - along * region[0, j]) / divisor
        gradient[0, j] = slope if region[1, j] > 0 else F(0)
    square = scalar_product(gradient, 0, gradient, 0) / F(SIZE)
    for ngram in found:
        squares[ngram] += square
        step = RATE / np.sqrt(squares[ngram])
        for j in range(SIZE):
            vectors[ngram, j] -= step * gradient[0, j]


@njit(**OPTIONS)  # not cached, because Numba would not notice a change of `regions`
def train(ngrams, starts, targets, noise, parameters, squares):
    """Train on every region of some reviews.

    The loss is the sum of (z - y)² over predictions z, where y is 1 for the words beside the
    region, and 0 for DRAWN words of the noise. Each of the latter counts as often as there are
    words beside the region, so each word is noise DRAWN times as often as it is beside a region.
    The learning rate of each n-gram and target falls with the sum of its squared gradients (Duchi,
    Hazan and Singer, "Adaptive Subgradient Methods", 2011).
    """
    vectors = parameters[0]
    found = np.empty(REGION * ngrams.shape[1], np.int32)
    region, gradient = np.empty((2, SIZE), F), np.empty((1, SIZE), F)
    for review in range(len(starts) - 1):
        start, stop = starts[review], starts[review + 1]
        for first in range(start, stop - REGION + 1):
            end = first + REGION
            count, divisor = sum_region(ngrams, first, end, vectors, found, region)
            for j in range(SIZE):
                gradient[0, j] = F(0)
            for side in range(SIDES):
                beside = (
                    (end, min(end + REGION, stop)) if side else (max(first - REGION, start), first)
                )
                positives = 0
                for target in targets[beside[0] : beside[1]]:
                    if target >= 0:
                        positives += 1
                        step_target(
                            parameters, squares, (side, target), F(1), F(1), region, gradient
                        )
                for target in noise[first, side, : DRAWN * min(positives, 1)]:
                    weight = F(positives)
                    step_target(parameters, squares, (side, target), F(0), weight, region, gradient)
            step_vectors(vectors, squares[0], found[:count], region, divisor, gradient)
