"""The review of a change: its effect on settings and results, compared with noise."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from birnn.core.errors import InputError
from birnn.core.outputs import atomic_file
from birnn.experiments import gate as gates
from birnn.experiments.gate import (
    LEVEL,
    NOT_SHOWN,
    UNKNOWN,
    VALIDATION,
    WORSE,
    DropTest,
    Gate,
    MarginTest,
)
from birnn.experiments.revisions import Facts
from birnn.reporting import study
from birnn.reporting.study import Study
from birnn.style import formatting

STUDY_COMMANDS = "birnn sweep -S train.seed=0..9 && birnn study ten-seeds -S train.seed=0..9"


@dataclass(frozen=True)
class Row:
    """One metric of a model on both sides.

    Attributes:
        metric: full name.
        base: value at BASE, or None.
        here: value in the working tree, or None.
        noise: standard deviation of the difference if only the seed differs, None if unknown.
        note: `new`, `gone`, `not comparable` or an empty string.
    """

    metric: str
    base: float | None
    here: float | None
    noise: float | None
    note: str


@dataclass(frozen=True)
class Review:
    """The differences between two sides, and the result of the gate.

    Attributes:
        settings: name, value at BASE and value here of each setting that differs.
        obstacles: reasons why the results cannot be compared; empty if they can.
        rows: metrics that differ.
        plots: files of the plots that differ.
        study: study that shows how much results vary between seeds, or None.
        same_settings: whether the study has the settings of BASE.
        same_run: whether the study contains the run at BASE.
        drops: tests of one run on each side; empty if there are runs over seeds.
        margins: tests over seeds.
        failures: reasons why the gate fails; empty if it passes.
    """

    settings: list[tuple[str, Any, Any]]
    obstacles: list[str]
    rows: list[Row]
    plots: list[str]
    study: Study | None
    same_settings: bool
    same_run: bool
    drops: list[DropTest]
    margins: list[MarginTest]
    failures: list[str]

    @property
    def tests(self) -> Sequence[DropTest | MarginTest]:
        """The tests of the gate."""
        return self.drops or self.margins

    @property
    def rule(self) -> str:
        """The sentence on when the gate fails, and how often."""
        if self.drops:
            return (
                "With one run on each side, the gate fails only if a drop is shown: in at most "
                f"{LEVEL:.0%} of reviews if nothing but the seed changed. Drops below the "
                "detectable ones often pass. With make review SEEDS=5, it fails unless the runs "
                f"show that no network is worse by the margin in gate.yaml.{self._untested}"
            )
        unchanged = min(1, sum(test.failure_rate(0) for test in self.margins))
        worse, much_worse = (
            min(test.failure_rate(size * test.margin) for test in self.margins) for size in (1, 1.5)
        )
        return (
            "With several seeds, the gate fails unless the runs show that no network is worse by "
            "the margin in gate.yaml. If results vary between seeds as in the study, it fails in "
            f"at most {unchanged:.1%} of reviews if nothing but the seeds changed, in at least "
            f"{worse:.1%} if a network is worse by the margin, and in at least "
            f"{min(much_worse, 0.999):.1%} if it is worse by 1.5 margins. With one run on each "
            "side, it fails only if a drop is shown."
        )

    @property
    def _untested(self) -> str:
        """The metrics without a test, because their noise is unknown, and the remedy."""
        unknown = [test.metric for test in self.drops if test.verdict == UNKNOWN]
        if not unknown:
            return ""
        cause = "no study over seeds has this corpus"
        if self.study:
            cause = f"study/{self.study.name} does not measure it"
        return (
            f" The noise of {formatting.listed(unknown)} is unknown, because {cause}, so there is "
            f"no test. To make a study, check out BASE and run: {STUDY_COMMANDS}"
        )


def review(  # noqa: PLR0913
    base: Facts,
    here: Facts,
    noise: Study | None,
    gate: Gate,
    *,
    stale: bool,
    runs: pd.DataFrame | None = None,
) -> Review:
    """Compare both sides of a change.

    Args:
        base: facts before the change.
        here: facts with the change.
        noise: study of the corpus over seeds, or None.
        gate: conditions to check.
        stale: whether `dvc.lock` is out of date.
        runs: runs with the change over seeds, with the columns of `noise.runs`. Without them, the
            gate compares one run on each side.
    """
    found = list(obstacles(base, here))
    comparable = None if found else noise
    names = sorted(base.settings | here.settings)
    values = [(name, base.settings.get(name), here.settings.get(name)) for name in names]
    drops = gates.drop_tests(base, here, noise, gate) if runs is None and not found else []
    margins = gates.margin_tests(runs, noise, gate) if runs is not None and noise else []
    failures = [] if found else [*_low(here, gate), *_failed(drops, margins)]
    return Review(
        settings=[value for value in values if value[1] != value[2]],
        obstacles=found,
        rows=[] if found else list(_rows(base, here, noise)),
        plots=[
            name
            for name in sorted(base.plots | here.plots)
            if base.plots.get(name) != here.plots.get(name)
        ],
        study=noise,
        same_settings=bool(
            comparable and comparable.matches(base.metrics["corpus"], base.settings)
        ),
        same_run=bool(comparable and comparable.contains(base.metrics, base.settings)),
        drops=drops,
        margins=margins,
        failures=["dvc.lock is stale: run make repro, and commit its results"] * stale + failures,
    )


def noise_study(folder: Path, base: Facts) -> Study | None:
    """Return a study of the corpus of BASE that varies only the seed, or None.

    Prefer one with the settings of BASE.
    """
    corpus = base.metrics.get("corpus", {})
    studies = [
        each
        for each in study.read_all(folder)
        if not each.varied and len(each.runs) > 1 and each.covers(corpus)
    ]
    return max(studies, key=lambda each: each.matches(corpus, base.settings), default=None)


def obstacles(base: Facts, here: Facts) -> Iterator[str]:
    """Yield the reasons why the results of both sides cannot be compared."""
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


def check_seeds(base: Facts, here: Facts, noise: Study | None, gate: Gate) -> None:
    """Check that runs with the change over seeds could be compared with the study.

    Raises:
        InputError: they could not.
    """
    if found := list(obstacles(base, here)):
        raise InputError(f"the change cannot be compared over seeds: {'; '.join(found)}")
    if noise is None or not noise.matches(base.metrics["corpus"], base.settings):
        raise InputError(
            "no study over seeds has the corpus and the settings of BASE. To make one, check out "
            f"BASE and run: {STUDY_COMMANDS}"
        )
    for metric in gate.metrics:
        if metric not in noise.runs and base.value(metric) is not None:
            raise InputError(
                f"study/{noise.name} lacks {metric}. Check out BASE and run: {STUDY_COMMANDS}"
            )


def write(content: Review, base: str, file: Path) -> None:
    """Write the review as Markdown."""
    environment = Environment(
        loader=PackageLoader("birnn.experiments"),
        autoescape=False,  # noqa: S701  # Markdown of this project's names and numbers
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "value": _value,
        "points": formatting.points,
        "deviation": lambda spread: formatting.with_deviation(asdict(spread)),
    }
    text = environment.get_template("review.md.j2").render(review=content, base=base, gate=gates)
    with atomic_file(file) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _rows(base: Facts, here: Facts, noise: Study | None) -> Iterator[Row]:
    # Also the models that only one side has.
    sides = {name: value for side in (here, base) for name, value in side.metrics.items()}
    for model in [name for name, value in sides.items() if "accuracy" in value]:
        for measure in base.metrics.get(model, {}) | here.metrics.get(model, {}):
            metric = f"{model}.{measure}"
            before, after = base.value(metric), here.value(metric)
            if before == after or isinstance(before, list) or isinstance(after, list):
                continue
            deviation = None
            if noise is not None and model in noise.networks and metric in noise.runs:
                deviation = math.sqrt(2) * float(noise.runs[metric].std())
            note = "new" if before is None else "gone" if after is None else ""
            if measure in VALIDATION and base.validation != here.validation:
                note = "not comparable"
            yield Row(metric, before, after, deviation, note)


def _low(here: Facts, gate: Gate) -> Iterator[str]:
    for metric in dict.fromkeys((*gate.metrics, *gate.at_least)):
        value, minimum = here.value(metric), gate.at_least.get(metric)
        if value is None:
            yield f"{metric} has no value: fix its name in gate.yaml, or run make repro"
        elif minimum is not None and value < minimum:
            yield f"{metric} is {_value(value)}, below the minimum of {minimum}"


def _failed(drops: Sequence[DropTest], margins: Sequence[MarginTest]) -> Iterator[str]:
    for drop in drops:
        if drop.verdict == WORSE:
            yield f"{drop.metric} is worse than before"
    for test in margins:
        if test.verdict == NOT_SHOWN:
            yield f"{test.metric} {NOT_SHOWN} of {100 * test.margin:g} points"


def _value(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
