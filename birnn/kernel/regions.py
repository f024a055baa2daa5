"""Embeddings of regions of text, compiled by Numba.

A region is REGION words in a row. Its embedding, SIZE numbers, is the sum of a vector per n-gram
inside it, cut at 0, and divided by the square root of 1 plus its squared norm. The arrays are
C-contiguous:

    ngrams   int32 (words, longest)    row of `vectors` of each n-gram that ends at a word, by its
                                       length; -1 for none
    starts   int64 (reviews + 1,)      first word of each review, and the end of the last
    vectors  float32 (n-grams, SIZE)   the vector of each n-gram

As in `kernel`, every CPU computes the same bits.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from birnn.kernel.kernel import F, address, cached, inlined

REGION = 5  # words
SIZE = 100
LANES = 20  # products that are added at a time; they divide SIZE


@intrinsic
def scalar_product(_context, a, row, b, other):  # noqa: ARG001  # Numba needs the names
    """Return the scalar product of a row of `a` and an `other` of `b`, SIZE numbers each."""
    number, lanes = ir.FloatType(), ir.VectorType(ir.FloatType(), LANES)

    def build(context, builder, signature, arguments):
        a, b = (
            context.make_array(signature.args[at])(context, builder, arguments[at]) for at in (0, 2)
        )
        kind = ir.FunctionType(lanes, [lanes] * 3)
        fma_lanes = builder.module.declare_intrinsic(f"llvm.fma.v{LANES}f32", fnty=kind)
        sums = ir.Constant(lanes, [0.0] * LANES)
        for start in range(0, SIZE, LANES):
            column = ir.Constant(ir.IntType(64), start)
            places = ((a, arguments[1]), (b, arguments[3]))
            pointers = (address(builder, matrix, row, column, lanes) for matrix, row in places)
            factors = [builder.load(pointer, align=4) for pointer in pointers]
            sums = builder.call(fma_lanes, [*factors, sums])
        total = number(0.0)
        for lane in range(LANES):
            total = builder.fadd(total, builder.extract_element(sums, ir.IntType(32)(lane)))
        return total

    return types.float32(a, types.intp, b, types.intp), build


@inlined
def sum_region(ngrams, first, end, vectors, found, region):
    """Write the embedding of the words from `first` to `end` to row 0 of `region`.

    Row 1 gets the sum before the division. Return the number of n-grams, which are written to
    `found`, and the divisor.
    """
    count = 0
    for j in range(SIZE):
        region[1, j] = F(0)
    for word in range(first, end):
        for before in range(min(word - first + 1, ngrams.shape[1])):
            ngram = ngrams[word, before]
            if ngram >= 0:
                found[count] = ngram
                count += 1
                for j in range(SIZE):
                    region[1, j] += vectors[ngram, j]
    for j in range(SIZE):
        region[1, j] = max(region[1, j], F(0))
    divisor = np.sqrt(F(1) + scalar_product(region, 1, region, 1))
    for j in range(SIZE):
        region[0, j] = region[1, j] / divisor
    return count, divisor


@cached
def embed(ngrams, starts, vectors, result):
    """Write the embedding of the region around each word, float32 (words, SIZE), to `result`.

    At the ends of a review, regions are shorter.
    """
    found, region = np.empty(REGION * ngrams.shape[1], np.int32), np.empty((2, SIZE), F)
    for review in range(len(starts) - 1):
        for word in range(starts[review], starts[review + 1]):
            first = max(word - REGION // 2, starts[review])
            end = min(word + REGION // 2 + 1, starts[review + 1])
            sum_region(ngrams, first, end, vectors, found, region)
            for j in range(SIZE):
                result[word, j] = region[0, j]
