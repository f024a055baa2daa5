"""Reviews of made-up changes: error rates in simulations, and single cases."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from birnn.evaluation.model_names import NETWORKS
from birnn.runtime.errors import InputError
from birnn_lab import review, runs
from birnn_lab.review import FAILS, PASSES, UNDECIDED, Change, Gate
from birnn_lab.runs import Run
from birnn_lab.studies import store, writing
from birnn_lab.studies.store import About, Study
from tests.birnn.samples import CORPUS, NETWORK
from tests.projects import commit

GATE = Gate(not_worse={"accuracy": 1.2}, at_least={})
# Then every drop that is shown fails.
NARROW = Gate(not_worse={"accuracy": 0.001}, at_least={})
ACCURACY, LOSS = f"{NETWORK}.accuracy", f"{NETWORK}.loss"
DEVIATIONS = dict.fromkeys(NETWORKS, 0.0020) | {NETWORK: 0.0052}
SETTINGS = {"train.seed": 0, "train.epochs": 3, "pad.seed": 0}
LOCK = {"stages": {"evaluate": {"deps": [{"path": "data/corpus/test.parquet", "md5": "a"}]}}}


def make_runs(accuracies: dict[str, Any]) -> pd.DataFrame:
    """Return runs with seeds from 0, given the accuracies of each network."""
    columns = {f"{name}.accuracy": values for name, values in accuracies.items()}
    columns |= {f"{name}.loss": values for name, values in accuracies.items()}
    runs = pd.DataFrame(columns)
    return runs.assign(**{"train.seed": range(len(runs))})


def draw_runs(rng: np.random.Generator, seeds: int, drop: float = 0) -> pd.DataFrame:
    """Return runs over seeds; the mean accuracy of the first network is lower by `drop`."""
    means = dict.fromkeys(NETWORKS, 0.82) | {NETWORK: 0.82 - drop}
    return make_runs({name: rng.normal(means[name], DEVIATIONS[name], seeds) for name in means})


def make_study(runs: pd.DataFrame) -> Study:
    about = About("birnn study seeds", CORPUS, [], {"train.epochs": 3, "pad.seed": 0})
    return Study(Path("study/seeds"), about, runs)


def make_run(runs: pd.DataFrame, **corpus: Any) -> Run:
    metrics: dict[str, Any] = {"corpus": CORPUS | {"validation": "test"} | corpus}
    for name in runs.columns.drop("train.seed"):
        model, measure = name.split(".")
        metrics.setdefault(model, {})[measure] = float(runs[name].iloc[0])
    return Run("main", "", "", SETTINGS, metrics, LOCK)


def change_accuracy(run: Run, value: float, network: str = NETWORK) -> Run:
    return replace(run, metrics=run.metrics | {network: run.metrics[network] | {"accuracy": value}})


SPREAD = np.array([-1.5, -1, -0.5, -0.25, 0, 0, 0.25, 0.5, 1, 1.5])
STUDY = make_study(make_runs({name: 0.82 + each * SPREAD for name, each in DEVIATIONS.items()}))
DEVIATION = STUDY.runs[ACCURACY].std()
BASE = make_run(STUDY.runs)
NO_METRICS = replace(BASE, metrics={})


def not_passing(change: Change, gate: Gate = GATE) -> dict[str, str]:
    """Return the verdicts on a change that are not `passes`."""
    lines = review.judge(change, gate)
    return {line.subject: line.verdict for line in lines if line.verdict != PASSES}


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "in_study"), [(1, False), (1, True), (3, True), (5, True)])
def test_runs_that_differ_by_seed_rarely_fail(seeds: int, *, in_study: bool) -> None:
    def draw(rng: np.random.Generator, drop: float = 0) -> Change:
        study, changed = make_study(draw_runs(rng, 10)), draw_runs(rng, seeds, drop)
        if seeds > 1:
            return Change(BASE, BASE, study, changed)
        return Change(
            make_run(study.runs if in_study else draw_runs(rng, 1)), make_run(changed), study
        )

    def failure_rate(draw: Callable[[np.random.Generator], Change], repeats: int) -> float:
        rng = np.random.default_rng(0)
        lines = (review.judge(draw(rng), NARROW) for _ in range(repeats))
        return sum(review.summarize(each) == FAILS for each in lines) / repeats

    # Each side of simultaneous 95% intervals is missed in at most 2.5% of changes.
    assert 0.005 < failure_rate(draw, 500) < 0.04
    drop = 0.03 if seeds == 1 else 0.05
    assert failure_rate(lambda rng: draw(rng, drop), 50) > 0.8


@pytest.mark.parametrize(
    ("accuracy", "margin", "expected"),
    [
        (0.815, 1.2, {ACCURACY: UNDECIDED}),
        (0.83, 1.2, {}),
        # A drop that is shown passes if the interval excludes the margin.
        (0.80, 1.2, {ACCURACY: FAILS}),
        (0.80, 3.5, {}),
    ],
)
def test_drop_is_judged_by_its_interval_and_margin(
    accuracy: float, margin: float, expected: dict[str, str]
) -> None:
    change = Change(BASE, change_accuracy(BASE, accuracy), STUDY)
    gate = Gate(not_worse={"accuracy": margin}, at_least={})
    assert not_passing(change, gate) == expected


@pytest.mark.parametrize(
    ("base", "factor"),
    # The run at BASE is in the study, whose mean is the reference, or outside of it.
    [(BASE, 1.1), (change_accuracy(BASE, 0.82 + 1e-9), 2)],
)
def test_line_states_the_interval_and_the_drops_that_fail(base: Run, factor: float) -> None:
    (line, *others) = review.judge(Change(base, change_accuracy(base, 0.815), STUDY), GATE)
    # One test, Student's quantile for 9 degrees of freedom, and 1 + 1/10 or 2 times the variance.
    half_width = 100 * stats.t.isf(0.025, 9) * factor**0.5 * DEVIATION
    assert str(line) == (
        f"{ACCURACY}: undecided, −0.50 points (−{half_width + 0.5:.2f} to "
        f"+{half_width - 0.5:.2f}), margin 1.2; drops of {half_width:.2f} points or "
        "more fail; to decide, run birnn review main --seeds 10"
    )
    assert {other.reason for other in others} == {"unchanged"}


def test_intervals_of_all_changed_metrics_are_simultaneous() -> None:
    here = BASE
    for network in NETWORKS:
        here = change_accuracy(here, 0.83, network)
    line = review.judge(Change(BASE, here, STUDY), GATE)[0]
    half_width = 100 * stats.t.isf(0.025 / len(NETWORKS), 9) * 1.1**0.5 * DEVIATION
    assert f"drops of {half_width:.2f} points" in line.reason


def test_runs_are_paired_by_seed() -> None:
    # The deviation over seeds is large, but every seed drops by nearly as much.
    drops = np.array([0.010, 0.014, 0.011, 0.013, 0.010])
    runs = STUDY.runs[5:].reset_index(drop=True).assign(**{"train.seed": range(5, 10)})
    runs[ACCURACY] -= drops
    gate = Gate(not_worse={"accuracy": 2}, at_least={})
    line, *others = review.judge(Change(BASE, BASE, STUDY, runs[::-1]), gate)
    half_width = 100 * stats.t.isf(0.025, 4) * stats.sem(drops)
    # A drop must also exceed the margin.
    assert str(line) == (
        f"{ACCURACY}: passes, −1.16 points (−{1.16 + half_width:.2f} to "
        f"−{1.16 - half_width:.2f}), margin 2; "
        f"drops of {2 - half_width:.2f} points or more fail"
    )
    assert {other.reason for other in others} == {"unchanged"}
    assert not_passing(Change(BASE, BASE, STUDY, runs), NARROW) == {ACCURACY: FAILS}
    study = make_study(pd.concat([STUDY.runs] * 3).assign(**{"train.seed": range(30)}))
    runs = study.runs.assign(**{ACCURACY: study.runs[ACCURACY][::-1].to_numpy()})
    for used, advice in ((5, "seeds 10"), (10, "seeds 20"), (20, "seeds 30"), (30, "add seeds to")):
        line, *_ = review.judge(Change(BASE, BASE, study, runs[:used]), NARROW)
        assert advice in line.reason


def test_equal_seeds_decide_nothing() -> None:
    runs = STUDY.runs.assign(**{ACCURACY: 0.5})
    study = replace(STUDY, runs=runs)
    dropped = runs.assign(**{ACCURACY: 0.45})
    base, here = change_accuracy(BASE, 0.5), change_accuracy(BASE, 0.45)
    for change in (Change(base, here, study), Change(base, base, study, dropped)):
        line = review.judge(change, GATE)[0]
        assert str(line) == f"{ACCURACY}: undecided, −5.00 points, but all seeds are equal"


def test_written_review_has_settings_and_deviations(tmp_path: Path) -> None:
    settings = SETTINGS | {"train.epochs": 4, "csv.positive": [4, 5]}
    change = Change(BASE, replace(change_accuracy(BASE, 0.83), settings=settings), STUDY)
    metrics = f"| Metric | main |\n|---|---|\n| {ACCURACY} | 0.81 |\n| other | 1 |"
    review.write(change, review.judge(change, GATE), metrics, tmp_path / "review.md")
    text = (tmp_path / "review.md").read_text(encoding="utf-8")
    assert "The change **passes**." in text
    assert "the mean of the 10 runs of `study/seeds`" in text
    listed = "- `csv.positive`: – → [4, 5]\n- `train.epochs`: 3 → 4\n"
    assert f"## Settings\n\n{listed}\n## Metrics" in text
    assert text.endswith(
        "| Metric | main | Deviation over seeds |\n|---|---|---|\n"
        f"| {ACCURACY} | 0.81 | {DEVIATION:.4f} |\n| other | 1 | |\n"
    )
    unchanged = "| Metric | main |\n|---|---|"
    assert {review.add_deviations(unchanged, study) for study in (STUDY, None)} == {""}
    other = replace(BASE, metrics=BASE.metrics | {"corpus": {"name": "other"}})
    review.write(Change(BASE, other, STUDY), [], metrics, tmp_path / "review.md")
    assert "eviation" not in (tmp_path / "review.md").read_text(encoding="utf-8")


def test_lower_loss_is_better() -> None:
    gates = {metric: Gate(not_worse={metric: 1.2}, at_least={}) for metric in ("loss", "accuracy")}
    for rise, expected in ((0.1, {LOSS: FAILS}), (-0.1, {})):
        runs = STUDY.runs.assign(**{LOSS: STUDY.runs[LOSS] + rise})
        assert not_passing(Change(BASE, make_run(runs), STUDY), gates["loss"]) == expected
    # In this study, each network has a loss that is as high as its accuracy.
    gain = np.linspace(-0.03, 0.01, len(STUDY.runs))
    runs = STUDY.runs.assign(
        **{ACCURACY: STUDY.runs[ACCURACY] + gain, LOSS: STUDY.runs[LOSS] - gain}
    )
    lines = (review.judge(Change(BASE, BASE, STUDY, runs), gate)[0] for gate in gates.values())
    assert len({(line.verdict, line.reason) for line in lines}) == 1


@pytest.mark.parametrize("runs", [None, STUDY.runs[:3]])
def test_unchanged_runs_pass_unless_the_lock_is_stale(runs: pd.DataFrame | None) -> None:
    change = Change(BASE, BASE, STUDY, runs)
    lines = review.judge(change, GATE)
    assert {(line.verdict, line.reason) for line in lines} == {(PASSES, "unchanged")}
    assert review.summarize(lines) == PASSES
    lines = review.judge(change, GATE, ("train",))
    assert str(lines[-1]) == "dvc.lock: fails, stale (train): run make repro"
    assert review.summarize(lines) == FAILS


def test_without_study_or_value_nothing_is_decided() -> None:
    here = replace(BASE, metrics=BASE.metrics | {name: {"f1": 0.7} for name in NETWORKS})
    gate = Gate(not_worse={"f1": 1.0}, at_least={})
    for change, conditions, reason in (
        (Change(BASE, change_accuracy(BASE, 0.1), None), GATE, review.NO_STUDY),
        (Change(BASE, here, STUDY), gate, "BASE has no value"),
    ):
        lines = review.judge(change, conditions)
        assert lines[0].reason == reason
        assert review.summarize(lines) == UNDECIDED


def test_low_or_missing_metrics_fail() -> None:
    lowest = BASE.metrics[NETWORK]["accuracy"]
    minimums = {ACCURACY: lowest, LOSS: lowest + 0.0001, f"{NETWORK}.none": 0.1}
    gate = Gate(not_worse={"exactness": 1.0}, at_least=minimums)
    missing = dict.fromkeys((f"{name}.exactness" for name in NETWORKS), FAILS)
    low = {LOSS: FAILS, f"{NETWORK}.none": FAILS}
    assert not_passing(Change(BASE, BASE, None), gate) == missing | low
    # Metrics have minimums even if there is nothing to compare with.
    incomparable = dict.fromkeys(missing, UNDECIDED)
    assert not_passing(Change(NO_METRICS, BASE, None), gate) == incomparable | low


@pytest.mark.parametrize(
    ("here", "reason"),
    [
        (make_run(STUDY.runs, name="other"), "the corpus changed from imdb to other"),
        (replace(BASE, lock={"stages": {}}), "the test reviews changed"),
        (NO_METRICS, "here has no metrics"),
    ],
)
def test_different_test_reviews_are_not_compared(here: Run, reason: str) -> None:
    lines = review.judge(Change(BASE, here, STUDY), GATE)
    assert {line.reason for line in lines} == {f"not comparable: {reason}"}
    assert review.summarize(lines) == UNDECIDED


@pytest.mark.parametrize(("first", "second", "seed"), [(0.1, 0.2, 0), (0.1, 0.1, 1)])
def test_other_held_out_reviews_are_not_compared(first: float, second: float, seed: int) -> None:
    runs = STUDY.runs.assign(**{f"{name}.holdout_accuracy": 0.8 for name in NETWORKS})
    base, here = (make_run(runs, validation=value) for value in (first, second))
    gate = Gate(not_worse={"holdout_accuracy": 1.0, "accuracy": 1.0}, at_least={})
    assert not_passing(Change(base, base, None), gate) == {}
    here = replace(here, settings=SETTINGS | {"pad.seed": seed})
    # Test accuracies remain comparable.
    assert not_passing(Change(base, here, None), gate) == {
        f"{name}.holdout_accuracy": UNDECIDED for name in NETWORKS
    }
    # Without held-out reviews, this seed has no effect.
    on_test = make_run(runs)
    assert not_passing(Change(on_test, replace(on_test, settings=here.settings), None), gate) == {}


def test_seeds_are_those_of_the_study() -> None:
    change = Change(BASE, BASE, make_study(STUDY.runs[:3].assign(**{"train.seed": [7, 2, 5]})))
    assert [review.choose_seeds(change, count) for count in (2, 3)] == [[2, 5], [2, 5, 7]]
    with pytest.raises(InputError, match=r"study/seeds has only 3 seeds: .* main --seeds 3$"):
        review.choose_seeds(change, 4)
    for change, reason in (
        (Change(BASE, BASE, None), "no study over seeds"),
        (Change(BASE, NO_METRICS, STUDY), "not comparable: here has no metrics"),
    ):
        with pytest.raises(InputError, match=reason):
            review.choose_seeds(change, 1)


def test_studies_of_the_base_that_cannot_be_read_are_left_out(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writing.write_files(STUDY, {})
    for name, about in (("conflict", "<<<<<<< HEAD"), ("other", "other: 1"), ("rows", None)):
        folder = repository / "study" / name
        shutil.copytree(STUDY.folder, folder)
        (folder / (store.ABOUT if about else store.RUNS)).write_text(about or "")
    commit(repository)
    assert [study.name for study in review.read_studies("HEAD")] == ["seeds"]
    assert capsys.readouterr().err.splitlines() == [
        f"warning: study/{name} of HEAD cannot be read, and is left out"
        for name in ("conflict", "other", "rows")
    ]
    assert review.read_studies("no-such-commit") == []
    for base in ("no-such-commit", "", "HEAD^{tree}"):
        with pytest.raises(InputError, match=rf"'{re.escape(base)}' is not a commit with"):
            runs.read(base)


def test_study_varies_only_the_training_seed_of_the_base() -> None:
    other, varied = (
        replace(STUDY, about=replace(STUDY.about, **change))
        for change in ({"settings": {"train.epochs": 5, "pad.seed": 0}}, {"varied": ["a.b"]})
    )
    assert review.find_study([other, varied, STUDY], [], BASE) is STUDY
    assert review.find_study([other, varied], [], BASE) is None
    assert review.find_study([STUDY], [], NO_METRICS) is None
    # A study that the change reran is not used. One that is not committed yet is, if it contains
    # the run at BASE.
    rerun = replace(STUDY, runs=STUDY.runs.assign(**{ACCURACY: 0.7}))
    assert review.find_study([STUDY], [replace(STUDY)], BASE) is STUDY
    assert review.find_study([], [rerun], BASE) is None
    assert review.find_study([], [STUDY], BASE) is STUDY
    assert review.find_study([varied], [STUDY], BASE) is STUDY
