"""Prediction for one text and the contribution of each word.

The contribution of a word is by how much the log-odds would fall if the word were unknown. The API
of `birnn serve` describes fields by the docstrings below them.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from birnn.reviews import tokenizer
from birnn_apps.classifier import Classifier

FEW = 0.5  # share of the words


class Segment(BaseModel, frozen=True, use_attribute_docstrings=True):
    """A piece of the text: a word, or the characters between two words."""

    text: str
    word: bool = False
    read: bool = False
    """True for a word that the model reads; networks truncate long texts."""


class ModelExplanation(BaseModel, frozen=True, use_attribute_docstrings=True):
    """The prediction of one model and its explanation, in log-odds of the positive class."""

    probability: float
    log_odds: float
    contributions: list[float]
    """By how much the log-odds would fall if a segment were an unknown word; 0 if it is no word
    that the model knows and reads."""


class Explanation(BaseModel, frozen=True, use_attribute_docstrings=True):
    """The predictions of all models for a text and their explanations."""

    segments: list[Segment]
    classes: list[str]
    """Names of the negative and the positive class."""
    threshold: float
    """Probability above which a text is positive."""
    known: float
    """Share of the words read that are in the vocabulary."""
    label: str | None = None
    """Predicted class; null if no word is known."""
    probability: float | None = None
    """Probability of the positive class, from the model or all networks together."""
    models: dict[str, ModelExplanation] = Field(default_factory=dict)
    """Explanation by model."""


def explain(classifier: Classifier, text: str) -> Explanation:
    """Return the predictions for a text and the contributions of its words."""
    tokens = classifier.tokenize([text])
    words = tokens.to_pylist()[0] or []
    predicted = classifier.predict_tokens(tokens)
    (described,) = classifier.describe(predicted)
    segments, models = _split(classifier, text, len(words)), {}
    for name, value in described.models.items():
        changes = iter(_changes(classifier, name, tokens, len(words)).tolist())
        models[name] = ModelExplanation(
            probability=value,
            log_odds=float(predicted.by_model[name][0]),
            contributions=[-next(changes) if segment.word else 0.0 for segment in segments],
        )
    return Explanation(
        segments=segments,
        classes=[*classifier.classes],
        threshold=classifier.threshold,
        known=described.known,
        label=described.label,
        probability=described.probability,
        models=models,
    )


def note(known: float) -> str:
    """Return a note about the share of known words, or nothing if it is not small."""
    if not known:
        return "no known words"
    return f"only {known:.0%} of the words are known" if known < FEW else ""


def _split(classifier: Classifier, text: str, count: int) -> list[Segment]:
    """Split a text of `count` words into segments."""
    read = classifier.words_read(count)
    segments, last_end = [], 0
    for index, (start, end) in enumerate(tokenizer.spans(text, classifier.tokenizer)):
        segments.append(Segment(text=text[last_end:start]))
        segments.append(Segment(text=text[start:end], word=True, read=index in read))
        last_end = end
    segments.append(Segment(text=text[last_end:]))
    return [segment for segment in segments if segment.text]


def _changes(
    classifier: Classifier, name: str, tokens: pa.ListArray, count: int
) -> NDArray[np.float64]:
    """Return the change of a model's log-odds if each of `count` words were unknown."""
    read = np.array(classifier.words_read(count))
    changes = np.zeros(count)
    changes[read] = np.nan_to_num(classifier.models[name].changes(tokens, [read]))
    return changes / classifier.temperature(name)
