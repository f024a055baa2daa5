"""What the networks say of one text, and which of its words moved them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from birnn.evaluation.model_names import CLASSES, THRESHOLD
from birnn.inference.attribution import Attribution, Attributor
from birnn.inference.predictor import Reader, mean
from birnn.text import encoding, tokenizer


@dataclass(frozen=True)
class Segment:
    """A piece of the text: a word, or what stands between words.

    Attributes:
        text: the piece.
        word: whether it is a word.
        read: whether the networks saw it; a long text is truncated.
        known: whether the word has an id of its own.
    """

    text: str
    word: bool = False
    read: bool = False
    known: bool = False


@dataclass(frozen=True)
class Reading:
    """What one network says.

    Attributes:
        probability: of positive.
        blank: log-odds of positive with every word blanked.
        log_odds: log-odds of positive.
        contributions: what each segment adds to the log-odds, 0 for those that were not read.
        gap: what the contributions leave unexplained of the log-odds.
    """

    probability: float
    blank: float
    log_odds: float
    contributions: list[float]
    gap: float


@dataclass(frozen=True)
class Explanation:
    """What all networks say of a text.

    Attributes:
        segments: the whole text.
        readings: by network.
        probability: of positive, the mean of the networks.
    """

    segments: list[Segment]
    readings: dict[str, Reading]
    probability: float

    @property
    def sentiment(self) -> str:
        """The class that the mean probability names."""
        return CLASSES[int(self.probability > THRESHOLD)]


class Explainer:
    """Reads single texts, and tells which words mattered."""

    def __init__(self, reading: Reader) -> None:
        """Take the networks."""
        self._reader = reading
        self._known = set(reading.encoding.words)
        self._attributors = {name: Attributor(model) for name, model in reading.networks.items()}

    def explain(self, text: str) -> Explanation:
        """Return what the networks say of a text, and which of its words moved them."""
        tokens = tokenizer.tokenize([text])
        words: list[str] = tokens.to_pylist()[0] or []
        sequence = encoding.encode(tokens, self._reader.encoding)[0]
        places = encoding.places(len(words), self._reader.encoding)
        segments = self._segments(text, words, set(places.tolist()))
        probabilities = self._reader.probabilities([text])
        readings = {}
        for name, attributor in self._attributors.items():
            found = attributor.attribute(sequence)
            readings[name] = Reading(
                probability=float(probabilities[name][0]),
                blank=found.blank,
                log_odds=found.log_odds,
                contributions=_of_segments(found, places, segments),
                gap=found.gap,
            )
        return Explanation(segments, readings, float(mean(probabilities)[0]))

    def _segments(self, text: str, words: list[str], read: set[int]) -> list[Segment]:
        segments, end_of_last = [], 0
        for number, (start, end) in enumerate(tokenizer.spans(text)):
            if start > end_of_last:
                segments.append(Segment(text[end_of_last:start]))
            known = words[number] in self._known
            segments.append(Segment(text[start:end], word=True, read=number in read, known=known))
            end_of_last = end
        if end_of_last < len(text):
            segments.append(Segment(text[end_of_last:]))
        return segments


def _of_segments(
    found: Attribution, places: NDArray[np.int32], segments: list[Segment]
) -> list[float]:
    """Lay the contributions of the places of a sequence on the words of the text."""
    by_word = dict(zip(places.tolist(), found.contributions.tolist(), strict=True))
    contributions, number = [], 0
    for segment in segments:
        contributions.append(by_word.get(number, 0.0) if segment.word else 0.0)
        number += segment.word
    return contributions
