"""Requests and answers of the JSON API of `birnn serve`."""

from typing import Annotated

from pydantic import BaseModel, Field

LARGEST_TEXT = 20_000  # characters
LARGEST_BATCH = 500  # texts

Text = Annotated[str, Field(max_length=LARGEST_TEXT)]


class _Request(BaseModel, extra="forbid"):
    threshold: float | None = Field(
        default=None,
        strict=True,  # no text
        gt=0,
        lt=1,
        description="Probability above which a text is positive; by default the server's.",
        examples=[0.5],
    )


class ExplainRequest(_Request):
    """The body of a request to `/explain`."""

    text: Text = Field(examples=["A fine film."])


class PredictRequest(_Request):
    """The body of a request to `/predict`."""

    texts: list[Text] = Field(
        min_length=1, max_length=LARGEST_BATCH, examples=[["A fine film.", ""]]
    )


class Prediction(BaseModel):
    """The prediction for a text. If no word is known, there are no label and probabilities."""

    label: str | None = Field(description="Predicted class.")
    probability: float | None = Field(description="Probability of the positive class.")
    models: dict[str, float] = Field(description="The same, from each model.")
    label_probability: float | None = Field(description="Probability of the predicted class.")
    known: float = Field(description="Share of the words read that are in the vocabulary.")


class PredictAnswer(BaseModel):
    """The predictions for all texts, in their order."""

    positive_class: str
    threshold: float = Field(description="Probability above which a text is positive.")
    predictions: list[Prediction]
