"""The settings of n-grams as inputs of the networks."""

from pydantic import Field

from birnn.core.settings import SMALLEST, Section, Seed


class Ngrams(Section):
    """The log-count ratios of n-grams, an additional input of the networks."""

    longest: int = Field(ge=0, le=5)
    min_reviews: int = Field(ge=1, le=1_000_000)
    smoothing: float = Field(ge=SMALLEST, le=1_000)
    folds: int = Field(ge=2, le=1_000)
    seed: Seed
