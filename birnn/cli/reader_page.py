"""A self-contained HTML page that classifies reviews in a browser, without a server."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from birnn.cli.explanation_page import TABLE_ROWS, WEAK
from birnn.core.errors import InputError
from birnn.core.outputs import atomic_file
from birnn.evaluation.model_names import TITLES
from birnn.inference.predictor import Predictor
from birnn.inference.weights import Floats, RecurrentWeights, read_weights
from birnn.networks.decision import boundary
from birnn.reporting import templating
from birnn.style import colors
from birnn.text.encoding import FIRST_WORD, OUT_OF_VOCABULARY, PADDING, START
from birnn.text.tokenizer import SEPARATORS

# Share of the vocabulary, from the most frequent word, whose vectors take 16 bits per number, not
# 8. On IMDB these words make up 87% of the reviews, which halves the errors.
FREQUENT = 0.1
SCRIPT = Path(__file__).parent / "templates" / "reader.js"


def write(predictor: Predictor, file: Path) -> None:
    """Write the page.

    Raises:
        InputError: the page cannot compute a network.
    """
    page = render(predictor)
    with atomic_file(file) as temporary:
        temporary.write_text(page, encoding="utf-8")


def render(predictor: Predictor) -> str:
    """Return the page.

    Raises:
        InputError: the page cannot compute a network.
    """
    weights = read_weights(predictor.networks)
    for name, network in weights.items():
        if network.table:
            raise InputError(
                f"{name} reads n-grams, which the page cannot look up: set ngrams.longest to 0, or "
                "export an .onnx or .zip file"
            )
    encoding = predictor.encoding
    model = {
        "words": encoding.words,
        "separators": SEPARATORS.decode(),
        "ids": {"padding": PADDING, "start": START, "unknown": OUT_OF_VOCABULARY},
        "firstWord": FIRST_WORD,
        "maxlen": encoding.maxlen,
        "padding": encoding.padding,
        "truncating": encoding.truncating,
        "classes": encoding.classes,
        "boundary": boundary(),
        "weak": WEAK,
        "listed": TABLE_ROWS,
        "networks": [
            {"name": name, "title": TITLES[name], **_network(network)}
            for name, network in weights.items()
        ],
    }
    return (
        templating.environment("birnn.cli")
        .get_template("reader.html.j2")
        .render(
            model=model,
            colors=colors,
            classes=encoding.classes,
            script=SCRIPT.read_text(encoding="utf-8"),
            words_read=encoding.maxlen - 1,
            last=encoding.truncating == "pre",
        )
    )


def quantize(vectors: Floats, dtype: type[np.signedinteger[Any]]) -> tuple[NDArray[Any], Floats]:
    """Return each row as integers, and the number by which to multiply each row of integers."""
    limit = np.iinfo(dtype).max
    largest = np.abs(vectors).max(axis=1) / limit
    scales = np.where(largest > 0, largest, 1).astype(np.float32)
    # Tiny scales are rounded so much that the largest number would overflow.
    return np.rint(vectors / scales[:, None]).clip(-limit, limit).astype(dtype), scales


def _network(weights: RecurrentWeights) -> dict[str, Any]:
    """Return a network as JSON; arrays are little-endian numbers in base64."""
    frequent = int(FREQUENT * len(weights.vectors))
    common, common_scales = quantize(weights.vectors[:frequent], np.int16)
    rare, rare_scales = quantize(weights.vectors[frequent:], np.int8)
    return {
        "cell": weights.cell,
        "pooled": weights.pooled,
        "units": len(weights.directions[0].recurrent),
        "common": _base64(common, "<i2"),
        "rare": _base64(rare, "i1"),
        "scales": _base64(np.concatenate([common_scales, rare_scales])),
        "directions": [
            {
                "kernel": _base64(direction.kernel),
                "recurrent": _base64(direction.recurrent),
                "inputBias": _base64(direction.input_bias),
                "stateBias": _base64(direction.state_bias),
            }
            for direction in weights.directions
        ],
        "output": _base64(weights.output),
        "outputBias": float(weights.output_bias[0]),
    }


def _base64(array: NDArray[Any], dtype: str = "<f4") -> str:
    return base64.b64encode(array.astype(dtype).tobytes()).decode()
