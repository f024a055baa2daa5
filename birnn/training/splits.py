"""Names of the reviews that the curves of a training are drawn for."""

TRAINING, TEST, VALIDATION = "training", "test split", "validation"


def watched_split(validation: str | float) -> str:
    """Return the name of the reviews on which each epoch is validated (see `pad.validation`)."""
    return TEST if validation == "test" else VALIDATION
