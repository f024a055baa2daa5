"""The time loop of an LSTM or a GRU and its gradient, compiled for the processor at hand.

Keras on TensorFlow starts a dozen operations a time step, and each writes to memory what the next
one reads. Here ROWS reviews at a time go through all time steps, their states in the processor's
cache. The gradient computes their activations again, instead of keeping those of the whole batch
(Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016).

The layers are those of Keras: an LSTM with the gates input, forget, candidate and output, and a GRU
with update, reset and candidate, its reset gate applied after the product, as in cuDNN. Both end a
time step with four activations a unit: those of a GRU are update, reset, the state's part of the
candidate, and the candidate.

Arrays are C-contiguous, float32; `words`, int32, shape (reviews, time steps), are rows of
`projected`, which has the input's part of the gates of each distinct word, shape (words, gates x
units); `features`, shape (reviews, time steps, features), are more inputs of each place, and
`kernel`, shape (features, gates x units), what they are multiplied with; `recurrent`, shape (units,
gates x units), what the state is multiplied with; `bias`, shape (3 x units,), what a GRU adds to
that product. An LSTM has no such bias. `lengths`, int32, shape (reviews,), are the time steps that
are read of each review, from the first on, at least one. Reviews of like length are best put side
by side: ROWS of them take as many time steps as the longest.
"""

from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

ROWS = 8  # reviews at a time, and rows of a product
# Columns of a product at a time: ROWS x LANES sums take half of the processor's registers.
LANES = 32 if binding.get_host_cpu_features().get("avx512f") else 8

F = np.float32
# Sums may be reordered; but no number may be taken for finite, since training looks for NaN.
OPTIONS: Any = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "nsz", "arcp", "afn"},
}
# All that is called is inlined: of a function that is compiled by itself as well as in its caller,
# the linker would take the one or the other, which need not round alike.
inlined = njit(forceinline=True, **OPTIONS)


def kept(function: Any) -> Any:
    """Compile a function, and keep it for other processes where there is a folder for it."""
    try:
        return njit(cache=True, **OPTIONS)(function)
    except RuntimeError:
        return njit(**OPTIONS)(function)


@inlined
def tanh(x):
    """Lambert's continued fraction of x / 4, doubled twice: within 2e-7, with one division."""
    # Not by min and max, of which one would turn NaN into a number.
    if x > F(9):
        x = F(9)
    if x < F(-9):
        x = F(-9)
    y = x * F(0.25)
    square = y * y
    p = y * (F(135135) + square * (F(17325) + square * (F(378) + square)))
    q = F(135135) + square * (F(62370) + square * (F(3150) + square * F(28)))
    p, q = F(2) * p * q, q * q + p * p
    return F(2) * p * q / (q * q + p * p)


@inlined
def sigmoid(x):
    """Return the logistic function, within 2e-7."""
    return F(0.5) + F(0.5) * tanh(F(0.5) * x)


@intrinsic
def add_block(_context, a, b, out, row, column):
    """Add ROWS x LANES numbers of `a @ b` to `out`, from a row and a column on.

    Built for LLVM, which keeps the sums in registers; those of a loop of Numba go to memory.
    """
    number, lanes = ir.FloatType(), ir.VectorType(ir.FloatType(), LANES)

    def build(context, builder, signature, arguments):
        *arrays, row, column = arguments
        a, b, out = (
            context.make_array(kind)(context, builder, array)
            for kind, array in zip(signature.args, arrays, strict=False)
        )

        def add_products(row):
            """Add a row of `b` to the sums, multiplied with the numbers beside it in `a`."""
            b_lanes = builder.load(address(builder, b, row, column, lanes), align=4)
            for total, row_of_a in zip(sums, rows, strict=True):
                factor = builder.load(address(builder, a, row_of_a, row, number))
                product = builder.fmul(spread(builder, factor, lanes), b_lanes, flags=["contract"])
                added = builder.fadd(builder.load(total), product, flags=["contract"])
                builder.store(added, total)

        rows = [builder.add(row, row.type(step)) for step in range(ROWS)]
        targets = [address(builder, out, row, column, lanes) for row in rows]
        sums = [cgutils.alloca_once_value(builder, builder.load(at, align=4)) for at in targets]
        with cgutils.for_range(builder, cgutils.unpack_tuple(builder, b.shape)[0]) as loop:
            add_products(loop.index)
        for total, at in zip(sums, targets, strict=True):
            builder.store(builder.load(total), at, align=4)
        return context.get_dummy_value()

    return types.void(a, b, out, row, column), build


def address(builder, array, row, column, kind):
    """Return where something of a kind stands in a matrix."""
    strides = cgutils.unpack_tuple(builder, array.strides)
    places = zip((row, column), strides, strict=True)
    bytes_before = builder.add(*(builder.mul(place, stride) for place, stride in places))
    start = builder.bitcast(array.data, ir.IntType(8).as_pointer())
    return builder.bitcast(builder.gep(start, [bytes_before]), kind.as_pointer())


def spread(builder, number, lanes):
    """Return a vector that has the number in all lanes."""
    undefined = ir.Constant(lanes, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), None)
    return builder.shuffle_vector(first, undefined, zeros)


@inlined
def add_product(a, b, out):
    """Add `a @ b` to `out`, whose rows are a multiple of ROWS, and its columns of LANES.

    Of `a` and of the wider one of `b` and `out`, the first columns alone take part.
    """
    for column in range(0, min(b.shape[1], out.shape[1]), LANES):
        for row in range(0, out.shape[0], ROWS):
            add_block(a, b, out, row, column)


@inlined
def set_row(target, source):
    """Copy a row: an assignment of slices would look for overlaps first."""
    for j in range(source.shape[0]):
        target[j] = source[j]


@inlined
def add_row(target, source):
    """Add a row to another."""
    for j in range(source.shape[0]):
        target[j] += source[j]


@inlined
def lstm_step(gates, cell, next_cell, next_state, units):
    """Turn the gates' inputs of ROWS reviews into activations, and take a time step."""
    for row in range(gates.shape[0]):
        inputs, forgets = gates[row, :units], gates[row, units : 2 * units]
        candidates, outputs = gates[row, 2 * units : 3 * units], gates[row, 3 * units : 4 * units]
        old, new, state = cell[row], next_cell[row], next_state[row]
        for j in range(units):
            i, f, o = sigmoid(inputs[j]), sigmoid(forgets[j]), sigmoid(outputs[j])
            g = tanh(candidates[j])
            c = f * old[j] + i * g
            new[j] = c
            state[j] = o * tanh(c)
            inputs[j] = i
            forgets[j] = f
            candidates[j] = g
            outputs[j] = o


@inlined
def lstm_step_gradient(gates, cell, state_gradient, cell_gradient, units):
    """Turn activations into the gradients of the gates' inputs, and take a time step back.

    What reaches the state through the product is for the caller to add.
    """
    one, zero = F(1), F(0)
    for row in range(gates.shape[0]):
        inputs, forgets = gates[row, :units], gates[row, units : 2 * units]
        candidates, outputs = gates[row, 2 * units : 3 * units], gates[row, 3 * units : 4 * units]
        old, d_state, d_cell = cell[row], state_gradient[row], cell_gradient[row]
        for j in range(units):
            i, f, g, o = inputs[j], forgets[j], candidates[j], outputs[j]
            squashed = tanh(f * old[j] + i * g)
            total = d_cell[j] + d_state[j] * o * (one - squashed * squashed)
            inputs[j] = total * g * i * (one - i)
            forgets[j] = total * old[j] * f * (one - f)
            candidates[j] = total * i * (one - g * g)
            outputs[j] = d_state[j] * squashed * o * (one - o)
            d_cell[j] = total * f
            d_state[j] = zero


@inlined
def gru_step(gates, state, next_state, units):
    """Turn the gates' inputs of ROWS reviews into activations, and take a time step."""
    one = F(1)
    for row in range(gates.shape[0]):
        updates, resets = gates[row, :units], gates[row, units : 2 * units]
        recurrents, candidates = (
            gates[row, 2 * units : 3 * units],
            gates[row, 3 * units : 4 * units],
        )
        old, new = state[row], next_state[row]
        for j in range(units):
            z, r = sigmoid(updates[j]), sigmoid(resets[j])
            g = tanh(candidates[j] + r * recurrents[j])
            new[j] = z * old[j] + (one - z) * g
            updates[j] = z
            resets[j] = r
            candidates[j] = g


@inlined
def gru_step_gradient(gates, state, state_gradient, units):
    """Turn activations into the gradients of the gates' inputs, and take a time step back.

    What reaches the state through the product is for the caller to add.
    """
    one = F(1)
    for row in range(gates.shape[0]):
        updates, resets = gates[row, :units], gates[row, units : 2 * units]
        recurrents, candidates = (
            gates[row, 2 * units : 3 * units],
            gates[row, 3 * units : 4 * units],
        )
        old, d_state = state[row], state_gradient[row]
        for j in range(units):
            z, r, g = updates[j], resets[j], candidates[j]
            candidate_gradient = d_state[j] * (one - z) * (one - g * g)
            updates[j] = d_state[j] * (old[j] - g) * z * (one - z)
            resets[j] = candidate_gradient * recurrents[j] * r * (one - r)
            candidates[j] = candidate_gradient
            recurrents[j] = candidate_gradient * r
            d_state[j] *= z


@inlined
def add_scaled(target, source, factor):
    """Add a row to another, multiplied with a number."""
    for j in range(source.shape[0]):
        target[j] += factor * source[j]


@inlined
def set_gate_inputs(inputs, weights, t, z, is_gru):
    """Set what the words of time step t, and a GRU's bias of the state, bring to the gates."""
    words, _, features = inputs
    projected, kernel, _, bias = weights
    units = weights[2].shape[0]
    for row in range(words.shape[0]):
        word_input = projected[words[row, t]]
        if is_gru:
            set_row(z[row], bias)
            add_row(z[row], word_input[: 2 * units])
            set_row(z[row, 3 * units :], word_input[2 * units :])
        else:
            set_row(z[row], word_input)
        for j in range(features.shape[2]):
            if is_gru:
                add_scaled(z[row], kernel[j, : 2 * units], features[row, t, j])
                add_scaled(z[row, 3 * units :], kernel[j, 2 * units :], features[row, t, j])
            else:
                add_scaled(z[row], kernel[j], features[row, t, j])


@inlined
def add_gate_input_gradients(inputs, weight_gradients, t, z, is_gru):
    """Add to the gradients of what `set_gate_inputs` takes, given that of the gates' inputs."""
    words, _, features = inputs
    projected_gradient, kernel_gradient, recurrent_gradient, bias_gradient = weight_gradients
    units = recurrent_gradient.shape[0]
    for row in range(words.shape[0]):
        word_gradient = projected_gradient[words[row, t]]
        if is_gru:
            add_row(word_gradient, z[row, : 2 * units])
            add_row(word_gradient[2 * units :], z[row, 3 * units : 4 * units])
            add_row(bias_gradient, z[row, : 3 * units])
        else:
            add_row(word_gradient, z[row, : 4 * units])
        for j in range(features.shape[2]):
            x = features[row, t, j]
            if is_gru:
                add_scaled(kernel_gradient[j], z[row, : 2 * units], x)
                add_scaled(kernel_gradient[j, 2 * units :], z[row, 3 * units : 4 * units], x)
            else:
                add_scaled(kernel_gradient[j], z[row, : 4 * units], x)


@inlined
def run(inputs, weights, buffers, is_gru, pooled):
    """Take up to ROWS reviews through all time steps that one of them has, from states of zero.

    The matrix of `weights` that states are multiplied with is `widened`, and `buffers` are from
    `new_buffers`. Of time step t, the activations are kept in slot t modulo the number of slots;
    states have a slot more, and begin with the first. Returns the slot of the last states.
    """
    lengths = inputs[1]
    gates, cells, states, pools, places = buffers
    units = cells.shape[2]
    slots = states.shape[0]
    steps = lengths.max()
    set_rows_to_zero(cells[0])
    set_rows_to_zero(states[0])
    begin_pools(pools)
    for t in range(steps):
        now, after = t % slots, (t + 1) % slots
        z = gates[t % (slots - 1)]
        set_gate_inputs(inputs, weights, t, z, is_gru)
        add_product(states[now], weights[2], z)
        if is_gru:
            gru_step(z, states[now], states[after], units)
        else:
            lstm_step(z, cells[now], cells[after], states[after], units)
        if pooled:
            for row in range(len(lengths)):
                if t < lengths[row]:
                    pool(states[after, row], t, pools[:, row], places[row])
    return steps % slots


@inlined
def begin_pools(pools):
    """Prepare to pool: no state is as small as the least number there is."""
    for row in range(pools.shape[1]):
        for j in range(pools.shape[2]):
            pools[0, row, j] = F(-np.inf)
            pools[1, row, j] = F(0)


@inlined
def pool(state, t, pools, places):
    """Take a state into the maximum of each unit, where it stands, and the sum."""
    largest, total = pools[0], pools[1]
    for j in range(places.shape[0]):
        places[j] = t if state[j] > largest[j] else places[j]
        largest[j] = state[j] if state[j] > largest[j] else largest[j]
        total[j] += state[j]


@inlined
def pool_gradient(output_gradient, t, length, places, state_gradient):
    """Add what reaches the state of time step t of a review through the pools."""
    units = places.shape[0]
    share = F(1) / F(length)
    for j in range(units):
        largest_gradient = output_gradient[j] if places[j] == t else F(0)
        state_gradient[j] += largest_gradient + output_gradient[units + j] * share


@inlined
def set_rows_to_zero(rows):
    """Set all numbers of a matrix to 0."""
    for row in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[row, j] = F(0)


@inlined
def wide(columns):
    """Return the next multiple of LANES."""
    return -(-columns // LANES) * LANES


@inlined
def widened(matrix):
    """Return a matrix with zeros beside it, for a product."""
    result = np.zeros((matrix.shape[0], wide(matrix.shape[1])), F)
    for row in range(matrix.shape[0]):
        set_row(result[row], matrix[row])
    return result


@inlined
def new_buffers(slots, recurrent):
    """Return gates, cells, states, pools and places of ROWS reviews, for so many time steps."""
    units = recurrent.shape[0]
    return (
        np.zeros((slots, ROWS, max(4 * units, wide(recurrent.shape[1]))), F),
        np.zeros((slots + 1, ROWS, units), F),
        np.zeros((slots + 1, ROWS, wide(units)), F),
        np.zeros((2, ROWS, units), F),
        np.zeros((ROWS, units), np.int32),
    )


@inlined
def take_block(inputs, start):
    """Return the inputs of ROWS reviews, or of those that are left."""
    words, lengths, features = inputs
    end = start + ROWS
    return words[start:end], lengths[start:end], features[start:end]


@kept
def compute_outputs(inputs, weights, is_gru, pooled, result):
    """Write what the layer gives out for each review into a row of `result`.

    That is the state after the last time step, shape (reviews, units), or where it is `pooled`,
    the maximum of each unit over the review's time steps, and then the mean, shape (reviews, 2 x
    units).
    """
    projected, kernel, recurrent, bias = weights
    buffers = new_buffers(1, recurrent)
    wide_weights = (projected, kernel, widened(recurrent), bias)
    units = recurrent.shape[0]
    for start in range(0, len(inputs[0]), ROWS):
        block = take_block(inputs, start)
        slot = run(block, wide_weights, buffers, is_gru, pooled)
        states, pools = buffers[2], buffers[3]
        for row in range(len(block[0])):
            if pooled:
                set_row(result[start + row], pools[0, row])
                for j in range(units):
                    result[start + row, units + j] = pools[1, row, j] / F(block[1][row])
            else:
                set_row(result[start + row], states[slot, row, :units])


@inlined
def add_result_gradients(output_gradient, t, lengths, places, state_gradient):
    """Add what reaches the states of time step t through the pools."""
    for row in range(len(lengths)):
        if t < lengths[row]:
            pool_gradient(output_gradient[row], t, lengths[row], places[row], state_gradient[row])


@kept
def compute_gradients(inputs, weights, is_gru, pooled, output_gradient, weight_gradients):
    """Add the gradients of `weights` to `weight_gradients`.

    `output_gradient` is the gradient of the `result` of `compute_outputs`.
    """
    projected, kernel, recurrent, bias = weights
    units = recurrent.shape[0]
    buffers = new_buffers(inputs[0].shape[1], recurrent)
    gates, cells, states, _, places = buffers
    wide_weights = (projected, kernel, widened(recurrent), bias)
    transposed = widened(recurrent.T)
    state_gradient = np.zeros_like(states[0])
    cell_gradient = np.zeros_like(cells[0])
    product_gradient = np.zeros((states.shape[2], wide(recurrent.shape[1])), F)
    for start in range(0, len(inputs[0]), ROWS):
        block, block_gradient = take_block(inputs, start), output_gradient[start : start + ROWS]
        lengths = block[1]
        steps = lengths.max()
        run(block, wide_weights, buffers, is_gru, pooled)
        set_rows_to_zero(state_gradient)
        set_rows_to_zero(cell_gradient)
        if not pooled:
            for row in range(len(lengths)):
                set_row(state_gradient[row], block_gradient[row])
        for t in range(steps - 1, -1, -1):
            z = gates[t]
            if pooled:
                add_result_gradients(block_gradient, t, lengths, places, state_gradient)
            if is_gru:
                gru_step_gradient(z, states[t], state_gradient, units)
            else:
                lstm_step_gradient(z, cells[t], state_gradient, cell_gradient, units)
            add_gate_input_gradients(block, weight_gradients, t, z, is_gru)
            add_product(z, transposed, state_gradient)
        add_product(
            states[:steps].reshape(steps * ROWS, states.shape[2]).T,
            gates[:steps].reshape(steps * ROWS, gates.shape[2]),
            product_gradient,
        )
    recurrent_gradient = weight_gradients[2]
    for unit in range(units):
        add_row(recurrent_gradient[unit], product_gradient[unit, : recurrent_gradient.shape[1]])
