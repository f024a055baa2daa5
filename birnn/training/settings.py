"""The settings of the training of a network."""

from typing import Annotated, Literal

from pydantic import Field

from birnn.core.settings import SMALLEST, Seed
from birnn.networks.definition import NetworkSettings
from birnn.reviews.sequences import TrainedModels, TrainingReviews


class Train(TrainingReviews, TrainedModels, extra="forbid"):
    """The training of a network."""

    seed: Seed
    epochs: int = Field(ge=1, le=10_000)
    batch_size: int = Field(ge=1, le=1_000_000)
    optimizer: Literal["adam", "adamw", "nadam", "rmsprop", "sgd"]
    learning_rate: float = Field(ge=SMALLEST, le=10)
    schedule: Literal["constant", "cosine"]
    max_gradient_norm: Annotated[float, Field(ge=SMALLEST, le=1_000_000)] | None


class TrainingSettings(NetworkSettings):
    """The sections that the training of any network reads, besides its own."""

    train: Train
