"""Reviews of made-up changes: error rates in simulations, and single cases."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.core.errors import InputError
from birnn.experiments import collect, review
from birnn.experiments.review import FAILS, PASSES, UNDECIDED, Change, Gate
from birnn.experiments.runs import Run
from birnn.studies import store
from birnn.studies.store import About, Study
from tests.projects import PROJECT

GATE = Gate(not_worse={"accuracy": 1.2}, at_least={})
# Then every drop that is shown fails.
NARROW = Gate(not_worse={"accuracy": 0.001}, at_least={})
DEVIATIONS = {"bilstm": 0.0052, "bigru": 0.0020}
CORPUS = {"name": "mine", "train_reviews": 9, "test_reviews": 9, "vocabulary": 9}
PARAMS = {"train": {"seed": 0, "epochs": 3}, "pad": {"seed": 0}}
LOCK = {"stages": {"evaluate": {"deps": [{"path": "data/corpus/test.parquet", "md5": "a"}]}}}


def make_runs(accuracies: dict[str, Any]) -> pd.DataFrame:
    """Return runs with seeds from 0, given the accuracies of each network."""
    columns = {f"{name}.accuracy": values for name, values in accuracies.items()}
    columns |= {f"{name}.loss": values for name, values in accuracies.items()}
    runs = pd.DataFrame(columns)
    return runs.assign(**{"train.seed": range(len(runs))})


def draw_runs(rng: np.random.Generator, seeds: int, drop: float = 0) -> pd.DataFrame:
    """Return runs over seeds; the mean accuracy of the BiLSTM is lower by `drop`."""
    means = {"bilstm": 0.82 - drop, "bigru": 0.82}
    return make_runs({name: rng.normal(means[name], DEVIATIONS[name], seeds) for name in means})


def make_study(runs: pd.DataFrame) -> Study:
    settings = {"train.epochs": 3, "pad.seed": 0}
    about = About("birnn study seeds", CORPUS, [], settings)
    return Study(Path("study/seeds"), about, runs, runs[:0])


def make_run(runs: pd.DataFrame, **validation: Any) -> Run:
    """Return the first of some runs."""
    metrics: dict[str, Any] = {"corpus": CORPUS | {"validation": "test"} | validation}
    for name in runs.columns.drop("train.seed"):
        model, measure = name.split(".")
        metrics.setdefault(model, {})[measure] = float(runs[name].iloc[0])
    return Run("main", "", "", PARAMS, metrics, LOCK)


def change_values(run: Run, **changes: float) -> Run:
    """Return a run with other accuracies of some networks."""
    changed = {name: run.metrics[name] | {"accuracy": value} for name, value in changes.items()}
    return replace(run, metrics=run.metrics | changed)


SPREAD = np.array([-1.5, -1, -0.5, -0.25, 0, 0, 0.25, 0.5, 1, 1.5])
STUDY = make_study(make_runs({name: 0.82 + each * SPREAD for name, each in DEVIATIONS.items()}))
BASE = make_run(STUDY.runs)


def verdicts(change: Change, gate: Gate = GATE, stale: tuple[str, ...] = ()) -> dict[str, str]:
    lines = review.judge(change, gate, stale)
    return {line.subject: line.verdict for line in lines}


def failure_rate(draw: Callable[[np.random.Generator], Change], repeats: int = 500) -> float:
    """Return how often a random change fails."""
    rng = np.random.default_rng(0)
    lines = (review.judge(draw(rng), NARROW) for _ in range(repeats))
    return sum(review.summarize(each) == FAILS for each in lines) / repeats


@pytest.mark.parametrize("in_study", [False, True])
def test_single_runs_that_differ_by_seed_rarely_fail(*, in_study: bool) -> None:
    def draw(rng: np.random.Generator, drop: float = 0) -> Change:
        study = make_study(draw_runs(rng, 10))
        base = make_run(study.runs if in_study else draw_runs(rng, 1))
        return Change(base, make_run(draw_runs(rng, 1, drop)), study)

    # Each side of simultaneous 95% intervals is missed in at most 2.5% of changes.
    assert 0.005 < failure_rate(draw) < 0.04
    assert failure_rate(lambda rng: draw(rng, drop=0.03), 50) > 0.8


@pytest.mark.parametrize("seeds", [3, 5])
def test_several_seeds_that_differ_by_chance_rarely_fail(seeds: int) -> None:
    def draw(rng: np.random.Generator, drop: float = 0) -> Change:
        study = make_study(draw_runs(rng, 10))
        return Change(BASE, BASE, study, draw_runs(rng, seeds, drop))

    assert 0.005 < failure_rate(draw) < 0.04
    assert failure_rate(lambda rng: draw(rng, drop=0.05), 50) > 0.8


def test_drop_is_judged_by_its_interval_and_margin() -> None:
    for drop, verdict in ((0.03, FAILS), (0.005, UNDECIDED), (-0.01, PASSES)):
        change = Change(BASE, change_values(BASE, bilstm=0.82 - drop, bigru=0.8201), STUDY)
        assert verdicts(change) == {"bilstm.accuracy": verdict, "bigru.accuracy": PASSES}
    # A drop that is shown passes if the interval excludes the margin.
    small = Change(BASE, change_values(BASE, bigru=0.81), STUDY)
    tolerant = Gate(not_worse={"accuracy": 2.0}, at_least={})
    assert (verdicts(small)["bigru.accuracy"], verdicts(small, tolerant)["bigru.accuracy"]) == (
        *(FAILS, PASSES),
    )


def test_line_states_the_interval_and_the_drops_that_fail() -> None:
    change = Change(BASE, change_values(BASE, bilstm=0.815), STUDY)
    (line, _) = review.judge(change, GATE)
    # One test, Student's quantile 2.262 for 9 degrees of freedom, and 1 + 1/10 times the variance.
    half_width = 2.262 * 1.1**0.5 * 100 * STUDY.runs["bilstm.accuracy"].std()
    low, high = (f"{-0.5 + sign * half_width:+.2f}".replace("-", "−") for sign in (-1, 1))
    assert str(line) == (
        f"bilstm.accuracy: undecided, −0.50 points ({low} to {high}), margin 1.2; "
        f"drops of {half_width:.2f} points or more fail: run make review SEEDS=10"
    )


def test_run_outside_the_study_is_compared_with_the_run_at_base() -> None:
    base = change_values(BASE, bilstm=0.80)
    (line, _) = review.judge(Change(base, change_values(base, bilstm=0.79), STUDY), GATE)
    half_width = 2.262 * 2**0.5 * 100 * STUDY.runs["bilstm.accuracy"].std()
    assert "−1.00 points" in line.reason
    assert f"drops of {half_width:.2f} points" in line.reason


def test_lower_loss_is_better() -> None:
    losses = Gate(not_worse={"loss": 1.2}, at_least={})
    for change, verdict in ((0.1, FAILS), (-0.1, PASSES)):
        changed = make_run(STUDY.runs + change)
        assert set(verdicts(Change(BASE, changed, STUDY), losses).values()) == {verdict}
        runs = STUDY.runs.assign(**{"bilstm.loss": STUDY.runs["bilstm.loss"] + change})
        judged = verdicts(Change(BASE, BASE, STUDY, runs), losses)
        assert judged == {"bilstm.loss": verdict, "bigru.loss": PASSES}


def test_runs_are_paired_by_seed() -> None:
    # The deviation over seeds is large, but every seed drops by nearly as much.
    drops = pd.Series([0.0, 0.0002, 0.0001, 0.0002, 0.0])
    runs = STUDY.runs[5:].reset_index(drop=True).assign(**{"train.seed": range(5, 10)})
    runs["bilstm.accuracy"] -= 0.001 + drops
    narrow = Gate(not_worse={"accuracy": 0.1}, at_least={})
    judged = verdicts(Change(BASE, BASE, STUDY, runs[::-1]), narrow)
    assert judged == {"bilstm.accuracy": FAILS, "bigru.accuracy": PASSES}


@pytest.mark.parametrize("study", [STUDY, None])
def test_unchanged_run_passes(study: Study | None) -> None:
    lines = review.judge(Change(BASE, BASE, study), GATE)
    assert [line.reason for line in lines] == ["unchanged"] * 2
    assert review.summarize(lines) == PASSES


def test_unchanged_runs_over_seeds_pass() -> None:
    lines = review.judge(Change(BASE, BASE, STUDY, STUDY.runs[:3]), GATE)
    assert [str(line) for line in lines] == [
        f"{name}.accuracy: passes, unchanged" for name in DEVIATIONS
    ]


def test_unchanged_metrics_do_not_widen_the_other_intervals() -> None:
    one, two = (
        review.judge(Change(BASE, change_values(BASE, bilstm=0.815, **other), STUDY), GATE)[0]
        for other in ({}, {"bigru": 0.83})
    )
    assert one.reason.partition("drops of ")[2] < two.reason.partition("drops of ")[2]


def test_without_study_nothing_is_decided() -> None:
    lines = review.judge(Change(BASE, change_values(BASE, bilstm=0.1), None), GATE)
    assert lines[0].verdict == UNDECIDED
    assert "no study over seeds has the settings of BASE" in lines[0].reason
    assert review.summarize(lines) == UNDECIDED


def test_metric_that_the_study_or_the_base_lacks_is_undecided() -> None:
    gate = Gate(not_worse={"f1": 1.0}, at_least={})
    base, here = (
        replace(BASE, metrics=BASE.metrics | {name: {"f1": value} for name in DEVIATIONS})
        for value in (0.8, 0.7)
    )
    assert set(verdicts(Change(base, here, STUDY), gate).values()) == {UNDECIDED}
    assert set(verdicts(Change(BASE, here, STUDY), gate).values()) == {UNDECIDED}


def test_three_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("bilstm", "bigru", "third")
    for module, name in ((review, "NETWORKS"), (store, "NETWORKS"), (collect, "MODELS")):
        monkeypatch.setattr(module, name, names)
    old = replace(BASE, metrics={k: v for k, v in BASE.metrics.items() if k != "third"})
    runs = make_runs(dict.fromkeys(names, 0.82 + 0.002 * SPREAD))
    base = make_run(runs)
    here = change_values(base, bilstm=0.8201, bigru=0.79, third=0.8202)
    judged = verdicts(Change(base, here, make_study(runs)))
    assert list(judged.values()) == [PASSES, FAILS, PASSES]
    # A network that BASE lacks.
    judged = verdicts(Change(old, here, STUDY))
    assert judged["third.accuracy"] == UNDECIDED


def test_stale_lock_fails() -> None:
    lines = review.judge(Change(BASE, BASE, STUDY), GATE, ("train_bigru",))
    assert str(lines[-1]) == "dvc.lock: fails, stale (train_bigru): run make repro"
    assert review.summarize(lines) == FAILS


def test_low_or_missing_metrics_fail() -> None:
    minimums = {"bilstm.accuracy": 0.8, "bigru.accuracy": 0.9, "bigru.none": 0.1}
    strict = Gate(not_worse={"exactness": 1.0}, at_least=minimums)
    # Also if there is nothing to compare with.
    for base in (BASE, replace(BASE, metrics={})):
        lines = review.judge(Change(base, BASE, None), strict)
        failures = {line.subject: line.reason for line in lines if line.verdict == FAILS}
        assert failures["bigru.accuracy"].endswith("is below the minimum of 0.9")
        assert "has no value: fix its name in gate.yaml" in failures["bigru.none"]
        assert ("bilstm.exactness" in failures) == (base is BASE)
        assert "bilstm.accuracy" not in failures


@pytest.mark.parametrize(
    ("base", "here", "reason"),
    [
        (BASE, make_run(STUDY.runs, name="other"), "the corpus changed from mine to other"),
        (BASE, replace(BASE, lock={"stages": {}}), "the test reviews changed"),
        (replace(BASE, metrics={}), BASE, "BASE has no metrics"),
        (BASE, replace(BASE, metrics={}), "here has no metrics"),
    ],
)
def test_different_test_reviews_are_not_compared(base: Run, here: Run, reason: str) -> None:
    change = Change(base, here, STUDY)
    lines = review.judge(change, GATE)
    assert {(line.verdict, line.reason) for line in lines} == {
        (UNDECIDED, f"not comparable: {reason}")
    }
    with pytest.raises(InputError, match=f"^not comparable: {reason}"):
        review.choose_seeds(change, 2)


@pytest.mark.parametrize("measure", ["best_val_accuracy", "holdout_accuracy"])
@pytest.mark.parametrize(
    ("first", "second", "seed", "is_comparable"),
    [
        (0.1, 0.1, 0, True),
        (0.1, 0.2, 0, False),
        (0.1, 0.1, 1, False),
        (0.1, "test", 0, False),
        ("test", "test", 1, True),
    ],
)
def test_other_held_out_reviews_are_not_compared(
    measure: str, first: Any, second: Any, seed: int, *, is_comparable: bool
) -> None:
    names = {f"{name}.accuracy": f"{name}.{measure}" for name in DEVIATIONS}
    runs = STUDY.runs.rename(columns=names)
    base, here = (make_run(runs, validation=value) for value in (first, second))
    here = replace(here, params=PARAMS | {"pad": {"seed": seed}})
    gate = Gate(not_worse={measure: 1.0}, at_least={})
    expected = PASSES if is_comparable else UNDECIDED
    assert set(verdicts(Change(base, here, None), gate).values()) == {expected}
    # Test accuracies remain comparable.
    base, here = (replace(BASE, metrics=run.metrics | BASE.metrics) for run in (base, here))
    assert set(verdicts(Change(base, here, STUDY)).values()) == {PASSES}


def test_seeds_are_those_of_the_study() -> None:
    runs = STUDY.runs[:3].assign(**{"train.seed": [7, 2, 5]})
    change = Change(BASE, BASE, make_study(runs))
    assert review.choose_seeds(change, 2) == [2, 5]
    with pytest.raises(InputError, match=r"^study/seeds has only 3 seeds: .* SEEDS=3$"):
        review.choose_seeds(change, 4)
    with pytest.raises(InputError, match=r"^no study over seeds .* birnn study ten-seeds"):
        review.choose_seeds(replace(change, study=None), 2)


def test_study_varies_only_the_training_seed_of_the_base() -> None:
    other, varied = (
        replace(STUDY, about=replace(STUDY.about, **change))
        for change in ({"settings": {"train.epochs": 5, "pad.seed": 0}}, {"varied": ["a.b"]})
    )
    held_out = replace(STUDY, runs=STUDY.runs.assign(**{"pad.seed": 0}))
    small = replace(STUDY, runs=STUDY.runs[:4])
    assert review.find_study([other, varied, held_out, small, STUDY], [], BASE) is STUDY
    single = replace(STUDY, runs=STUDY.runs[:1])
    assert review.find_study([other, varied, held_out, single], [], BASE) is None
    assert review.find_study([STUDY], [], replace(BASE, metrics={})) is None


def test_study_that_the_change_reran_is_not_the_yardstick() -> None:
    rerun = replace(STUDY, runs=STUDY.runs.assign(**{"bigru.accuracy": 0.7, "bigru.loss": 0.7}))
    assert review.find_study([STUDY], [rerun], BASE) is STUDY
    assert review.find_study([], [rerun], BASE) is None
    # A study that is not committed yet is used if it contains the run at BASE.
    assert review.find_study([], [STUDY], BASE) is STUDY


def test_deviations_are_added_to_the_table_of_dvc() -> None:
    table = (
        "| Metric | main | workspace |\n|---|---|---|\n| bigru.accuracy | 0 | 1 |\n| a.b | 2 | 3 |"
    )
    deviation = f"{STUDY.runs['bigru.accuracy'].std():.4f}"
    rows = review.add_deviations(table, STUDY).splitlines()
    assert [row.count("|") for row in rows[:3]] == [5] * 3
    assert rows[2] == f"| bigru.accuracy | 0 | 1 | {deviation} |"
    assert deviation not in review.add_deviations(table, None)
    header = "\n".join(table.splitlines()[:2])
    assert (review.add_deviations(header, STUDY), review.add_deviations("", STUDY)) == ("", "")


def test_review_is_written_as_markdown(tmp_path: Path) -> None:
    here = replace(change_values(BASE, bilstm=0.7), params=PARAMS | {"pad": {"seed": 1}})
    change, file = Change(BASE, here, STUDY), tmp_path / "review.md"
    lines = review.judge(change, GATE)
    review.write(change, lines, "", file)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# Review against main\n\nThe change **fails**.\n")
    assert all(f"\n- {line}\n" in text for line in lines)
    assert "the mean of the 10 runs of `study/seeds`" in text
    assert "- `pad.seed`: 0 → 1\n" in text
    assert text.endswith("## Metrics\n\nNone changed.\n")
    # Another run at BASE, and several seeds.
    base = change_values(BASE, bigru=0.5)
    review.write(Change(base, here, STUDY), lines, "", file)
    assert "is compared with the run at main." in file.read_text(encoding="utf-8")
    review.write(Change(base, here, STUDY, STUDY.runs[:3]), lines, "", file)
    text = file.read_text(encoding="utf-8")
    assert "3 runs with the change are paired by seed with those of `study/seeds`" in text
    assert "The study lacks the run at main" in text


def test_gate_file_is_validated(tmp_path: Path) -> None:
    assert "accuracy" in review.read_gate(PROJECT / "gate.yaml").not_worse
    file = tmp_path / "gate.yaml"
    file.write_text("not_worse: {accuracy: 0}\nat_leest: {}\n")
    with pytest.raises(InputError, match=r"accuracy: .*greater than 0.*at_least: .*at_leest: "):
        review.read_gate(file)
