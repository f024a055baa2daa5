"""Export of trained models to ONNX, with a JSON file of their encoding next to it.

The model maps ids to probabilities. ONNX has no operator that splits texts as the tokenizer does,
so the JSON file holds what a program needs to encode texts.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from birnn.baseline.baseline import Baseline
from birnn.core.outputs import atomic_file, write_json
from birnn.evaluation.model_names import BASELINE, COMBINED
from birnn.networks.embeddings import WordNumbers
from birnn.networks.fused_network import CELLS, find_cell
from birnn.networks.inputs.ngrams import NO_NGRAM
from birnn.networks.pooling import EVIDENCE_SCALE, Pooling, recurrent_layers
from birnn.reviews.sequences import FIRST_WORD, OUT_OF_VOCABULARY, PADDING, START
from birnn.reviews.tokenizer import LOWERCASE, SEPARATORS
from birnn.reviews.unicode_words import ENTITY, REPLACE, WORD
from birnn.runtime.errors import InputError
from birnn_apps.classifier import Classifier

# The first version in which all reductions take their axes as an input, and the oldest format with
# the operators that it needs. Runtimes since 2023 support them.
OPSETS = {"": 18, "ai.onnx.ml": 4}
IR_VERSION = 9

# Positions of Keras's gates in ONNX's order: input, output, forget, candidate for an LSTM; update,
# reset, candidate for a GRU.
GATES = {"lstm": [0, 3, 1, 2], "gru": [0, 1, 2]}

# How each tokenizer splits a text, and what this needs.
SPLIT = {
    "keras": "To encode a text, replace each character that is in replace, split at spaces, and "
    "drop empty words. ",
    "unicode": "To encode a text, decode the HTML entities that match the regular expression "
    "entity, as browsers do. Find all matches of word (an expression of JavaScript with the flag "
    "u, or of Python's package regex), and drop those without group 1. Normalize each match to "
    "NFC, change it to lowercase, and replace each character that is in replace. ",
}
NEEDED: dict[str, dict[str, Any]] = {
    "keras": {"replace": LOWERCASE | dict.fromkeys(SEPARATORS.decode(), " ")},
    "unicode": {"entity": ENTITY, "word": WORD, "replace": REPLACE},
}
ABOUT = (
    "The first of words has the id first_word_id, the next has the next id, and others have "
    "unknown_id. Put start_id in front. Cut to length ids at the side truncating (pre is the "
    "start), then fill up to length with padding_id at the side padding. If length is null, cut "
    "nothing, and fill up to the longest text. A text without an id from first_word_id on gets no "
    "prediction: the model knows none of its words."
)


class Graph:
    """A graph of ONNX operators, in which equal constants and equal nodes are stored once."""

    def __init__(self) -> None:
        """Create an empty graph."""
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self._names: dict[bytes, str] = {}

    def constant(self, values: Any, dtype: type = np.float32) -> str:
        """Return the name of a constant."""
        tensor = numpy_helper.from_array(np.ascontiguousarray(values, dtype))
        key = tensor.SerializeToString()
        if key not in self._names:
            tensor.name = self._names[key] = f"constant_{len(self.tensors)}"
            self.tensors.append(tensor)
        return self._names[key]

    def integers(self, *values: int) -> str:
        """Return the name of a constant that lists axes or sizes."""
        return self.constant(values, np.int64)

    def node(self, operator: str, *inputs: str, skip: int = 0, **attributes: Any) -> str:
        """Add an operator and return the name of its output number `skip`, counted from 0."""
        node = helper.make_node(operator, inputs, [""] * skip, **attributes)
        key = node.SerializeToString(deterministic=True)
        if key not in self._names:
            node.name = self._names[key] = f"{operator}_{len(self.nodes)}"
            node.output.append(node.name)
            self.nodes.append(node)
        return self._names[key]


def write(classifier: Classifier, file: Path) -> None:
    """Write the models to `file`, and their encoding to the .json file of the same name."""
    content = build_model(classifier).SerializeToString(deterministic=True)
    with atomic_file(file) as temporary:
        temporary.write_bytes(content)
    write_json(file.with_suffix(".json"), describe_encoding(classifier))


def describe_encoding(classifier: Classifier) -> dict[str, Any]:
    """Return what a program needs to encode texts for the models of a classifier."""
    models = dict[str, Any](classifier.models)
    name, model = next(iter(models.items()))  # all networks have the same encoding
    length, truncating, padding = None, "post", "post"
    if name == BASELINE:
        words = model.baseline.words
    else:
        encoding = model.encoding
        words, length, truncating = encoding.words, encoding.maxlen, encoding.truncating
        # Networks that pool ignore padding, but ONNX's operators support it only at the end.
        padding = "post" if _is_pooled(model.network) else encoding.padding
    return {
        "about": SPLIT[classifier.tokenizer] + ABOUT,
        **NEEDED[classifier.tokenizer],
        "padding_id": PADDING,
        "start_id": START,
        "unknown_id": OUT_OF_VOCABULARY,
        "first_word_id": FIRST_WORD,
        "length": length,
        "truncating": truncating,
        "padding": padding,
        "classes": list(classifier.classes),  # the probability is of the second
        "threshold": classifier.threshold,  # above which a text is of the second class
        "words": words,
    }


def build_model(classifier: Classifier) -> onnx.ModelProto:
    """Return an ONNX model of all models of a classifier and their combination.

    It maps `ids`, int32, shape (reviews, length), to the probabilities that the reviews are
    positive, float32, shape (reviews,): one output per model, and `combined`.
    """
    graph, models = Graph(), dict[str, Any](classifier.models)
    log_odds = {
        name: _baseline_log_odds(graph, model.baseline)
        if name == BASELINE
        else _network_log_odds(graph, model.network)
        for name, model in models.items()
    }
    log_odds[COMBINED] = graph.node("Mean", *log_odds.values())
    for name, odds in log_odds.items():
        temperature = classifier.temperature(classifier.name if name == COMBINED else name)
        scaled = graph.node("Div", odds, graph.constant(temperature))
        graph.nodes.append(helper.make_node("Sigmoid", [scaled], [name]))
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "birnn",
            [helper.make_tensor_value_info("ids", TensorProto.INT32, ["reviews", "length"])],
            [helper.make_tensor_value_info(o, TensorProto.FLOAT, ["reviews"]) for o in log_odds],
            graph.tensors,
        ),
        opset_imports=[helper.make_opsetid(*opset) for opset in OPSETS.items()],
        ir_version=IR_VERSION,
        producer_name="birnn",
    )


def _is_pooled(network: keras.Model) -> bool:
    return isinstance(network.layers[1], Pooling)


def _baseline_log_odds(graph: Graph, trained: Baseline) -> str:
    """Add the baseline and return the name of its log-odds, shape (reviews,)."""
    ids = {word: FIRST_WORD + rank for rank, word in enumerate(trained.words)}
    lengths = np.array([ngram.count(" ") + 1 for ngram in trained.ngrams])
    order = np.argsort(lengths, stable=True)  # shortest first
    # Those of each length start after all shorter ones: in words, from length 0, which has none.
    sizes = [length * int((lengths == length).sum()) for length in range(trained.longest)]
    present = graph.node(
        "TfIdfVectorizer",
        "ids",
        mode="IDF",  # 1 for an n-gram in the review, however often it occurs
        min_gram_length=1,
        max_gram_length=trained.longest,
        max_skip_count=0,
        ngram_counts=np.cumsum(sizes).tolist(),
        ngram_indexes=list(range(len(order))),
        pool_int64s=[ids[word] for index in order for word in trained.ngrams[index].split(" ")],
    )
    weights = graph.constant(trained.weights[order][:, None])
    intercept = graph.constant([trained.intercept])
    if trained.squares is None:
        log_odds = graph.node("Gemm", present, weights, intercept)
    else:
        squares = graph.node("MatMul", present, graph.constant(trained.squares[order][:, None]))
        norm = graph.node("Sqrt", graph.node("Max", squares, graph.constant(1)))
        normalized = graph.node("Div", graph.node("MatMul", present, weights), norm)
        log_odds = graph.node("Add", normalized, intercept)
    return graph.node("Squeeze", log_odds, graph.integers(1))


def _network_log_odds(graph: Graph, network: keras.Model) -> str:
    """Add a network and return the name of its log-odds, shape (reviews,)."""
    embedding, layer, _, output = network.layers
    directions = recurrent_layers(layer)
    if not (all(map(find_cell, directions)) if directions else _is_pooled(network)):
        raise InputError(
            f"{network.name} is not an LSTM or a GRU with Keras's default options: use birnn "
            "serve, or choose another --model"
        )
    for further in embedding.further:
        if further.is_learned:
            raise InputError(f"{network.name} reads {further.name}: use birnn serve")
    pooled = _is_pooled(network)
    vectors = graph.node("Gather", graph.constant(embedding.embeddings.numpy()), "ids")
    ratios = ""
    for table in embedding.further:
        ratios = _ngram_ratios(graph, table, embedding.input_dim)
        vectors = graph.node("Concat", vectors, ratios, axis=2)
    inputs = graph.node("Transpose", vectors, perm=[1, 0, 2])
    if pooled:
        outputs = _pooled_states(graph, directions, inputs)
    else:
        outputs = _recurrent_layer(graph, directions, inputs, skip=1)
    # From (directions, reviews, units) to (reviews, directions x units).
    outputs = graph.node("Transpose", outputs, perm=[1, 0, 2])
    outputs = graph.node("Reshape", outputs, graph.integers(0, -1))
    if pooled and ratios:
        sums = graph.node("ReduceSum", ratios, graph.integers(1), keepdims=0)
        scaled = graph.node("Mul", sums, graph.constant(EVIDENCE_SCALE))
        outputs = graph.node("Concat", outputs, scaled, axis=1)
    kernel, bias = (graph.constant(weight.numpy()) for weight in (output.kernel, output.bias))
    return graph.node("Squeeze", graph.node("Gemm", outputs, kernel, bias), graph.integers(1))


def _pooled_states(graph: Graph, directions: list[keras.layers.RNN], inputs: str) -> str:
    """Add a layer that ignores padding, and return the maximum and mean of its states.

    The shape is (directions, reviews, 2 x units), or without a layer (1, reviews, 2 x inputs).
    """
    is_word = graph.node("Cast", "ids", to=TensorProto.BOOL)
    ones = graph.node("Cast", is_word, to=TensorProto.INT32)
    lengths = graph.node("ReduceSum", ones, graph.integers(1), keepdims=0)
    if directions:
        states = _recurrent_layer(graph, directions, inputs, lengths)
    else:
        states = graph.node("Unsqueeze", inputs, graph.integers(1))
    # Like the states, (length, directions, reviews, units).
    mask = graph.node(
        "Unsqueeze", graph.node("Transpose", is_word, perm=[1, 0]), graph.integers(1, 3)
    )
    lowest = np.finfo(np.float32).min
    maxima, sums = (
        graph.node(
            reduction,
            graph.node("Where", mask, states, graph.constant(padding)),
            graph.integers(0),
            keepdims=0,
        )
        for reduction, padding in (("ReduceMax", lowest), ("ReduceSum", 0))
    )
    counts = graph.node(
        "Unsqueeze", graph.node("Cast", lengths, to=TensorProto.FLOAT), graph.integers(1)
    )
    return graph.node("Concat", maxima, graph.node("Div", sums, counts), axis=2)


def _recurrent_layer(
    graph: Graph, directions: list[keras.layers.RNN], inputs: str, lengths: str = "", skip: int = 0
) -> str:
    """Add an LSTM or a GRU, and return all states, or with `skip` 1 the last states.

    Without `lengths`, the layer takes padding for words.
    """
    cells = [layer.cell for layer in directions]
    one_way = "reverse" if directions[0].go_backwards else "forward"
    kind = CELLS[type(cells[0])]
    weights = zip(*(_onnx_weights(cell, GATES[kind]) for cell in cells), strict=True)
    tensors = [graph.constant(np.stack(arrays)) for arrays in weights]
    options = {"linear_before_reset": 1} if kind == "gru" else {}
    return graph.node(
        kind.upper(),
        inputs,
        *tensors,
        lengths,
        skip=skip,
        direction="bidirectional" if len(cells) > 1 else one_way,
        hidden_size=cells[0].units,
        **options,
    )


def _onnx_weights(cell: keras.Layer, gates: list[int]) -> list[NDArray[np.float32]]:
    """Return the kernel, recurrent kernel and both biases of a direction in ONNX's order."""

    def reorder(array: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.concatenate([np.split(array.T, len(gates))[gate] for gate in gates])

    kernel, recurrent, bias = (weight.numpy() for weight in cell.weights)
    # An LSTM has no bias of the state part.
    biases = bias if bias.ndim > 1 else [bias, np.zeros_like(bias)]
    return [reorder(kernel), reorder(recurrent), np.concatenate([reorder(part) for part in biases])]


def _ngram_ratios(graph: Graph, table: WordNumbers, num_words: int) -> str:
    """Add a look-up of n-grams and return its ratios, shape (reviews, length, longest n-gram).

    `networks.inputs.ngrams.codes` defines the codes.
    """
    table_codes, table_ratios = (array.numpy() for array in table.arrays)
    zero = graph.constant(PADDING, np.int64)
    ids = graph.node("Cast", "ids", to=TensorProto.INT64)
    code, ratios = zero, []
    for before in range(table.width):
        shifted = graph.node("Pad", ids, graph.integers(0, before, 0, -before))
        scaled = graph.node("Mul", shifted, graph.constant(num_words**before, np.int64))
        code = graph.node("Add", code, scaled)
        is_short = graph.node("Equal", shifted, zero)
        codes = graph.node("Where", is_short, graph.constant(NO_NGRAM, np.int64), code)
        ratio = graph.node(
            "LabelEncoder",
            codes,
            domain="ai.onnx.ml",
            keys_tensor=numpy_helper.from_array(table_codes),
            values_tensor=numpy_helper.from_array(table_ratios),
            default_tensor=numpy_helper.from_array(np.zeros(1, np.float32)),
        )
        ratios.append(graph.node("Unsqueeze", ratio, graph.integers(2)))
    return graph.node("Concat", *ratios, axis=2)
