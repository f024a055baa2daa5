"""A self-contained HTML page that classifies reviews in a browser, without a server."""

import base64
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from birnn.cli.explanation_page import WEAK
from birnn.core.errors import InputError
from birnn.core.outputs import write_text
from birnn.evaluation.model_names import BASELINE, TITLES
from birnn.inference.baseline_model import BaselineModel
from birnn.inference.explanation import MOST_TERMS
from birnn.inference.network_model import networks_of
from birnn.inference.predictor import Predictor
from birnn.inference.weights import Floats, RecurrentWeights, read_weights
from birnn.networks.decision import boundary
from birnn.reporting import templating
from birnn.style import colors
from birnn.text.encoding import FIRST_WORD, OUT_OF_VOCABULARY, PADDING, START
from birnn.text.tokenizer import LOWERCASE, SEPARATORS, Tokenizer
from birnn.text.unicode_words import REPLACE, WORD
from birnn.training.baseline import Baseline

# Share of the vocabulary, from the most frequent word, whose vectors take 16 bits per number, not
# 8. On IMDB these words make up 87% of the reviews, which halves the errors.
FREQUENT = 0.1
MOST_NGRAMS = 1_000_000  # a page of about 20 MB
SCRIPT = Path(__file__).parent / "templates" / "reader.js"


def write(predictor: Predictor, file: Path) -> None:
    """Write the page."""
    if isinstance(predictor.model, BaselineModel):
        models = _baseline(predictor.model.baseline)
    else:
        models = _networks(predictor)
    model = {
        **_tokenizer(predictor.tokenizer),
        "ids": {"padding": PADDING, "start": START, "unknown": OUT_OF_VOCABULARY},
        "firstWord": FIRST_WORD,
        "classes": predictor.classes,
        "boundary": boundary(predictor.threshold),
        "weak": WEAK,
        "listed": MOST_TERMS,
        "temperature": predictor.temperature(predictor.name),
        **models,
    }
    for each in model["models"]:
        each |= {"title": TITLES[each["name"]], "temperature": predictor.temperature(each["name"])}
    values = {"model": model, "colors": colors, "script": SCRIPT.read_text(encoding="utf-8")}
    write_text(file, templating.render("reader.html.j2", package="birnn.cli", **values))


def quantize(vectors: Floats, dtype: type[np.signedinteger[Any]]) -> tuple[NDArray[Any], Floats]:
    """Return each row as integers, and the number by which to multiply each row of integers."""
    limit = np.iinfo(dtype).max
    largest = np.abs(vectors).max(axis=1) / limit
    scales = np.where(largest > 0, largest, 1).astype(np.float32)
    # Tiny scales are rounded so much that the largest number would overflow.
    return np.rint(vectors / scales[:, None]).clip(-limit, limit).astype(dtype), scales


def _tokenizer(tokenizer: Tokenizer) -> dict[str, Any]:
    """Return a regular expression whose group 1 is a word, and what to change in words."""
    if tokenizer == "unicode":
        return {"word": WORD, "unicode": True, "replace": REPLACE}
    # Lone surrogates separate words.
    separators = re.sub(r"[\\\]^-]", r"\\\g<0>", SEPARATORS.decode()) + r"\p{Cs}"
    return {"word": f"([^ {separators}]+)", "unicode": False, "replace": LOWERCASE}


def _networks(predictor: Predictor) -> dict[str, Any]:
    """Return networks and their encoding as JSON."""
    weights = read_weights(predictor)
    for name, network in weights.items():
        if network.table:
            raise InputError(
                f"{name} reads n-grams, which the page cannot look up: set ngrams.longest to 0, or "
                "export an .onnx or .zip file"
            )
    encoding = next(iter(networks_of(predictor).values())).encoding
    return {
        "words": encoding.words,
        "maxlen": encoding.maxlen,
        "padding": encoding.padding,
        "truncating": encoding.truncating,
        "models": [{"name": name, **_network(network)} for name, network in weights.items()],
    }


def _baseline(trained: Baseline) -> dict[str, Any]:
    """Return the baseline as JSON."""
    if len(trained.ngrams) > MOST_NGRAMS:
        raise InputError(
            f"the baseline has {len(trained.ngrams):,} n-grams, and a page at most "
            f"{MOST_NGRAMS:,}: raise baseline.min_reviews, or export an .onnx or .zip file"
        )
    return {
        "words": trained.words,
        "maxlen": None,
        "models": [
            {
                "name": BASELINE,
                "longest": trained.longest,
                "ngrams": "\n".join(trained.ngrams),
                "weights": _array(trained.weights.astype(np.float32)),
                "intercept": trained.intercept,
            }
        ],
    }


def _network(weights: RecurrentWeights) -> dict[str, Any]:
    """Return a network as JSON."""
    frequent = int(FREQUENT * len(weights.vectors))
    common, common_scales = quantize(weights.vectors[:frequent], np.int16)
    rare, rare_scales = quantize(weights.vectors[frequent:], np.int8)
    return {
        "cell": weights.cell,
        "pooled": weights.pooled,
        "units": len(weights.directions[0].recurrent),
        "common": _array(common),
        "rare": _array(rare),
        "scales": _array(np.concatenate([common_scales, rare_scales])),
        "directions": [
            {
                "kernel": _array(direction.kernel),
                "recurrent": _array(direction.recurrent),
                "inputBias": _array(direction.input_bias),
                "stateBias": _array(direction.state_bias),
            }
            for direction in weights.directions
        ],
        "output": _array(weights.output),
        "outputBias": float(weights.output_bias[0]),
    }


def _array(array: NDArray[Any]) -> dict[str, str]:
    """Return the name of JavaScript's type of an array, and its little-endian numbers."""
    little_endian = array.astype(array.dtype.newbyteorder("<"))
    return {
        "array": f"{array.dtype.name.capitalize()}Array",
        "base64": base64.b64encode(little_endian.tobytes()).decode(),
    }
