"""The reviews that models are trained on, and those that the curves of a training are drawn for."""

from pathlib import Path

LABELLED = Path("data/padded/train")
SELF_LABELLED = Path("data/self_labelled")

TRAINING, TEST, VALIDATION = "training", "test split", "validation"


def watched_split(validation: str | float) -> str:
    """Return the name of the reviews on which each epoch is validated (see `pad.validation`)."""
    return TEST if validation == "test" else VALIDATION


def training_folder() -> Path:
    """Return the folder of the reviews that models are trained on (see `text.sequences`)."""
    return SELF_LABELLED if (SELF_LABELLED / "labels.npy").exists() else LABELLED
