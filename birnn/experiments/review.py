"""The review of a change: its effect on settings and results, compared with noise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, ValidationError

from birnn.core.errors import InputError
from birnn.core.outputs import atomic_file
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.intervals import Interval
from birnn.evaluation.model_names import NETWORKS
from birnn.experiments.revisions import Facts
from birnn.reporting import statistics, study
from birnn.reporting.study import Study

GATE = Path("gate.yaml")
LOWER_IS_BETTER = {"loss", "brier", "ece"}
UNRANKED = {"best_val_epoch", "parameters"}
VALIDATION = {"best_val_accuracy", "best_val_epoch"}

BETTER, WORSE, WITHIN, UNKNOWN = "better", "worse", "within noise", "noise unknown"


class Gate(BaseModel):
    """The conditions of a review.

    Attributes:
        not_worse: measures of the networks that must not be worse than at BASE by more than noise.
        at_least: minimum values, by full name of the metric, such as `bilstm.accuracy`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    not_worse: list[str]
    at_least: dict[str, float]


@dataclass(frozen=True)
class Row:
    """One metric of a model on both sides.

    Attributes:
        metric: full name.
        base: value at BASE, or None.
        here: value in the working tree, or None.
        noise: how far apart two runs can be that differ only by their seed. If unknown, half the
            width of the paired interval of the difference, or None without such an interval.
        word: verdict on the difference, such as `better`.
    """

    metric: str
    base: float | None
    here: float | None
    noise: float | None
    word: str


@dataclass(frozen=True)
class Review:
    """The differences between two sides, and the result of the gate.

    Attributes:
        settings: name, value at BASE and value here of each setting that differs.
        obstacles: reasons why the results cannot be compared; empty if they can.
        rows: metrics that differ.
        plots: files of the plots that differ.
        stale: whether `dvc.lock` is out of date.
        failures: reasons why the gate fails; empty if it passes.
    """

    settings: list[tuple[str, Any, Any]]
    obstacles: list[str]
    rows: list[Row]
    plots: list[str]
    stale: bool
    failures: list[str]


@dataclass(frozen=True)
class Noise:
    """The estimates of noise that differences are compared with.

    Attributes:
        over_seeds: study of the corpus that varies only the seed, or None.
        paired: by model, the paired interval of its accuracy here minus its accuracy at BASE.
    """

    over_seeds: Study | None
    paired: dict[str, Interval]


def review(base: Facts, here: Facts, noise: Noise, gate: Gate, *, stale: bool) -> Review:
    """Compare both sides of a change.

    Args:
        base: facts before the change.
        here: facts with the change.
        noise: estimates of noise.
        gate: conditions to check.
        stale: whether `dvc.lock` is out of date.
    """
    obstacles = list(_obstacles(base, here))
    rows = [] if obstacles else _rows(base, here, noise)
    failures = [] if obstacles else list(_failures(rows, here, gate))
    names = sorted(base.settings | here.settings)
    values = [(name, base.settings.get(name), here.settings.get(name)) for name in names]
    return Review(
        settings=[value for value in values if value[1] != value[2]],
        obstacles=obstacles,
        rows=rows,
        plots=[
            name
            for name in sorted(base.plots | here.plots)
            if base.plots.get(name) != here.plots.get(name)
        ],
        stale=stale,
        failures=["dvc.lock is stale: run make repro, and commit its results"] * stale + failures,
    )


def read_gate(file: Path = GATE) -> Gate:
    """Read the conditions of a review.

    Raises:
        InputError: a key is missing or unknown, or a value has the wrong type.
    """
    try:
        return Gate.model_validate(read_yaml(file))
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise InputError(f"{file}: {'; '.join(mistakes)}") from error


def noise_study(folder: Path, corpus: dict[str, Any]) -> Study | None:
    """Return the study of this corpus that varies only the seed, or None."""
    studies = study.read_all(folder)
    return next(
        (
            candidate
            for candidate in studies
            if not candidate.varied
            and len(candidate.runs) > 1
            and candidate.matches(corpus, candidate.settings)
        ),
        None,
    )


def write(content: Review, base: str, noises: Study | None, file: Path) -> None:
    """Write the review as Markdown."""
    environment = Environment(
        loader=PackageLoader("birnn.experiments"),
        autoescape=False,  # noqa: S701  # Markdown of this project's names and numbers
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["value"] = _value
    text = environment.get_template("review.md.j2").render(
        review=content, base=base, noises=noises, better=BETTER, worse=WORSE
    )
    with atomic_file(file) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _obstacles(base: Facts, here: Facts) -> Iterator[str]:
    if not base.metrics:
        yield "BASE has no metrics yet"
        return
    if not here.metrics:
        yield "the working tree has no metrics: run make repro"
        return
    ours, theirs = (side.metrics["corpus"]["name"] for side in (here, base))
    if ours != theirs:
        yield f"the corpus changed from {theirs} to {ours}"
    elif base.test_reviews != here.test_reviews:
        yield "the test split changed"


def _rows(base: Facts, here: Facts, noise: Noise) -> list[Row]:
    validation = [side.metrics["corpus"]["validation"] for side in (base, here)]
    rows = []
    # Also the models that only one side has.
    sides = {name: value for side in (here, base) for name, value in side.metrics.items()}
    for model in [name for name, value in sides.items() if "accuracy" in value]:
        before, after = base.metrics.get(model, {}), here.metrics.get(model, {})
        for measure in {**before, **after}:
            values = before.get(measure), after.get(measure)
            if values[0] == values[1] or any(isinstance(value, list) for value in values):
                continue
            margin = _margin(noise, model, measure)
            word = _word(measure, values, margin)
            if measure in VALIDATION and validation[0] != validation[1]:
                word = "not comparable"
            rows.append(Row(f"{model}.{measure}", *values, margin, word))
    return rows


def _margin(noise: Noise, model: str, measure: str) -> float | None:
    """Return the largest difference that counts as noise, or None if it is unknown."""
    if noise.over_seeds is not None and model in NETWORKS:
        # The margin covers all measures of all networks together.
        summary = noise.over_seeds.summary
        summary = summary[summary["model"].isin(NETWORKS)]
        row = summary[(summary["model"] == model) & (summary["measure"] == measure)]
        if not row.empty:
            deviation, runs = float(row["deviation"].iloc[0]), int(row["seeds"].iloc[0])
            return statistics.noise(deviation, runs, comparisons=len(summary))
    if measure == "accuracy" and model in noise.paired:
        low, high = noise.paired[model]
        return (high - low) / 2
    return None


def _word(measure: str, values: tuple[Any, Any], margin: float | None) -> str:
    base, here = values
    if base is None or here is None:
        return "new" if base is None else "gone"
    if measure in UNRANKED:
        return ""
    if margin is None:
        return UNKNOWN
    if abs(here - base) <= margin:
        return WITHIN
    return BETTER if (here < base) == (measure in LOWER_IS_BETTER) else WORSE


def _failures(rows: Sequence[Row], here: Facts, gate: Gate) -> Iterator[str]:
    for row in rows:
        model, measure = row.metric.split(".")
        if model in NETWORKS and measure in gate.not_worse and row.word == WORSE:
            yield f"{row.metric} got worse: from {_value(row.base)} to {_value(row.here)}"
    for metric, minimum in gate.at_least.items():
        model, _, measure = metric.partition(".")
        value = here.metrics.get(model, {}).get(measure)
        if value is None:
            yield f"{metric} has no value: fix its name in gate.yaml, or run make repro"
        elif value < minimum:
            yield f"{metric} is {_value(value)}, below the minimum of {minimum}"


def _value(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
