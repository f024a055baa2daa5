"""The review of a change: what it changes, and if it lowers the accuracy of a model.

The seed alone changes an accuracy. So a drop counts only if noise does not explain it: the spread
of runs that differ in nothing but seeds, in the study whose settings are nearest. The baseline does
not depend on the seed, and its noise on the test split is due to the choice of films.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field
from scipy import special

from birnn.core.outputs import write_text
from birnn.core.settings import Section
from birnn.evaluation.metrics import is_correct
from birnn.evaluation.model_names import BASELINE, TITLES
from birnn.report import page
from birnn.style.formatting import NOTHING, listed, points
from birnn_lab import processes
from birnn_lab.experiments import Run
from birnn_lab.setting_text import differing
from birnn_lab.studies import differences, store
from birnn_lab.studies.store import SEED, Study

GATE = Path("gate.yaml")
MOST_NAMES = 3  # of settings in a line
PASSES, FAILS, UNDECIDED = "passes", "fails", "undecided"
HELD_OUT, ON_TEST = "holdout_accuracy", "accuracy"
MEASURES = {HELD_OUT: "held-out accuracy", ON_TEST: "test accuracy"}


class Gate(Section):
    """The rule of a review, as `gate.yaml` describes it."""

    confidence: float = Field(gt=50, lt=100)  # in percent, of all models together


@dataclass(frozen=True)
class Verdict:
    """The verdict on one subject, such as a model, and its reason."""

    subject: str
    verdict: str
    reason: str

    def __str__(self) -> str:
        """Return the verdict as it is printed."""
        return f"{self.subject}: {self.verdict}, {self.reason}"


@dataclass(frozen=True)
class Noise:
    """The standard deviation of an accuracy between runs, and its source."""

    deviation: float
    freedom: int  # degrees of freedom
    source: str
    # The mean accuracy of the runs of the study, if BASE is one of them.
    mean: float | None = None


def judge(base: Run, here: Run, studies: Sequence[Study], gate: Gate) -> list[Verdict]:
    """Return the verdicts on a change from `base`: one for each model and for `dvc.lock`."""
    models = [name for name in TITLES if name in base.metrics or name in here.metrics]
    if obstacle := find_obstacle(base, here):
        verdicts = [Verdict(name, UNDECIDED, obstacle) for name in models]
    else:
        outside = (1 - gate.confidence / 100) / max(1, len(models))
        tail = outside / 2  # on each side of one of the simultaneous intervals
        verdicts = [_judge(name, base, here, studies, tail) for name in models]
    if stale := stale_stages():
        verdicts.append(Verdict("dvc.lock", FAILS, f"{', '.join(stale)}: run make repro"))
    return verdicts


def summarize(verdicts: Sequence[Verdict]) -> str:
    """Return the verdict on a change: the worst one."""
    found = [verdict.verdict for verdict in verdicts]
    return next((verdict for verdict in (FAILS, UNDECIDED) if verdict in found), PASSES)


def find_obstacle(base: Run, here: Run) -> str:
    """Return why the metrics of both sides are not comparable, or an empty string."""
    if not (base.metrics and here.metrics):
        return f"not comparable: {'the change' if base.metrics else 'BASE'} has no metrics"
    before, after = ("{name} ({digest})".format_map(run.metrics["corpus"]) for run in (base, here))
    return "" if before == after else f"not comparable: the corpus changed from {before} to {after}"


def _held_out(run: Run) -> object:
    """Return what the held-out reviews of a run depend on, besides the corpus."""
    return run.metrics["corpus"].get("validation"), run.settings.get(store.HOLD_OUT_SEED)


def _judge(name: str, base: Run, here: Run, studies: Sequence[Study], tail: float) -> Verdict:
    before, after = base.metrics.get(name, {}), here.metrics.get(name, {})
    if before == after:
        return Verdict(name, PASSES, "unchanged")
    if not (before and after):
        return Verdict(
            name, UNDECIDED if after else FAILS, f"{'BASE' if after else 'the change'} lacks it"
        )
    on_held_out = HELD_OUT in before and HELD_OUT in after and _held_out(base) == _held_out(here)
    measure = HELD_OUT if on_held_out else ON_TEST
    title, gain = MEASURES[measure], after[measure] - before[measure]
    noise = find_noise(name, measure, base, studies)
    if noise is None:
        return Verdict(
            name, UNDECIDED, f"{points(gain)} points of {title}, and no study shows its noise"
        )
    spread = 2.0
    if noise.mean is not None:  # less noisy than one run
        gain, spread = after[measure] - noise.mean, 1 + 1 / (noise.freedom + 1)
    limit = -float(special.stdtrit(noise.freedom, tail)) * math.sqrt(spread) * noise.deviation
    return Verdict(
        name,
        PASSES if gain >= -limit else FAILS,
        f"{points(gain)} points of {title}, noise ±{100 * limit:.2f} ({noise.source})",
    )


def find_noise(name: str, measure: str, base: Run, studies: Sequence[Study]) -> Noise | None:
    """Return the noise of a model's accuracy in the nearest study on the corpus of BASE.

    The nearest combination has the fewest settings that differ from BASE, then the most runs.
    """
    known = []
    for study, settings, runs in _over_seeds(studies, base.metrics["corpus"]["name"]):
        noise = _measure_noise(name, measure, study, runs)
        if noise is None:
            continue
        differ = differing(settings, base.settings)
        names = [*sorted(differ)[:MOST_NAMES], *(["others"] if len(differ) > MOST_NAMES else [])]
        distance = f"with other {listed(names)}" if differ else "with the settings of BASE"
        source = f"{noise.source} of study/{study.name}, {distance}"
        own = runs.loc[runs[SEED] == base.settings.get(SEED), f"{name}.{measure}"]
        has_base = not differ and name != BASELINE and base.metrics[name][measure] in own.to_list()
        mean = float(runs[f"{name}.{measure}"].mean()) if has_base else None
        known.append((len(differ), -len(runs), Noise(noise.deviation, noise.freedom, source, mean)))
    return min(known, key=lambda item: item[:2])[-1] if known else None


def _over_seeds(
    studies: Sequence[Study], corpus: str
) -> Iterator[tuple[Study, dict[str, Any], pd.DataFrame]]:
    """Yield runs that differ only in their seeds, with their settings without seeds."""
    for study in studies:
        if study.is_sample or study.about.corpus["name"] != corpus:
            continue
        by_run = study.settings_by_run()
        for combination in study.combinations():
            runs = combination.runs
            settings = by_run[runs["name"].iloc[0]]
            shared = {key: value for key, value in settings.items() if not key.endswith(".seed")}
            yield study, shared, runs


def _measure_noise(name: str, measure: str, study: Study, runs: pd.DataFrame) -> Noise | None:
    column = f"{name}.{measure}"
    values = runs[column].dropna() if column in runs else pd.Series()
    if name == BASELINE and measure == ON_TEST:
        tables = [*store.read_predictions(study.folder, runs["name"][:1]).values()]
        if study.reviews is None or not tables or name not in tables[0]:
            return None
        labels, groups = study.labels_and_groups()
        correct = is_correct(labels, tables[0][name].to_numpy(np.float32)).astype(np.float64)
        mean = differences.mean_over_groups(correct, groups, seeds=1)
        return Noise(mean.standard_error, len(np.unique(groups)) - 1, "films")
    deviation = float(values.std())
    if math.isnan(deviation) or deviation < differences.ROUNDING_ERROR:
        return None
    return Noise(deviation, len(values) - 1, f"{len(values)} runs")


def stale_stages() -> list[str]:
    """Return the stages that `dvc repro` would run, or the reason why DVC cannot say."""
    planned = processes.run("dvc", "repro", "--dry", "--allow-missing", check=False)
    # Without the data, DVC stops at the first stage that is stale.
    printed = (planned.stdout + planned.stderr).decode()
    stale = re.findall(r"(?:^Running stage|failed to reproduce) '(.*?)'", printed, re.MULTILINE)
    if planned.returncode and not stale:
        return [f"cannot be checked: {processes.last_line(planned.stderr.decode())}"]
    return [f"stale {name}" for name in stale]


def write(base: Run, here: Run, verdicts: Sequence[Verdict], gate: Gate, file: Path) -> None:
    """Write a review as Markdown, with the table of `dvc metrics diff`."""
    metrics = processes.output("dvc", "metrics", "diff", "--md", "--no-path", base.revision)
    before, after = base.settings, here.settings
    settings = [
        (name, before.get(name, NOTHING), after.get(name, NOTHING))
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    ]
    text = page.fill(
        "review.md.j2",
        "birnn_lab",
        base=base.name,
        verdicts=verdicts,
        verdict=summarize(verdicts),
        confidence=f"{gate.confidence:g}",
        settings=settings,
        metrics=metrics if "\n" in metrics.strip() else "",
    )
    write_text(file, text)
