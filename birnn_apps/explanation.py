"""Prediction for one text and the contribution of each word.

The contribution of a word is by how much the log-odds would fall if the word were unknown. The API
of `birnn serve` describes fields by the docstrings below them.
"""

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, Field

from birnn.evaluation.predictor import Model
from birnn.networks.log_odds import probability
from birnn.reviews import tokenizer
from birnn_apps.classifier import Classifier

MOST_TERMS = 10
FEW = 0.5  # share of the words


class Segment(BaseModel, frozen=True, use_attribute_docstrings=True):
    """A piece of the text: a word, or the characters between two words."""

    text: str
    """The characters."""
    word: bool = False
    """True for a word."""
    read: bool = False
    """True for a word that the model reads; networks truncate long texts."""
    known: bool = False
    """True for a word in the vocabulary."""


class Term(BaseModel, frozen=True, use_attribute_docstrings=True):
    """A word and its contribution."""

    text: str
    """The word."""
    contribution: float
    """By how much the log-odds of the positive class would fall if the word were unknown."""


class ModelExplanation(BaseModel, frozen=True, use_attribute_docstrings=True):
    """The prediction of one model and its explanation, in log-odds of the positive class."""

    probability: float
    """Probability of the positive class."""
    log_odds: float
    """Log-odds of the text."""
    contributions: list[float]
    """Contribution of each segment; 0 if it is no word that the model knows and reads."""
    strongest: list[Term]
    """Words with the strongest contributions."""


class Explanation(BaseModel, frozen=True, use_attribute_docstrings=True):
    """The predictions of all models for a text and their explanations."""

    segments: list[Segment]
    """Segments of the whole text, in order."""
    classes: list[str]
    """Names of the negative and the positive class."""
    known: float = 0.0
    """Share of the words read that are in the vocabulary."""
    label: str | None = None
    """Predicted class; null if no word is known."""
    probability: float | None = None
    """Probability of the positive class, from the model or all networks together."""
    log_odds: float | None = None
    """Log-odds of the positive class."""
    models: dict[str, ModelExplanation] = Field(default_factory=dict)
    """Explanation by model."""


def explain(classifier: Classifier, text: str) -> Explanation:
    """Return the predictions for a text and the contributions of its words."""
    tokens = classifier.tokenize([text])
    words: list[str] = tokens.to_pylist()[0] or []
    segments = _split(classifier, text, words)
    classes = [*classifier.classes]
    predicted = classifier.predict_tokens(tokens)
    if not predicted.known[0]:
        return Explanation(segments=segments, classes=classes)
    models = {
        name: _explain(
            model,
            tokens,
            segments,
            float(predicted.by_model[name][0]),
            classifier.temperature(name),
        )
        for name, model in classifier.models.items()
    }
    return Explanation(
        segments=segments,
        classes=classes,
        known=float(predicted.known[0]),
        label=classifier.classify(predicted.log_odds[0]),
        probability=float(probability(predicted.log_odds)[0]),
        log_odds=float(predicted.log_odds[0]),
        models=models,
    )


def note(known: float) -> str:
    """Return a note about the share of known words, or nothing if it is not small."""
    if not known:
        return "no known words"
    return f"only {known:.0%} of the words are known" if known < FEW else ""


def _split(classifier: Classifier, text: str, words: list[str]) -> list[Segment]:
    """Split a text into segments."""
    read = classifier.words_read(len(words))
    segments, last_end = [], 0
    for index, (start, end) in enumerate(tokenizer.spans(text, classifier.tokenizer)):
        segments.append(Segment(text=text[last_end:start]))
        known = words[index] in classifier.vocabulary
        segments.append(Segment(text=text[start:end], word=True, read=index in read, known=known))
        last_end = end
    segments.append(Segment(text=text[last_end:]))
    return [segment for segment in segments if segment.text]


def _explain(
    model: Model, tokens: pa.ListArray, segments: list[Segment], log_odds: float, temperature: float
) -> ModelExplanation:
    """Return the explanation of a model's log-odds, which are divided by a temperature."""
    words = [segment for segment in segments if segment.word]
    places = np.flatnonzero([word.read for word in words])
    changes = np.zeros(len(words))
    changes[places] = np.nan_to_num(model.changes(tokens, [places])) / temperature
    contributions = iter((-changes).tolist())
    order = np.argsort(-abs(changes), kind="stable")
    return ModelExplanation(
        probability=float(probability(np.array(log_odds))),
        log_odds=log_odds,
        contributions=[next(contributions) if segment.word else 0.0 for segment in segments],
        strongest=[
            Term(text=words[place].text, contribution=-changes[place])
            for place in order[:MOST_TERMS]
            if changes[place]
        ],
    )
