"""Training of an LSTM whose state after a word predicts the next words, compiled by Numba.

Blocks of ROWS pieces of reviews, PIECE ids each, pass through the LSTM and back, see `kernel`, and
each block ends with a gradient step. Every CPU computes the same bits.
"""

import numpy as np

from birnn.layers.kernel import (
    LANES,
    ROWS,
    F,
    add_product,
    add_row,
    cached,
    inlined,
    lstm_step_gradient,
    new_buffers,
    pad_columns,
    round_up,
    run_forward,
    set_row,
)
from birnn.text.encoding import PADDING

PIECE = 50
NEXT = 5  # words that each state predicts
NEGATIVES = 10  # random words per predicted word
DRAWN = 256  # random words that all states of a block share

RATE = F(0.001)  # learning rate of Adam, for the LSTM
DECAYS = np.array([0.9, 0.999], F)  # of Adam's moments
OUTPUT_RATE = F(0.02)  # learning rate of SGD, for the output vectors


@cached
def train_pieces(pieces, drawn, vectors, importance, weights, start, steps):
    """Train on pieces, and update the weights in place.

    The learning rates fall linearly to 0.

    Args:
        pieces: ids, int32, shape (pieces, PIECE); padding is skipped.
        drawn: random ids below `targets`, int64, shape (blocks, DRAWN).
        vectors: word vectors, the input of the LSTM, float32, shape (ids, dim).
        importance: the weight of each predicted word in the loss, float32, shape (targets,).
            Others are not predicted.
        weights: float32: the matrix of the LSTM, with rows for the state, the input and the bias,
            shape (units + dim + 1, 4 x units); both moments of Adam, likewise; the powers of their
            decay rates, shape (2,); and output vectors, which end with a bias, shape (targets,
            units + 1).
        start: the number of blocks that earlier calls trained on.
        steps: the number of blocks of all calls.

    Returns:
        The loss, summed over words, and the number of words.
    """
    lstm, first, second, decays, outputs = weights
    units, dim = outputs.shape[1] - 1, vectors.shape[1]
    matrix = pad_columns(lstm)
    buffers = new_buffers(PIECE, units, matrix)
    features = np.ones((ROWS, PIECE, dim + 1), F)
    words, lengths = np.zeros((ROWS, PIECE), np.int32), np.zeros(ROWS, np.int32)
    no_words, no_input = np.zeros((ROWS, PIECE), np.int32), np.zeros((1, 4 * units), F)
    total = np.zeros(2)
    for block in range(0, len(pieces), ROWS):
        rows = min(ROWS, len(pieces) - block)
        for row in range(rows):
            lengths[row] = read_piece(pieces[block + row], vectors, words[row], features[row])
        inputs = no_words[:rows], lengths[:rows], features[:rows]
        run_forward(inputs, (no_input, matrix, no_input[0]), buffers, is_gru=False, pooled=False)
        decays *= DECAYS
        done = start + block // ROWS
        remaining = F(1) - F(done) / F(steps)
        rate = OUTPUT_RATE * remaining
        longest = lengths[:rows].max()
        states = buffers[2][1:, :, :units]
        gradients = np.zeros((longest, ROWS, round_up(units, LANES)), F)
        random_weights = np.zeros((longest, ROWS), F)
        total[0] += train_next_words(
            states, words, lengths[:rows], importance, outputs, rate, gradients, random_weights
        )
        total[0] += train_random_words(
            states, drawn[block // ROWS], outputs, rate, gradients, random_weights
        )
        gradient = lstm_gradient(matrix, buffers, lengths[:rows], gradients, units)
        count = lengths[:rows].sum()
        adam(matrix, gradient, F(1) / F(count), first, second, RATE * remaining, decays)
        total[1] += count
    for row in range(len(lstm)):
        set_row(lstm[row], matrix[row, : 4 * units])
    return total


@inlined
def read_piece(piece, vectors, words, features):
    """Write the ids of words and their vectors from the first column on; return their number."""
    count = 0
    for word in piece:
        if word != PADDING:
            words[count] = word
            set_row(features[count, : vectors.shape[1]], vectors[word])
            count += 1
    return count


@inlined
def train_next_words(states, words, lengths, importance, outputs, rate, gradients, random_weights):
    """Train the scores of the next words towards 1, and return the loss.

    The score of a word is the product of its output vector and a state, shape (steps, ROWS, units).
    Add the gradients of the states to `gradients`, shape (steps, ROWS, units or more), and to
    `random_weights` how much the random words of each state count, shape (steps, ROWS).
    """
    loss = 0.0
    for row in range(len(lengths)):
        for t in range(lengths[row]):
            for after in range(t + 1, min(t + 1 + NEXT, lengths[row])):
                word = words[row, after]
                if word < len(outputs) and importance[word] > 0:
                    weight = importance[word]
                    loss += train_pair(
                        outputs[word], states[t, row], gradients[t, row], weight, rate
                    )
                    random_weights[t, row] += weight * F(NEGATIVES) / F(DRAWN)
    return loss


@inlined
def train_pair(vector, state, gradient, importance, rate):
    """Move the score of a next word towards 1; add the state's gradient and return the loss."""
    units = len(state)
    score = vector[units]
    for unit in range(units):
        score += vector[unit] * state[unit]
    error = importance * (score - F(1))
    for unit in range(units):
        gradient[unit] += error * vector[unit]
        vector[unit] -= rate * error * state[unit]
    vector[units] -= rate * error
    return 0.5 * error * (score - F(1))


@inlined
def train_random_words(states, drawn, outputs, rate, gradients, random_weights):
    """Train the scores of random words towards 0, and return the loss, see `train_next_words`."""
    steps, _, width = gradients.shape
    units, count = states.shape[2], steps * ROWS
    transposed, vectors = np.zeros((units, DRAWN), F), np.zeros((DRAWN, width), F)
    scores, rows = np.zeros((count, DRAWN), F), np.zeros((count, width), F)
    for k in range(DRAWN):
        set_row(vectors[k], outputs[drawn[k], :units])
        for unit in range(units):
            transposed[unit, k] = outputs[drawn[k], unit]
    for index in range(count):
        set_row(rows[index], states[index // ROWS, index % ROWS])
        for k in range(DRAWN):
            scores[index, k] = outputs[drawn[k], units]
    add_product(rows, transposed, scores)
    loss = 0.0
    for index in range(count):
        share = random_weights[index // ROWS, index % ROWS]
        for k in range(DRAWN):
            error = share * scores[index, k]
            loss += 0.5 * error * scores[index, k]
            scores[index, k] = error
    add_product(scores, vectors, gradients.reshape(count, width))
    slopes = np.zeros((DRAWN, width), F)
    add_product(scores.T, rows, slopes)
    for k in range(DRAWN):
        vector = outputs[drawn[k]]
        for unit in range(units):
            vector[unit] -= rate * slopes[k, unit]
        for index in range(count):
            vector[units] -= rate * scores[index, k]
    return loss


@inlined
def lstm_gradient(matrix, buffers, lengths, state_gradients, units):
    """Return the gradient of the LSTM's matrix, given the gradients of its states."""
    gates, cells, states, _, _ = buffers
    steps = len(state_gradients)
    transposed = pad_columns(matrix[:units].T)
    state_gradient = np.zeros((ROWS, transposed.shape[1]), F)
    cell_gradient = np.zeros((ROWS, units), F)
    for t in range(steps - 1, -1, -1):
        for row in range(len(lengths)):
            add_row(state_gradient[row], state_gradients[t, row])
        lstm_step_gradient(gates[t], cells[t], state_gradient, cell_gradient, units)
        add_product(gates[t], transposed, state_gradient)
    gradient = np.zeros((states.shape[2], matrix.shape[1]), F)
    add_product(
        states[:steps].reshape(steps * ROWS, states.shape[2]).T,
        gates[:steps].reshape(steps * ROWS, gates.shape[2]),
        gradient,
    )
    return gradient


@inlined
def adam(weights, gradient, scale, first, second, rate, decays):
    """Update weights in place, given `scale` times their gradient, see `train_pieces`."""
    rate = rate * np.sqrt(F(1) - decays[1]) / (F(1) - decays[0])
    for row in range(first.shape[0]):
        for j in range(first.shape[1]):
            slope = scale * gradient[row, j]
            first[row, j] += (F(1) - DECAYS[0]) * (slope - first[row, j])
            second[row, j] += (F(1) - DECAYS[1]) * (slope * slope - second[row, j])
            weights[row, j] -= rate * first[row, j] / (np.sqrt(second[row, j]) + F(1e-7))
