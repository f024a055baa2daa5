"""The gate of a review: error rates in simulations, and single cases."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from birnn.core.errors import InputError
from birnn.experiments import gate
from birnn.experiments.gate import Gate
from birnn.experiments.revisions import Facts
from birnn.reporting.study import Study
from tests.projects import PROJECT

GATE = Gate(not_worse={"accuracy": 1.2}, at_least={})
DEVIATIONS = {"bilstm": 0.0052, "bigru": 0.0020}
CORPUS = {"name": "mine", "train_reviews": 9, "test_reviews": 9, "vocabulary": 9}
CORPUS |= {"validation": "test"}
NETWORKS = pd.DataFrame({"model": list(DEVIATIONS)})
REPEATS = 500


def draw_runs(rng: np.random.Generator, seeds: int, drop: float = 0) -> pd.DataFrame:
    """Return runs over seeds; the mean accuracy of the BiLSTM is lower by `drop`."""
    columns = {
        f"{network}.accuracy": rng.normal(0.82, deviation, seeds)
        for network, deviation in DEVIATIONS.items()
    }
    columns["bilstm.accuracy"] -= drop
    return pd.DataFrame({"train.seed": range(seeds), **columns})


def make_study(runs: pd.DataFrame) -> Study:
    return Study("seeds", CORPUS, [], {}, runs, NETWORKS)


def exact_study(seeds: int) -> Study:
    """Return a study with exactly the standard deviations above."""
    values = stats.zscore(np.arange(seeds), ddof=1)
    columns = {
        f"{network}.accuracy": 0.82 + deviation * values
        for network, deviation in DEVIATIONS.items()
    }
    return make_study(pd.DataFrame({"train.seed": range(seeds), **columns}))


def facts(runs: pd.DataFrame) -> Facts:
    """Return the facts of the first run."""
    accuracies = {name: {"accuracy": float(runs[f"{name}.accuracy"][0])} for name in DEVIATIONS}
    return Facts({"train.seed": 0}, {"corpus": CORPUS} | accuracies, {}, {})


def single_run_failures(drop: float, *, in_study: bool) -> float:
    """Return how often a change fails with one run on each side."""
    rng = np.random.default_rng(0)
    failures = 0
    for _ in range(REPEATS):
        study = make_study(draw_runs(rng, 10))
        base = facts(study.runs if in_study else draw_runs(rng, 1))
        tests = gate.drop_tests(base, facts(draw_runs(rng, 1, drop)), study, GATE)
        failures += any(test.verdict == gate.WORSE for test in tests)
    return failures / REPEATS


@pytest.mark.parametrize("in_study", [False, True])
def test_error_rates_of_single_runs(*, in_study: bool) -> None:
    study = exact_study(10)
    base = facts(study.runs if in_study else study.runs + 0.0001)
    (bilstm, _) = gate.drop_tests(base, facts(study.runs - 0.001), study, GATE)
    assert bilstm.detectable is not None
    # With the mean of the study as the reference, smaller drops are detected.
    assert bilstm.detectable == pytest.approx(0.0172 if in_study else 0.0232, abs=0.0002)
    assert single_run_failures(0, in_study=in_study) == pytest.approx(gate.LEVEL, abs=0.03)
    power = single_run_failures(bilstm.detectable, in_study=in_study)
    assert power == pytest.approx(gate.POWER, abs=0.05)


@pytest.mark.parametrize("seeds", [10, 30])
def test_error_rates_over_seeds(seeds: int) -> None:
    rng = np.random.default_rng(0)
    bounds = np.array(
        [
            [test.bound for test in gate.margin_tests(runs, study, GATE)]
            for study, runs in (
                (make_study(draw_runs(rng, seeds)), draw_runs(rng, 5)) for _ in range(REPEATS)
            )
        ]
    )
    tests = gate.margin_tests(draw_runs(rng, 5), exact_study(seeds), GATE)
    for drop in (0, 0.006, 0.012, 0.018):
        # A drop shifts the bound by as much.
        failures = (bounds - (drop, 0) <= -tests[0].margin).any(axis=1).mean()
        stated = tests[0].failure_rate(drop) + tests[1].failure_rate(0)
        assert failures == pytest.approx(stated, abs=0.05)
    assert sum(test.failure_rate(0) for test in tests) < 0.02
    assert tests[0].failure_rate(tests[0].margin) > 0.94


def test_drop_of_two_points_is_detected() -> None:
    # The gate once had to exclude noise for all 26 metrics, and let 9 in 10 of these drops pass.
    assert single_run_failures(0.02, in_study=False) > 0.6


def test_run_of_other_code_or_settings_is_not_in_the_study() -> None:
    study = exact_study(10)
    base = facts(study.runs)
    assert study.contains(base.metrics, base.settings)
    assert not study.contains(facts(study.runs + 0.0001).metrics, base.settings)
    assert not study.contains(base.metrics, {"train.seed": 1})
    assert not study.contains(base.metrics, {"train.seed": 0, "train.epochs": 3})


def test_equal_values_are_no_difference() -> None:
    study = exact_study(10)
    lowest = facts(study.runs)
    assert [test.verdict for test in gate.drop_tests(lowest, lowest, study, GATE)] == [
        gate.UNCHANGED
    ] * 2
    # The first seeds have the lowest values, but they are runs of the study.
    tests = gate.margin_tests(study.runs[:3], study, GATE)
    assert [test.verdict for test in tests] == [gate.UNCHANGED] * 2


def test_equal_values_over_seeds_have_no_noise() -> None:
    study = exact_study(10)
    constant = make_study(study.runs.assign(**{"bilstm.accuracy": 0.82}))
    base = facts(constant.runs)
    here = facts(constant.runs - 0.001)
    assert gate.drop_tests(base, here, constant, GATE)[0].verdict == gate.WORSE


def test_lower_loss_is_better() -> None:
    study = exact_study(10)
    runs = study.runs.rename(columns=lambda name: name.replace("accuracy", "loss"))
    losses = Gate(not_worse={"loss": 1.2}, at_least={})
    for change, verdict, passes in ((0.1, gate.WORSE, False), (-0.1, gate.BETTER, True)):
        sides = [
            Facts({}, {"corpus": CORPUS, "bilstm": {"loss": loss}, "bigru": {"loss": loss}}, {}, {})
            for loss in (0.8, 0.8 + change)
        ]
        tests = gate.drop_tests(*sides, make_study(runs), losses)
        assert {test.verdict for test in tests} == {verdict}
        for test in gate.margin_tests(runs[:5] + change, make_study(runs), losses):
            assert (test.verdict == gate.NOT_WORSE) == passes
            assert (test.gain < 0) == (change > 0)


def test_holm() -> None:
    assert gate.holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])
    assert gate.holm(np.array([0.9, 0.8])).tolist() == [1, 1]


def test_failure_rate_is_exact() -> None:
    # Without uncertainty about the deviation, the test is a z test.
    rate = gate.welch_failure_rate(0, 0.01, 0.01, 10_000, 10_000)
    assert rate == pytest.approx(0, abs=1e-6)
    error = 0.01 * math.sqrt(2 / 10_000)
    assert gate.welch_failure_rate(0.01 - error, 0.01, 0.01, 10_000, 10_000) == pytest.approx(
        stats.norm.cdf(stats.norm.isf(gate.LEVEL) - 1), abs=1e-3
    )
    # A drop by the margin passes at the level of the test, which is approximate for few seeds.
    assert gate.welch_failure_rate(0.01, 0.01, 0.005, 10, 5) == pytest.approx(0.95, abs=0.002)


@pytest.mark.parametrize(("drop", "rate"), [(0, 0), (0.0099, 0), (0.01, 1), (0.02, 1)])
def test_failure_rate_without_noise(drop: float, rate: float) -> None:
    assert gate.welch_failure_rate(drop, 0.01, 0, 10, 5) == rate
    assert gate.welch_failure_rate(drop, 0.01, 1e-9, 10, 5) == pytest.approx(rate, abs=0.06)


def test_gate_file_is_validated(tmp_path: Path) -> None:
    assert "accuracy" in gate.read(PROJECT / "gate.yaml").not_worse
    file = tmp_path / "gate.yaml"
    file.write_text("not_worse: {parameters: 1, accuracy: 0}\nat_leest: {}\n")
    pattern = r"parameters\S*: .*accuracy: .*greater than 0.*at_least: .*at_leest: "
    with pytest.raises(InputError, match=pattern):
        gate.read(file)
