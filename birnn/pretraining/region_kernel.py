"""Training of embeddings of regions, compiled by Numba.

The embedding of a region, REGION words in a row, predicts with other weights for either side which
words are among the REGION words before and after it (see `networks.inputs.regions`). The arrays are
C-contiguous:

    ngrams      int32 (words, longest)          row of `vectors` of each n-gram that ends at a word,
                                                by its length; -1 for none
    starts      int64 (reviews + 1,)            first word of each review, and the end of the last
    targets     int32 (words,)                  row of the weights of each word; -1 for none
    noise       int32 (words, SIDES, DRAWN)     targets drawn in proportion to their counts
    parameters  vectors of the n-grams, float32 (n-grams, SIZE); weights of the targets, float32
                (SIDES, targets, SIZE), and their biases (SIDES, targets)
    squares     sums over steps of the mean squared gradient of an n-gram's vector, float32
                (n-grams,), and of 2 / SIZE times the squared error of a target (SIDES, targets)

As in `kernel`, every CPU computes the same bits.
"""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from birnn.networks.inputs.regions import REGION, SIZE
from birnn.networks.kernel.kernel import OPTIONS, F, address, inlined

PARTIAL_SUMS = 20  # products that are added at a time; they divide SIZE
SIDES = 2  # before and after the region
DRAWN = 10  # words of the noise per region and side
RATE = F(0.03)


@intrinsic
def scalar_product(_context, a, row, b, other):  # noqa: ARG001  # Numba needs the names
    """Return the scalar product of a row of `a` and an `other` of `b`, SIZE numbers each."""
    number, lanes = ir.FloatType(), ir.VectorType(ir.FloatType(), PARTIAL_SUMS)

    def build(context, builder, signature, arguments):
        a, b = (
            context.make_array(signature.args[at])(context, builder, arguments[at]) for at in (0, 2)
        )
        kind = ir.FunctionType(lanes, [lanes] * 3)
        fma_lanes = builder.module.declare_intrinsic(f"llvm.fma.v{PARTIAL_SUMS}f32", fnty=kind)
        sums = ir.Constant(lanes, [0.0] * PARTIAL_SUMS)
        for start in range(0, SIZE, PARTIAL_SUMS):
            column = ir.Constant(ir.IntType(64), start)
            places = ((a, arguments[1]), (b, arguments[3]))
            pointers = (address(builder, matrix, row, column, lanes) for matrix, row in places)
            factors = [builder.load(pointer, align=4) for pointer in pointers]
            sums = builder.call(fma_lanes, [*factors, sums])
        total = number(0.0)
        for lane in range(PARTIAL_SUMS):
            total = builder.fadd(total, builder.extract_element(sums, ir.IntType(32)(lane)))
        return total

    return types.float32(a, types.intp, b, types.intp), build


@inlined
def sum_region(ngrams, first, end, vectors, rows, region):
    """Write the embedding of the words from `first` to `end` to row 0 of `region`, without NORM.

    Row 1 gets the sum, cut at 0, before the division. Return the number of n-grams, which are
    written to `rows`, and the divisor.
    """
    count = 0
    for j in range(SIZE):
        region[1, j] = F(0)
    for word in range(first, end):
        for before in range(min(word - first + 1, ngrams.shape[1])):
            ngram = ngrams[word, before]
            if ngram >= 0:
                rows[count] = ngram
                count += 1
                for j in range(SIZE):
                    region[1, j] += vectors[ngram, j]
    for j in range(SIZE):
        region[1, j] = max(region[1, j], F(0))
    divisor = np.sqrt(F(1) + scalar_product(region, 1, region, 1))
    for j in range(SIZE):
        region[0, j] = region[1, j] / divisor
    return count, divisor


@inlined
def step_target(parameters, squares, place, y, weight, region, gradient):
    """Train the target of a side to predict `y` for a region, and add the region's gradient."""
    _, weights, biases = parameters
    (side, target), square = place, squares[1]
    row = weights[side]
    error = weight * (scalar_product(row, target, region, 0) + biases[side, target] - y)
    square[side, target] += F(2 / SIZE) * error * error
    step = RATE * error / np.sqrt(square[side, target])
    for j in range(SIZE):
        gradient[0, j] += error * row[target, j]
        row[target, j] -= step * region[0, j]
    biases[side, target] -= F(0.1) * step  # more slowly than the weights


@inlined
def step_vectors(vectors, squares, rows, region, divisor, gradient):
    """Train the vectors of the n-grams in a region by the region's gradient."""
    # Through the division, and above 0.
    along = scalar_product(gradient, 0, region, 0)
    for j in range(SIZE):
        slope = (gradient[0, j] - along * region[0, j]) / divisor
        gradient[0, j] = slope if region[1, j] > 0 else F(0)
    square = scalar_product(gradient, 0, gradient, 0) / F(SIZE)
    for ngram in rows:
        squares[ngram] += square
        step = RATE / np.sqrt(squares[ngram])
        for j in range(SIZE):
            vectors[ngram, j] -= step * gradient[0, j]


@njit(**OPTIONS)
def train(ngrams, starts, targets, noise, parameters, squares):
    """Train on every region of some reviews.

    The loss is half the weighted sum of (z - y)² over predictions z, where y is 1 for the words
    next to the region, with weight 1, and 0 for DRAWN words of the noise. Each of the latter counts
    as often as there are words next to the region, so each word is noise DRAWN times as often as it
    is next to a region.
    The learning rate of each n-gram and target falls with its sum in `squares` (after Duchi,
    Hazan and Singer, "Adaptive Subgradient Methods", 2011).
    """
    vectors = parameters[0]
    rows = np.empty(REGION * ngrams.shape[1], np.int32)
    region, gradient = np.empty((2, SIZE), F), np.empty((1, SIZE), F)
    for review in range(len(starts) - 1):
        start, stop = starts[review], starts[review + 1]
        for first in range(start, stop - REGION + 1):
            end = first + REGION
            count, divisor = sum_region(ngrams, first, end, vectors, rows, region)
            for j in range(SIZE):
                gradient[0, j] = F(0)
            for side in range(SIDES):
                low, high = max(first - REGION, start), first
                if side:
                    low, high = end, min(end + REGION, stop)
                positives = 0
                for target in targets[low:high]:
                    if target >= 0:
                        positives += 1
                        step_target(
                            parameters, squares, (side, target), F(1), F(1), region, gradient
                        )
                if not positives:
                    continue
                weight = F(positives)
                for target in noise[first, side]:
                    step_target(parameters, squares, (side, target), F(0), weight, region, gradient)
            step_vectors(vectors, squares[0], rows[:count], region, divisor, gradient)
