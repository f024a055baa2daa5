"""Requests and answers of the JSON API of `birnn serve`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from birnn_apps.request_queue import LARGEST_BATCH

LARGEST_TEXT = 20_000  # characters


def _not_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("the text is empty")
    return text


class RequestBody(BaseModel):
    """The fields that the bodies of requests share."""

    model_config = ConfigDict(extra="forbid")

    threshold: float | None = Field(
        default=None,
        strict=True,  # no text
        gt=0,
        lt=1,
        description="Probability above which a text is positive; by default the server's.",
        examples=[0.5],
    )


class ExplainRequest(RequestBody):
    """The body of a request to `/explain`."""

    text: Annotated[str, AfterValidator(_not_empty)] = Field(
        min_length=1, max_length=LARGEST_TEXT, description="A review.", examples=["A fine film."]
    )


class PredictRequest(RequestBody):
    """The body of a request to `/predict`."""

    texts: list[Annotated[str, Field(max_length=LARGEST_TEXT)]] = Field(
        min_length=1,
        max_length=LARGEST_BATCH,
        description=f"Up to {LARGEST_BATCH} reviews. They may be empty.",
        examples=[["A fine film.", ""]],
    )


class Prediction(BaseModel):
    """The prediction for a text."""

    sentiment: str | None = Field(description="Predicted class; null if no word is known.")
    probability: float | None = Field(
        description="Probability of the positive class, from the model or all networks together."
    )
    models: dict[str, float | None] = Field(
        description="Probability of the positive class from each model."
    )
    label_probability: float | None = Field(description="Probability of the predicted class.")
    known: float = Field(description="Share of the words read that are in the vocabulary.")


class Predictions(BaseModel):
    """The predictions for all texts, in their order."""

    positive_class: str = Field(description="Name of the positive class.")
    threshold: float = Field(description="Probability above which a text belongs to it.")
    predictions: list[Prediction] = Field(description="One prediction per text.")


class Health(BaseModel):
    """The state of the server."""

    status: Literal["ok"] = Field(description="Always ok.")
    model: str = Field(description="The model that predicts.")
    accuracy: float | None = Field(description="Its accuracy on the test split.")
    waiting: int = Field(description="Number of requests that wait or are being answered.")


REFUSALS: dict[int | str, dict[str, str]] = {
    413: {"description": "The request is too large."},
    422: {"description": "The request is invalid; the answer says where and why."},
    503: {"description": "Too many requests wait; try again after `Retry-After` seconds."},
}
