"""The review of a change: what it changes, and a verdict on each condition in `gate.yaml`.

The seed alone changes a metric. So a verdict rests on the interval of the change over seeds, whose
variance comes from a study with the settings of BASE. All intervals hold together with 95%.
"""

import math
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from pydantic import PositiveFloat
from scipy import special

from birnn.core.outputs import write_text
from birnn.core.paths import TEST_REVIEWS
from birnn.core.settings import Section
from birnn.evaluation.intervals import LOWER_IS_BETTER, tail
from birnn.evaluation.model_names import NETWORKS
from birnn.report import page
from birnn.runtime.errors import InputError
from birnn.style.formatting import NOTHING, points
from birnn_lab import processes
from birnn_lab.runs import Run, locked_reviews
from birnn_lab.studies import differences, store
from birnn_lab.studies.store import SEED, Study, find_over_seeds

GATE = Path("gate.yaml")
PASSES, FAILS, UNDECIDED = "passes", "fails", "undecided"
NO_VALUE = "has no value: fix its name in gate.yaml, or run make repro"
NO_STUDY = (
    "no study over seeds has the settings of BASE: check out BASE, and run birnn sweep "
    "-S train.seed=0..9 && birnn study ten-seeds -S train.seed=0..9"
)


class Gate(Section):
    """The conditions of a review, as `gate.yaml` describes them."""

    not_worse: dict[str, PositiveFloat]
    at_least: dict[str, float]


@dataclass(frozen=True)
class Change:
    """Both sides of a change."""

    base: Run  # run before the change
    here: Run  # run with the change
    study: Study | None  # study that varies only the training seed of BASE, or None
    # Runs with the change and seeds of the study, in columns such as `bigru.accuracy`. If None, one
    # run on each side is compared.
    runs: pd.DataFrame | None = None

    @property
    def base_in_study(self) -> bool:
        """True if the study contains the run at BASE, so both have the same code."""
        base, study = self.base, self.study
        return bool(study and study.contains(base.metrics, base.settings))

    @property
    def obstacle(self) -> str:
        """The reason why the metrics of both sides are not comparable, or an empty string."""
        base, here = self.base, self.here
        if not (base.metrics and here.metrics):
            return f"not comparable: {'here' if base.metrics else 'BASE'} has no metrics"
        before, after = (run.metrics["corpus"]["name"] for run in (base, here))
        if before != after:
            return f"not comparable: the corpus changed from {before} to {after}"
        tests = [locked_reviews(run.lock).get(TEST_REVIEWS.as_posix()) for run in (base, here)]
        return "" if tests[0] == tests[1] else "not comparable: the test reviews changed"


@dataclass(frozen=True)
class Line:
    """The verdict on one condition: its subject, such as `bilstm.accuracy`, and the reason."""

    subject: str
    verdict: str
    reason: str
    has_interval: bool = False

    def __str__(self) -> str:
        """Return the line as it is printed."""
        return f"{self.subject}: {self.verdict}, {self.reason}"


def read_studies(commit: str) -> list[Study]:
    """Return the studies of a commit, without those that this code cannot read."""
    command = ("git", "archive", commit, "--", store.FOLDER.as_posix())
    archive = processes.run(*command, check=False).stdout
    if not archive:
        return []
    studies = []
    with TemporaryDirectory() as folder, tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
        for file in sorted(Path(folder, store.FOLDER).glob(f"*/{store.ABOUT}")):
            try:
                studies.append(store.read(file.parent))
            except InputError:  # the change may repair it
                name = f"study/{file.parent.name} of {commit}"
                print(f"warning: {name} cannot be read, and is left out", file=sys.stderr)
    return studies


def find_study(before: Iterable[Study], here: Iterable[Study], base: Run) -> Study | None:
    """Return the largest study that varies only the training seed of BASE, or None.

    It is one of the studies `before`, at BASE, if there is one. Those `here`, in the working tree,
    may be of other code, and are used only if they contain the run at BASE.
    """
    if not base.metrics:
        return None
    corpus, settings = base.metrics["corpus"], base.settings
    at_base = find_over_seeds(study for study in before if study.matches(corpus, settings))
    return at_base or find_over_seeds(
        study for study in here if study.contains(base.metrics, settings)
    )


def choose_seeds(change: Change, count: int) -> list[int]:
    """Return the seeds of the study to run the change with."""
    if change.study is None or change.obstacle:
        raise InputError(change.obstacle or NO_STUDY)
    name, seeds = change.study.name, sorted(change.study.runs[SEED].tolist())
    if len(seeds) < count:
        raise InputError(
            f"study/{name} has only {len(seeds)} seeds: "
            f"run birnn review {change.base.name} --seeds {len(seeds)}"
        )
    return seeds[:count]


def judge(change: Change, gate: Gate, stale: Sequence[str] = ()) -> list[Line]:
    """Return the verdicts on a change, given the stages that are stale in `dvc.lock`."""
    lines = list(_judge_measures(change, gate.not_worse))
    if stale:
        lines.append(Line("dvc.lock", FAILS, f"stale ({', '.join(stale)}): run make repro"))
    measures = change.here.measures
    for metric, minimum in gate.at_least.items():
        if metric not in measures:
            lines.append(Line(metric, FAILS, NO_VALUE))
        elif (value := measures[metric]) < minimum:
            lines.append(Line(metric, FAILS, f"{value} is below the minimum of {minimum}"))
    return lines


def summarize(lines: Sequence[Line]) -> str:
    """Return the verdict on a change: the worst one."""
    verdicts = [line.verdict for line in lines]
    return next((verdict for verdict in (FAILS, UNDECIDED) if verdict in verdicts), PASSES)


def write(change: Change, lines: Sequence[Line], metrics: str, file: Path) -> None:
    """Write a review as Markdown, given the verdicts and the table of `dvc metrics diff`."""
    before, after = change.base.settings, change.here.settings
    text = page.fill(
        "review.md.j2",
        "birnn_lab",
        change=change,
        lines=lines,
        verdict=summarize(lines),
        settings=[
            (name, before.get(name, NOTHING), after.get(name, NOTHING))
            for name in sorted(before | after)
        ],
        metrics=add_deviations(metrics, None if change.obstacle else change.study),
    )
    write_text(file, text)


def add_deviations(table: str, study: Study | None) -> str:
    """Add the standard deviation over seeds, if it is known, to the table of `dvc metrics diff`.

    A table without rows becomes empty.
    """
    head, rule, *rows = table.splitlines()
    if not rows:
        return ""
    if not study:
        return table
    lines = [f"{head} Deviation over seeds |", f"{rule}---|"]
    deviations = study.runs.std(numeric_only=True)
    for row in rows:
        deviation = deviations.get(row.split("|")[1].strip())
        lines.append(f"{row} |" if deviation is None else f"{row} {deviation:.4f} |")
    return "\n".join(lines)


def _judge_measures(change: Change, not_worse: Mapping[str, float]) -> Iterator[Line]:
    """Yield one line per measure and network. Their intervals are simultaneous."""
    pairs = [(network, measure) for measure in not_worse for network in NETWORKS]
    estimates = {pair: _estimate(change, *pair) for pair in pairs}
    comparisons = sum(isinstance(estimate, tuple) for estimate in estimates.values())
    for (network, measure), estimate in estimates.items():
        if isinstance(estimate, Line):
            yield estimate
            continue
        gain, error, freedom = estimate
        half_width = -float(special.stdtrit(freedom, tail(comparisons))) * error
        low, high, margin = gain - half_width, gain + half_width, not_worse[measure] / 100
        verdict = PASSES if low > -margin else FAILS if high < 0 else UNDECIDED
        reason = (
            f"{points(gain)} points ({points(low)} to {points(high)}), margin {100 * margin:g}; "
            f"drops of {100 * max(half_width, margin - half_width):.2f} points or more fail"
        )
        if verdict == UNDECIDED and change.study:
            reason += f"; to decide, {_how_to_decide(change, change.study)}"
        yield Line(f"{network}.{measure}", verdict, reason, has_interval=True)


def _how_to_decide(change: Change, study: Study) -> str:
    """Return what may decide a change that is undecided."""
    used, available = 0 if change.runs is None else len(change.runs), len(study.runs)
    if used < available:
        seeds = min(max(10, 2 * used), available)
        return f"run birnn review {change.base.name} --seeds {seeds}"
    return f"add seeds to study/{study.name} at {change.base.name}, commit, and review against that"


def _estimate(change: Change, network: str, measure: str) -> Line | tuple[float, float, int]:
    """Return the gain in a measure, its standard error and degrees of freedom.

    The gain is negative for a drop. If there is nothing to test, return the line instead.
    """
    metric, study = f"{network}.{measure}", change.study
    before, after = (run.measures.get(metric, math.nan) for run in (change.base, change.here))
    if line := _without_test(change, metric, before, after):
        return line
    if study is None or metric not in study.runs:
        return Line(metric, UNDECIDED, NO_STUDY)
    values, sign = study.runs.set_index(SEED)[metric], -1 if measure in LOWER_IS_BETTER else 1
    if change.runs is not None:
        gains = sign * (change.runs.set_index(SEED)[metric] - values)
        if not gains.any():
            return Line(metric, PASSES, "unchanged")
        mean = differences.mean_over_seeds(gains)
        gain, error, count = mean.mean, mean.standard_error, mean.seeds
    else:
        # The mean of the study is less noisy than the run at BASE.
        in_study, count = change.base_in_study, len(values)
        reference, factor = (values.mean(), 1 + 1 / count) if in_study else (before, 2)
        gain, error = sign * (after - reference), math.sqrt(factor) * values.std()
    if error < differences.ROUNDING_ERROR:
        return Line(metric, UNDECIDED, f"{points(gain)} points, but {differences.ALL_EQUAL}")
    return gain, error, count - 1


def _without_test(change: Change, metric: str, before: float, after: float) -> Line | None:
    """Return the line of a metric whose values need no test, else None."""
    if change.obstacle:
        return Line(metric, UNDECIDED, change.obstacle)
    if math.isnan(after):
        return Line(metric, FAILS, NO_VALUE)
    if math.isnan(before):
        return Line(metric, UNDECIDED, "BASE has no value")
    if "holdout" in metric and _held_out(change.base) != _held_out(change.here):
        return Line(metric, UNDECIDED, "not comparable: the held-out reviews changed")
    if change.runs is None and before == after:
        return Line(metric, PASSES, "unchanged")
    return None


def _held_out(run: Run) -> object:
    """Return what the held-out reviews of a run depend on, besides the corpus."""
    held_out = run.metrics["corpus"].get("validation")
    return held_out if held_out == "test" else (held_out, run.settings["pad.seed"])
