"""Names of the sets of reviews on which the learning curves are measured."""

TRAINING, TEST, VALIDATION = "training", "test split", "validation"


def watched_split(validation: str | float) -> str:
    """Return the name of the reviews on which each epoch is validated (see `pad.validation`)."""
    return TEST if validation == "test" else VALIDATION
