"""Requests and answers of the JSON API of `birnn serve`."""

from typing import Annotated

from pydantic import BaseModel, Field

LARGEST_TEXT = 20_000  # characters
LARGEST_BATCH = 500  # texts

Text = Annotated[str, Field(max_length=LARGEST_TEXT)]
Threshold = Annotated[float, Field(gt=0, lt=1, strict=True)]  # strict: no text


class PredictRequest(BaseModel, extra="forbid"):
    """Texts, and the probability above which they are positive, by default the server's."""

    texts: list[Text] = Field(min_length=1, max_length=LARGEST_BATCH, examples=[["A fine film."]])
    threshold: Threshold | None = Field(default=None, examples=[0.5])


class ExplainRequest(BaseModel, extra="forbid"):
    """A text, and the probability above which it is positive, by default the server's."""

    text: Text = Field(min_length=1, examples=["A fine film."])
    threshold: Threshold | None = Field(default=None, examples=[0.5])


class Prediction(BaseModel):
    """The prediction for a text. If no word is known, there are no label and probabilities."""

    label: str | None = Field(description="Predicted class.")
    probability: float | None = Field(description="Probability of the positive class.")
    models: dict[str, float] = Field(description="The same, from each model.")
    known: float = Field(description="Share of the words read that are in the vocabulary.")


class Predictions(BaseModel):
    """The predictions for all texts, in their order."""

    positive_class: str
    threshold: float = Field(description="Probability above which a text is positive.")
    predictions: list[Prediction]
