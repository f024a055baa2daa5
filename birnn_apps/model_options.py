"""The options --model and --threshold.

The registry of networks is imported only if a command uses it.
"""

import re
from typing import Annotated

import typer


def _model_choices() -> list[str]:
    from birnn.evaluation.model_names import CHOICES

    return [*CHOICES]


def _check_model(name: str | None) -> str | None:
    if name is not None and name not in _model_choices():
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(_model_choices())}")
    return name


def _check_threshold(text: str | None) -> str | None:
    match = re.fullmatch(r"(?:(?:recall|precision)=)?(0?\.\d+|1\.?0*)", text or "")
    if text is not None and not (match and 0 < float(match[1]) < 1):
        raise typer.BadParameter(f"{text} is not a number above 0 and below 1, or recall=0.9")
    return text


Model = Annotated[
    str | None,
    typer.Option(
        callback=_check_model,
        autocompletion=_model_choices,
        help="Model: a network, such as bilstm, baseline, or networks (mean of their log-odds). By "
        "default, held-out reviews choose it; if none are held out, it is the baseline.",
    ),
]
Threshold = Annotated[
    str | None,
    typer.Option(
        callback=_check_threshold,
        help="Probability of the positive class above which a text belongs to it, such as 0.3; or "
        "a recall or precision of the rarer class that held-out reviews reach, such as recall=0.9.",
        show_default="the model's",
    ),
]
