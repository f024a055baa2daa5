"""The settings of the training of a network."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from birnn.core.settings import SECTION, SMALLEST, Seed
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

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if self.self_training and not self.networks:
            raise PydanticCustomError(SECTION, "self_training needs networks: true")
        return self


class TrainingSettings(NetworkSettings):
    """The sections that the training of any network reads, besides its own."""

    train: Train
