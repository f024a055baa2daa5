"""Prediction for one text and the contribution of each word."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from birnn.inference.attribution import Attribution, Attributor
from birnn.inference.known_words import without_known_words
from birnn.inference.predictor import Predictor
from birnn.networks.decision import combine, predicted_class, probability
from birnn.text import encoding, tokenizer


@dataclass(frozen=True)
class Segment:
    """A piece of the text: a word, or the characters between two words.

    Attributes:
        text: the characters.
        word: whether it is a word.
        read: whether it is a word that the networks see; long texts are truncated.
        known: whether the word is in the vocabulary.
    """

    text: str
    word: bool = False
    read: bool = False
    known: bool = False


@dataclass(frozen=True)
class NetworkExplanation:
    """The prediction of one network and its explanation, in log-odds of positive.

    Attributes:
        probability: probability of positive.
        blank: log-odds of the text with every word blanked.
        log_odds: log-odds of the text.
        contributions: contribution of each segment; 0 if the networks do not see it.
        gap: log-odds that the contributions leave unexplained.
    """

    probability: float
    blank: float
    log_odds: float
    contributions: list[float]
    gap: float


@dataclass(frozen=True)
class Explanation:
    """The predictions of all networks for a text and their explanations.

    Attributes:
        segments: segments of the whole text, in order.
        no_known_words: whether the networks see no known word. Then there is no prediction.
        sentiment: predicted class.
        probability: probability of positive, with all networks combined.
        log_odds: log-odds of positive, with all networks combined.
        networks: explanation by network name.
    """

    segments: list[Segment]
    no_known_words: bool = True
    sentiment: str | None = None
    probability: float | None = None
    log_odds: float | None = None
    networks: dict[str, NetworkExplanation] = field(default_factory=dict)


class Explainer:
    """A predictor of single texts that also computes the contributions of their words."""

    def __init__(self, predictor: Predictor) -> None:
        """Prepare to explain the predictions of the predictor's networks."""
        self.predictor = predictor
        self._vocabulary = set(predictor.encoding.words)
        self._attributors = {name: Attributor(model) for name, model in predictor.networks.items()}

    def explain(self, text: str) -> Explanation:
        """Return the predictions for a text and the contributions of its words."""
        tokens = tokenizer.tokenize([text], self.predictor.encoding.tokenizer)
        words: list[str] = tokens.to_pylist()[0] or []
        sequences = encoding.encode(tokens, self.predictor.encoding)
        word_indices = encoding.word_indices(len(words), self.predictor.encoding)
        segments = self._split(text, words, set(word_indices.tolist()))
        if without_known_words(sequences)[0]:
            return Explanation(segments)
        log_odds = self.predictor.predict_sequences(sequences)
        networks = {}
        for name, attributor in self._attributors.items():
            attribution = attributor.attribute(sequences[0])
            networks[name] = NetworkExplanation(
                probability=float(probability(log_odds[name])[0]),
                blank=attribution.blank,
                log_odds=attribution.log_odds,
                contributions=_segment_contributions(attribution, word_indices, segments),
                gap=attribution.gap,
            )
        combined = combine(list(log_odds.values()))
        return Explanation(
            segments,
            no_known_words=False,
            sentiment=predicted_class(combined[0]),
            probability=float(probability(combined)[0]),
            log_odds=float(combined[0]),
            networks=networks,
        )

    def _split(self, text: str, words: list[str], read: set[int]) -> list[Segment]:
        """Split a text into segments; `read` has the indices of the words that the networks see."""
        segments, last_end = [], 0
        spans = tokenizer.spans(text, self.predictor.encoding.tokenizer)
        for index, (start, end) in enumerate(spans):
            if start > last_end:
                segments.append(Segment(text[last_end:start]))
            known = words[index] in self._vocabulary
            segments.append(Segment(text[start:end], word=True, read=index in read, known=known))
            last_end = end
        if last_end < len(text):
            segments.append(Segment(text[last_end:]))
        return segments


def _segment_contributions(
    attribution: Attribution, word_indices: NDArray[np.int32], segments: list[Segment]
) -> list[float]:
    """Map the contributions of sequence positions to the segments of the text."""
    by_word = dict(zip(word_indices.tolist(), attribution.contributions.tolist(), strict=True))
    contributions, index = [], 0
    for segment in segments:
        contributions.append(by_word.get(index, 0.0) if segment.word else 0.0)
        index += segment.word
    return contributions
