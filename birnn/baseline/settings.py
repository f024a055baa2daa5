"""The settings of the baseline."""

from typing import Literal

from pydantic import Field

from birnn.core.settings import SMALLEST, Section


class BaselineSettings(Section):
    """The settings of the baseline."""

    ngrams: int = Field(ge=1, le=5)
    min_reviews: int = Field(ge=1, le=1_000_000)
    weighting: Literal["naive-bayes", "tf-idf"]
    smoothing: float = Field(ge=SMALLEST, le=1_000)
    inverse_regularization: float = Field(ge=SMALLEST, le=1_000_000)
