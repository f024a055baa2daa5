"""The settings of word vectors and embeddings of regions."""

from pydantic import Field

from birnn.core.settings import SMALLEST, Seed
from birnn.reviews.training_set import PretrainingReviews


class WordVectors(PretrainingReviews, extra="forbid"):
    """The word vectors that initialize the networks."""

    norm: float = Field(ge=SMALLEST, le=1_000)
    window: int = Field(ge=1, le=1_000)
    negative: int = Field(ge=1, le=100)
    min_count: int = Field(ge=1, le=1_000_000)
    epochs: int = Field(ge=1, le=1_000)
    seed: Seed
    regions: int = Field(ge=0, le=10_000_000)
    region_epochs: int = Field(ge=1, le=1_000)
