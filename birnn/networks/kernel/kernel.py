"""Matrix products, and the time loop of an LSTM or a GRU with its gradient, compiled by Numba.

Keras on TensorFlow runs a dozen operations per time step, and each writes its result to memory for
the next one to read. Here ROWS reviews at a time pass through all time steps while their states
stay in the CPU's cache. The gradient recomputes the activations instead of storing them for the
whole batch (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016).

The layers are equivalent to Keras's: an LSTM with the gates input, forget, candidate and output,
and a GRU with the gates update, reset and candidate, whose reset gate is applied after the product,
as in cuDNN. Both layers have four activations per unit and time step. In the GRU these are update,
reset, the recurrent part of the candidate, and the candidate.

All arrays are C-contiguous, except the first factor of a product. They are float32, except `words`
and `lengths`, which are int32:

    words       (reviews, time steps)            rows of `projected`
    lengths     (reviews,)                       time steps of each review, at least 1
    features    (reviews, time steps, features)  additional inputs
    projected   (words, gates x units)           input part of the gates, per distinct word
    kernel      (features, gates x units)        weights of the features
    recurrent   (units, gates x units)           weights of the state
    bias        (3 x units,)                     recurrent bias of a GRU; an LSTM ignores it

Callers should sort the reviews by length, because each block of ROWS reviews takes as many time
steps as its longest review.

Every CPU computes the same bits. Additions, multiplications and divisions are rounded as IEEE 754
demands, the compiler may not reorder or fuse them, and `fma` is the only fused operation. The sums
of a product run over its terms in order, whatever the width of the registers. Read the end of this
file first: `compute_outputs` and `compute_gradients`.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import config, njit, types
from numba.core import cgutils  # noqa: TID251  # Numba has no public function like its own
from numba.extending import intrinsic, register_jitable

Cell = Literal["lstm", "gru"]

# The features of this CPU, unless the environment variable NUMBA_CPU_FEATURES names others.
CPU_FEATURES = config.CPU_FEATURES or binding.get_host_cpu_features().flatten()
ROWS = 8  # reviews, and rows of a product, that are computed at a time
# Columns of a product that are computed at a time. ROWS x LANES sums take half of the registers.
LANES = 32 if "+avx512f" in CPU_FEATURES else 8
DENORMALS_ARE_0 = (
    0x8040  # bits of the register MXCSR: flush results to zero, read denormals as zero
)
DEPTH = 256  # rows of a matrix that stay in the CPU's cache while it is multiplied


class Buffers(NamedTuple):
    """The memory of the time loop, for ROWS reviews. Slots are time steps, see `run_forward`."""

    gates: Any  # activations, shape (slots, ROWS, 4 x units or more)
    cells: Any  # states of an LSTM's cell, shape (slots + 1, ROWS, units)
    states: Any  # states, followed by features, shape (slots + 1, ROWS, units + features or more)
    pools: Any  # maximum and sum of the states so far, shape (2, ROWS, units)
    peaks: Any  # time step of the maximum, int32, shape (ROWS, units)


F = np.float32
OPTIONS: Any = {"nogil": True, "error_model": "numpy"}
# Calls inside the loops would prevent vector instructions.
inlined = njit(forceinline=True, **OPTIONS)


def cached(function: Any) -> Any:
    """Compile a function, and cache it on disk if Numba finds a writable folder."""
    try:
        return njit(cache=True, **OPTIONS)(function)
    except RuntimeError:
        return njit(**OPTIONS)(function)


@intrinsic
def fma(_context, a, b, c):  # noqa: ARG001  # Numba needs the names
    """Return `a * b + c`, rounded once."""

    def build(_context, builder, _signature, arguments):
        return builder.fma(*arguments)

    return types.float32(types.float32, types.float32, types.float32), build


@intrinsic
def flush_denormals(_context):
    """Let this thread treat numbers below 1e-38 as 0 from now on, as TensorFlow's threads do.

    Products with such denormal numbers would take a hundred times as long. On other CPUs than
    x86-64, threads keep their mode.
    """

    def build(_context, builder, _signature, _arguments):
        if "x86_64" in binding.get_process_triple():
            kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
            read, write = (
                cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{name}mxcsr")
                for name in ("st", "ld")
            )
            mode = cgutils.alloca_once(builder, ir.IntType(32))
            pointer = builder.bitcast(mode, ir.IntType(8).as_pointer())
            builder.call(read, [pointer])
            builder.store(builder.or_(builder.load(mode), ir.IntType(32)(DENORMALS_ARE_0)), mode)
            builder.call(write, [pointer])
        return _context.get_dummy_value()

    return types.void(), build


@cached
def enter_thread():
    """Set the mode of a thread that runs compiled functions."""
    flush_denormals()


@inlined
def tanh(x):
    """Return the hyperbolic tangent, within 2e-7, with a single division.

    Evaluate Lambert's continued fraction at x / 4 and apply the double-angle formula twice.
    """
    # Compare instead of using min and max, one of which would replace NaN by a number.
    if x > F(9):
        x = F(9)
    if x < F(-9):
        x = F(-9)
    y = x * F(0.25)
    square = y * y
    p = y * fma(square, fma(square, F(378) + square, F(17325)), F(135135))
    q = fma(square, fma(square, fma(square, F(28), F(3150)), F(62370)), F(135135))
    p, q = F(2) * p * q, fma(q, q, p * p)
    return F(2) * p * q / fma(q, q, p * p)


@inlined
def sigmoid(x):
    """Return the logistic function, within 2e-7."""
    return fma(F(0.5), tanh(F(0.5) * x), F(0.5))


@intrinsic
def add_block(_context, a, b, out, row, column):
    """Add the block of `a @ b` that starts at `row` and `column`, ROWS x LANES, to `out`.

    This is LLVM code because its sums stay in registers. In a Numba loop they would go to memory.
    """
    number, lanes = ir.FloatType(), ir.VectorType(ir.FloatType(), LANES)

    def build(context, builder, signature, arguments):
        *arrays, row, column = arguments
        a, b, out = (
            context.make_array(kind)(context, builder, array)
            for kind, array in zip(signature.args, arrays, strict=False)
        )

        def add_products(k):
            """Add the products of column `k` of `a` and row `k` of `b` to the sums."""
            b_lanes = builder.load(address(builder, b, k, column, lanes), align=4)
            for total, a_row in zip(sums, rows, strict=True):
                factor = builder.load(address(builder, a, a_row, k, number))
                terms = spread(builder, factor, lanes), b_lanes, builder.load(total)
                builder.store(builder.call(fma_lanes, terms), total)

        # llvmlite's `fma` takes only numbers.
        kind = ir.FunctionType(lanes, [lanes] * 3)
        fma_lanes = builder.module.declare_intrinsic(f"llvm.fma.v{LANES}f32", fnty=kind)
        rows = [builder.add(row, row.type(step)) for step in range(ROWS)]
        targets = [address(builder, out, row, column, lanes) for row in rows]
        sums = [cgutils.alloca_once_value(builder, builder.load(to, align=4)) for to in targets]
        with cgutils.for_range(builder, cgutils.unpack_tuple(builder, b.shape)[0]) as loop:
            add_products(loop.index)
        for total, target in zip(sums, targets, strict=True):
            builder.store(builder.load(total), target, align=4)
        return context.get_dummy_value()

    return types.void(a, b, out, row, column), build


def address(builder, array, row, column, kind):
    """Return a pointer of type `kind` to an element of a matrix."""
    strides = cgutils.unpack_tuple(builder, array.strides)
    pairs = zip((row, column), strides, strict=True)
    offset = builder.add(*(builder.mul(index, stride) for index, stride in pairs))
    start = builder.bitcast(array.data, ir.IntType(8).as_pointer())
    return builder.bitcast(builder.gep(start, [offset]), kind.as_pointer())


def spread(builder, number, lanes):
    """Return a vector with the number in all lanes."""
    undefined = ir.Constant(lanes, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), None)
    return builder.shuffle_vector(first, undefined, zeros)


@inlined
def add_product(a, b, out):
    """Add `a @ b` to `out`, which has a multiple of ROWS rows.

    The narrower of `b` and `out` has a multiple of LANES columns. Surplus columns of the wider one,
    and of `a`, are ignored.
    """
    for column in range(0, min(b.shape[1], out.shape[1]), LANES):
        for row in range(0, out.shape[0], ROWS):
            add_block(a, b, out, row, column)


@inlined
def set_row(target, source):
    """Copy a row. A slice assignment would first check for overlap."""
    for j in range(source.shape[0]):
        target[j] = source[j]


@inlined
def add_row(target, source):
    """Add a row to another row."""
    for j in range(source.shape[0]):
        target[j] += source[j]


@inlined
def split_gates(gates, units):
    """Return the four activations of one review."""
    return gates[:units], gates[units : 2 * units], gates[2 * units : 3 * units], gates[3 * units :]


@inlined
def lstm_step(gates, cell, next_cell, next_state, units):
    """Replace the gate inputs of ROWS reviews by activations, and compute the next states."""
    for row in range(gates.shape[0]):
        inputs, forgets, candidates, outputs = split_gates(gates[row], units)
        old, new, state = cell[row], next_cell[row], next_state[row]
        for j in range(units):
            i, f, o = sigmoid(inputs[j]), sigmoid(forgets[j]), sigmoid(outputs[j])
            g = tanh(candidates[j])
            c = fma(f, old[j], i * g)
            new[j] = c
            state[j] = o * tanh(c)
            inputs[j] = i
            forgets[j] = f
            candidates[j] = g
            outputs[j] = o


@inlined
def lstm_step_gradient(gates, cell, state_gradient, cell_gradient, units):
    """Replace activations by the gradients of the gate inputs, and go back one time step.

    The caller adds the gradient that reaches the state through the recurrent product.
    """
    one, zero = F(1), F(0)
    for row in range(gates.shape[0]):
        inputs, forgets, candidates, outputs = split_gates(gates[row], units)
        old, d_state, d_cell = cell[row], state_gradient[row], cell_gradient[row]
        for j in range(units):
            i, f, g, o = inputs[j], forgets[j], candidates[j], outputs[j]
            squashed = tanh(fma(f, old[j], i * g))
            total = fma(d_state[j] * o, fma(-squashed, squashed, one), d_cell[j])
            inputs[j] = total * g * i * (one - i)
            forgets[j] = total * old[j] * f * (one - f)
            candidates[j] = total * i * fma(-g, g, one)
            outputs[j] = d_state[j] * squashed * o * (one - o)
            d_cell[j] = total * f
            d_state[j] = zero


@inlined
def gru_step(gates, state, next_state, units):
    """Replace the gate inputs of ROWS reviews by activations, and compute the next states."""
    one = F(1)
    for row in range(gates.shape[0]):
        updates, resets, recurrents, candidates = split_gates(gates[row], units)
        old, new = state[row], next_state[row]
        for j in range(units):
            z, r = sigmoid(updates[j]), sigmoid(resets[j])
            g = tanh(fma(r, recurrents[j], candidates[j]))
            new[j] = fma(z, old[j], (one - z) * g)
            updates[j] = z
            resets[j] = r
            candidates[j] = g


@inlined
def gru_step_gradient(gates, state, state_gradient, units):
    """Replace activations by the gradients of the gate inputs, and go back one time step.

    The caller adds the gradient that reaches the state through the recurrent product.
    """
    one = F(1)
    for row in range(gates.shape[0]):
        updates, resets, recurrents, candidates = split_gates(gates[row], units)
        old, d_state = state[row], state_gradient[row]
        for j in range(units):
            z, r, g = updates[j], resets[j], candidates[j]
            candidate_gradient = d_state[j] * (one - z) * fma(-g, g, one)
            updates[j] = d_state[j] * (old[j] - g) * z * (one - z)
            resets[j] = candidate_gradient * recurrents[j] * r * (one - r)
            candidates[j] = candidate_gradient
            recurrents[j] = candidate_gradient * r
            d_state[j] *= z


@inlined
def candidate_gap(is_gru, units):
    """Return the bounds of the activations without an input part: an empty gap in an LSTM.

    `gates` has four columns of `units` activations. The input part (`projected` and `kernel`) goes
    to the columns marked *, and the recurrent part (`recurrent`) to the first ones:

        LSTM   input *   forget *   candidate *             output *
        GRU    update *  reset *    recurrent candidate     candidate *
                                    |---- the gap ----|
    """
    return (2 * units, 3 * units) if is_gru else (4 * units, 4 * units)


@inlined
def set_gate_inputs(words, projected, bias, t, z, units, is_gru):
    """Set the gate inputs of time step `t`, except for the product of states and features."""
    gap_start, gap_end = candidate_gap(is_gru, units)
    for row in range(words.shape[0]):
        word_input = projected[words[row, t]]
        if is_gru:
            set_row(z[row], bias)
            add_row(z[row], word_input[:gap_start])
            set_row(z[row, gap_end:], word_input[gap_start:])
        else:
            set_row(z[row], word_input)


@inlined
def add_gate_input_gradients(words, projected_gradient, bias_gradient, t, z, units, is_gru):
    """Add the weight gradients of `set_gate_inputs`, given the gradient `z` of its result."""
    gap_start, gap_end = candidate_gap(is_gru, units)
    for row in range(words.shape[0]):
        word_gradient = projected_gradient[words[row, t]]
        add_row(word_gradient, z[row, :gap_start])
        add_row(word_gradient[gap_start:], z[row, gap_end : 4 * units])
        if is_gru:
            add_row(bias_gradient, z[row, : 3 * units])


@inlined
def join_weights(kernel, recurrent, is_gru):
    """Return the weights of states and features as one matrix, with the gates in their order.

    Its columns are padded with zeros to a multiple of LANES, for `add_product`.
    """
    units, features = recurrent.shape[0], kernel.shape[0]
    gap_start, gap_end = candidate_gap(is_gru, units)
    columns = 4 * units if features else recurrent.shape[1]
    result = np.zeros((units + features, round_up(columns, LANES)), F)
    for row in range(units):
        set_row(result[row], recurrent[row])
    for row in range(features):
        set_row(result[units + row], kernel[row, :gap_start])
        set_row(result[units + row, gap_end:], kernel[row, gap_start:])
    return result


@inlined
def run_forward(inputs, weights, buffers, is_gru, pooled):
    """Take up to ROWS reviews through all time steps of the longest, starting with zero states.

    `weights` are `projected`, the matrix from `join_weights`, and `bias`; `buffers` come from
    `new_buffers`. Time step t writes its activations to slot t modulo the number of slots. States
    have one slot more: t reads slot t, with the features of t, and writes slot t + 1, modulo their
    number. Return the slot of the last states.
    """
    words, lengths, features = inputs
    projected, joined, bias = weights
    gates, cells, states, pools, peaks = buffers
    units = cells.shape[2]
    slots = gates.shape[0]
    steps = lengths.max()
    fill(cells[0], F(0))
    fill(states[0], F(0))
    fill(pools[0], F(-np.inf))
    fill(pools[1], F(0))
    for t in range(steps):
        now, after = t % (slots + 1), (t + 1) % (slots + 1)
        z = gates[t % slots]
        set_gate_inputs(words, projected, bias, t, z, units, is_gru)
        for row in range(len(lengths)):
            set_row(states[now, row, units:], features[row, t])
        add_product(states[now], joined, z)
        if is_gru:
            gru_step(z, states[now], states[after], units)
        else:
            lstm_step(z, cells[now], cells[after], states[after], units)
        if pooled:
            for row in range(len(lengths)):
                if t < lengths[row]:
                    update_pools(states[after, row], t, pools[:, row], peaks[row])
    return steps % (slots + 1)


@inlined
def update_pools(state, t, pools, peaks):
    """Update the maximum of each unit, its time step and the sum with the state at step `t`."""
    largest, total = pools[0], pools[1]
    for j in range(peaks.shape[0]):
        peaks[j] = t if state[j] > largest[j] else peaks[j]
        largest[j] = state[j] if state[j] > largest[j] else largest[j]
        total[j] += state[j]


@inlined
def add_pool_gradients(output_gradient, t, lengths, peaks, state_gradient):
    """Add the gradients that reach the states at time step `t` through the pools."""
    units = peaks.shape[1]
    for row in range(len(lengths)):
        if t < lengths[row]:
            upstream, d_state = output_gradient[row], state_gradient[row]
            share = F(1) / F(lengths[row])
            for j in range(units):
                largest_gradient = upstream[j] if peaks[row, j] == t else F(0)
                d_state[j] += fma(upstream[units + j], share, largest_gradient)


@inlined
def move_feature_gradients(sums, feature_gradient):
    """Copy the gradients of features at a time step, and set their sums to 0 for the next one."""
    for row in range(feature_gradient.shape[0]):
        for j in range(feature_gradient.shape[1]):
            feature_gradient[row, j] = sums[row, j]
            sums[row, j] = F(0)


@inlined
def fill(rows, value):
    """Set all elements of a matrix to a value."""
    for row in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[row, j] = value


@register_jitable
def round_up(number: int, multiple: int) -> int:
    """Round up to a multiple; both compiled functions and Python can call this."""
    return -(-number // multiple) * multiple


@inlined
def pad_columns(matrix):
    """Return a copy with columns of zeros up to a multiple of LANES, for `add_product`."""
    result = np.zeros((matrix.shape[0], round_up(matrix.shape[1], LANES)), F)
    for row in range(matrix.shape[0]):
        set_row(result[row], matrix[row])
    return result


@inlined
def new_buffers(slots, units, joined):
    """Return buffers of zeros for ROWS reviews and `slots` time steps."""
    return Buffers(
        np.zeros((slots, ROWS, max(4 * units, joined.shape[1])), F),
        np.zeros((slots + 1, ROWS, units), F),
        np.zeros((slots + 1, ROWS, round_up(joined.shape[0], ROWS)), F),
        np.zeros((2, ROWS, units), F),
        np.zeros((ROWS, units), np.int32),
    )


@inlined
def get_block(inputs, start):
    """Return the inputs of ROWS reviews, or of the remaining ones."""
    words, lengths, features = inputs
    end = start + ROWS
    return words[start:end], lengths[start:end], features[start:end]


@cached
def add_rows_of_product(a, b, start, end, result):
    """Add rows `start` to `end` of `a @ b` to the same rows of `result`.

    `start` is a multiple of ROWS. `b` and `result` have a multiple of LANES columns. `result` has
    the number of rows of `a`, rounded up to a multiple of ROWS; the surplus rows become
    meaningless.
    """
    full = start + (end - start) // ROWS * ROWS
    last_rows = np.zeros((ROWS, DEPTH), F)
    slab = np.empty((DEPTH, LANES), F)
    for term in range(0, len(b), DEPTH):
        rows = a[:, term : term + DEPTH]
        terms = slab[: rows.shape[1]]
        for row in range(full, end):
            set_row(last_rows[row - full], rows[row])
        for column in range(0, b.shape[1], LANES):
            for row in range(len(terms)):
                set_row(terms[row], b[term + row, column : column + LANES])
            out = result[:, column : column + LANES]
            for row in range(start, full, ROWS):
                add_block(rows, terms, out, row, 0)
            if full < end:
                add_block(last_rows, terms, out[full:], 0, 0)


@cached
def compute_outputs(inputs, weights, is_gru, pooled, result):
    """Write the layer's output for each review into a row of `result`.

    If `pooled`, the output is the maximum of each unit over the review's time steps, followed by
    the mean, shape (reviews, 2 x units). Otherwise all reviews have the same length, and the output
    is the state after the last time step, shape (reviews, units).
    """
    projected, kernel, recurrent, bias = weights
    units = recurrent.shape[0]
    joined = join_weights(kernel, recurrent, is_gru)
    buffers = new_buffers(1, units, joined)
    for start in range(0, len(inputs[0]), ROWS):
        block = get_block(inputs, start)
        slot = run_forward(block, (projected, joined, bias), buffers, is_gru, pooled)
        states, pools = buffers.states, buffers.pools
        for row in range(len(block[0])):
            if pooled:
                set_row(result[start + row], pools[0, row])
                for j in range(units):
                    result[start + row, units + j] = pools[1, row, j] / F(block[1][row])
            else:
                set_row(result[start + row], states[slot, row, :units])


@cached
def compute_gradients(
    inputs, weights, is_gru, pooled, output_gradient, feature_gradient, weight_gradients
):
    """Write the gradients of learned features, and add to `weight_gradients`.

    `output_gradient` is the gradient of the `result` of `compute_outputs`. The last features are
    learned, as many as the zeros in `feature_gradient`, shape (reviews, time steps, learned).
    """
    projected, kernel, recurrent, bias = weights
    projected_gradient, kernel_gradient, recurrent_gradient, bias_gradient = weight_gradients
    units, learned = recurrent.shape[0], feature_gradient.shape[2]
    joined = join_weights(kernel, recurrent, is_gru)
    buffers = new_buffers(inputs[0].shape[1], units, joined)
    gates, cells, states, _, peaks = buffers
    if learned:
        transposed = pad_columns(np.concatenate((joined[:units], joined[-learned:])).T)
    else:  # without the gap of a GRU, a quarter of `joined`
        transposed = pad_columns(recurrent.T)
    state_gradient = np.zeros((ROWS, transposed.shape[1]), F)
    cell_gradient = np.zeros_like(cells[0])
    product_gradient = np.zeros((states.shape[2], joined.shape[1]), F)
    for start in range(0, len(inputs[0]), ROWS):
        end = start + ROWS
        block, block_gradient = get_block(inputs, start), output_gradient[start:end]
        lengths = block[1]
        steps = lengths.max()
        run_forward(block, (projected, joined, bias), buffers, is_gru, pooled)
        fill(state_gradient, F(0))
        fill(cell_gradient, F(0))
        if not pooled:
            for row in range(len(lengths)):
                set_row(state_gradient[row], block_gradient[row])
        for t in range(steps - 1, -1, -1):
            z = gates[t]
            if pooled:
                add_pool_gradients(block_gradient, t, lengths, peaks, state_gradient)
            if is_gru:
                gru_step_gradient(z, states[t], state_gradient, units)
            else:
                lstm_step_gradient(z, cells[t], state_gradient, cell_gradient, units)
            add_gate_input_gradients(
                block[0], projected_gradient, bias_gradient, t, z, units, is_gru
            )
            add_product(z, transposed, state_gradient)
            move_feature_gradients(state_gradient[:, units:], feature_gradient[start:end, t])
        add_product(
            states[:steps].reshape(steps * ROWS, states.shape[2]).T,
            gates[:steps].reshape(steps * ROWS, gates.shape[2]),
            product_gradient,
        )
    gap_start, gap_end = candidate_gap(is_gru, units)
    for row in range(units):
        add_row(recurrent_gradient[row], product_gradient[row, : recurrent.shape[1]])
    for row in range(len(kernel)):
        gradient = product_gradient[units + row]
        add_row(kernel_gradient[row], gradient[:gap_start])
        add_row(kernel_gradient[row, gap_start:], gradient[gap_end : 4 * units])
