"""Searches: their syntax and proposals, with trials that only compute a function."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from birnn.cli import experiment_commands
from birnn.core.errors import InputError
from birnn.experiments import recipes, runs, search
from birnn.experiments.grid import Point
from birnn.experiments.runs import Run
from tests.projects import copy_settings

METRIC = "bigru.holdout_accuracy"
OPTIONS = ("train.learning_rate=log:1e-4..1e-2", "network.dropout=0..0.7")
TEST_ACCURACY = "0.123456"
COMPLETE, RUNNING = TrialState.COMPLETE, TrialState.RUNNING


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_settings(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "fingerprint", lambda _: "code")
    monkeypatch.setattr(experiment_commands.execution, "exclusively", nullcontext)


def parse(*options: str, metric: str = METRIC) -> search.Search:
    return search.parse("name", options, None, metric)


def test_options_are_ranges_choices_and_fixed_values() -> None:
    parsed = parse(*OPTIONS, "bigru.units=16..64", "pad.maxlen=100,200..201", "train.epochs=3")
    assert parsed.space == {
        "train.learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
        "network.dropout": FloatDistribution(0, 0.7),
        "bigru.units": IntDistribution(16, 64),
        "pad.maxlen": CategoricalDistribution([100, 200, 201]),
    }
    assert parsed.fixed == {"train.epochs": 3, "pad.validation": 0.1}
    point = parsed.point({"bigru.units": 20})
    assert point.params["bigru"]["units"] == 20
    assert point.params["train"]["epochs"] == 3
    assert parse("pad.maxlen=100,200", "pad.validation=0.2").fixed == {"pad.validation": 0.2}


def test_recipe_keeps_its_hold_out() -> None:
    (recipe,) = recipes.named("pooling")
    parsed = search.parse("name", ["pad.maxlen=100,200"], recipe, METRIC)
    assert parsed.fixed == {}
    settings = parsed.point({"pad.maxlen": 100}).params
    assert settings["pad"]["validation"] == recipe.settings["pad.validation"]
    assert settings["network"]["pooling"] == "max_mean"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("network.dropout=0..1.0", "network.dropout is 1.0: input should be less than 1"),
        ("train.epochs=0..3", "train.epochs is 0: input should be greater than or equal to 1"),
        ("bigru.units=8..16.5", "bigru.units is 8.0|bigru.units is 16.5"),
        ("train.optimizer=adam,fast", "train.optimizer is 'fast'"),
        ("train.epoch=1..3", "train.epoch is 1: no such setting"),
        ("network.dropout=0.5..0.1", "is not a range"),
        ("network.dropout=log:0..0.1", "is not a range"),
        ("train.optimizer=adam..sgd", "is not a range"),
        ("network.dropout", "is not a setting with values"),
        ("train.seed=0..3", "train.seed cannot be searched"),
        ("pad.validation=0.1,0.2", "pad.validation cannot be searched"),
        ("fetch.source=imdb,csv", "fetch.source cannot be searched"),
        ("train.epochs=3", "there is nothing to search"),
    ],
)
def test_invalid_options_are_rejected(option: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(option)


def test_test_split_is_not_searched() -> None:
    for metric in ("bigru.accuracy", "bigru.loss", "baseline.best_val_accuracy", "accuracy"):
        with pytest.raises(InputError, match=f"cannot maximize {metric}: use bilstm.holdout_acc"):
            parse(*OPTIONS, metric=metric)
    with pytest.raises(InputError, match="needs held-out reviews"):
        parse(*OPTIONS, "pad.validation=test")


def accuracy_of(point: Point) -> float:
    rate, dropout = point.params["train"]["learning_rate"], point.params["network"]["dropout"]
    return float(0.8 - (dropout - 0.2) ** 2 - rate)


class Experiments:
    """Stand for DVC: experiments that compute a function of their settings."""

    def __init__(self) -> None:
        """Start without experiments."""
        self.labels: list[str] = []  # of all experiments that were started
        self.stops: list[int] = []  # experiments that are interrupted, by index of the start
        self.failures: set[str] = set()
        self.done: dict[str, Run] = {}

    def execute(self, point: Point, _name: str) -> int:
        """Run an experiment."""
        self.labels.append(point.label)
        if len(self.labels) - 1 in self.stops:
            raise KeyboardInterrupt
        if point.label not in self.failures:
            metrics = {"bigru": {"accuracy": TEST_ACCURACY, "holdout_accuracy": accuracy_of(point)}}
            self.done[point.label] = Run(point.label, "", "", point.params, metrics)
        return int(point.label in self.failures)

    def finished(self, points: Sequence[Point]) -> dict[int, Run]:
        """Return the finished experiments of points, by index."""
        return {
            index: self.done[point.label]
            for index, point in enumerate(points)
            if point.label in self.done
        }


@pytest.fixture
def dvc(monkeypatch: pytest.MonkeyPatch) -> Experiments:
    fake = Experiments()
    monkeypatch.setattr(search.execution, "execute", fake.execute)
    monkeypatch.setattr(runs, "finished", fake.finished)
    monkeypatch.setattr(runs, "names", lambda points: [point.label for point in points])
    return fake


def run(chosen: search.Search, trials: int, batch: int = 1) -> optuna.Study:
    study = search.open_study(chosen)
    search.run(chosen, study, trials, batch=batch)
    return study


def outcomes(study: optuna.Study) -> list[tuple[Any, ...]]:
    return [(trial.params, trial.state, trial.value) for trial in study.trials]


def named(name: str) -> search.Search:
    return search.parse(name, OPTIONS, None, METRIC)


def test_interrupted_search_runs_its_unfinished_trial_again(dvc: Experiments) -> None:
    plain, labels = run(named("plain"), 15), list(dvc.labels)
    assert len(set(labels)) == 15
    dvc.labels, dvc.done, dvc.stops = [], {}, [0, 5, 6, 14]
    for _ in dvc.stops:
        with pytest.raises(KeyboardInterrupt):
            run(named("interrupted"), 15)
    # The next search may also end earlier.
    assert len(run(named("interrupted"), 12).trials) == 12
    assert outcomes(run(named("interrupted"), 15)) == outcomes(plain)
    # Each interrupted experiment is the next one that starts.
    for stop in reversed(dvc.stops):
        assert dvc.labels.pop(stop) == dvc.labels[stop]
    assert dvc.labels == labels


def test_interrupted_batch_is_completed(dvc: Experiments) -> None:
    dvc.stops = [4]
    with pytest.raises(KeyboardInterrupt):
        run(named("batches"), 7, batch=3)
    study = search.open_study(named("batches"))
    assert [trial.state for trial in study.trials] == [COMPLETE] * 3 + [RUNNING] * 3
    assert [trial.state for trial in run(named("batches"), 7, batch=3).trials] == [COMPLETE] * 7
    # The fourth trial was finished before the fifth was interrupted.
    assert dvc.labels.pop(4) == dvc.labels[4]
    assert len(dvc.labels) == len(set(dvc.labels)) == 7


def test_cluster_runs_a_batch_together_and_what_it_pulled_not_again(dvc: Experiments) -> None:
    run(named("elsewhere"), 2)
    remote, dvc.done, dvc.labels = dvc.done, {}, []
    batches: list[int] = []

    class Machines:
        def pull(self, points: Sequence[Point]) -> None:
            dvc.done |= {each.label: remote[each.label] for each in points if each.label in remote}

        def execute(self, points: Sequence[Point]) -> Iterator[Point]:
            batches.append(len(points))
            yield from (point for point in points if dvc.execute(point, ""))

    chosen = named("cluster")
    study = search.open_study(chosen)
    search.run(chosen, study, 5, machines=Machines(), batch=3)
    assert [trial.state for trial in study.trials] == [COMPLETE] * 5
    assert batches == [1, 2]


def test_finished_experiments_are_not_repeated(dvc: Experiments) -> None:
    plain, count = run(named("name"), 3), len(dvc.labels)
    assert outcomes(run(named("other"), 3)) == outcomes(plain)
    assert len(dvc.labels) == count


def test_equal_trials_are_one_experiment(dvc: Experiments) -> None:
    chosen = parse("network.pooling=last,max_mean")
    assert [trial.state for trial in run(chosen, 6, batch=3).trials] == [COMPLETE] * 6
    assert len(dvc.labels) == 2


def test_trial_that_was_killed_while_it_was_proposed_fails(dvc: Experiments) -> None:
    chosen = parse(*OPTIONS)
    study = search.open_study(chosen)
    # Optuna stores one setting after the other.
    study.ask({"train.learning_rate": chosen.space["train.learning_rate"]})
    study = run(chosen, 3)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, COMPLETE, COMPLETE]
    assert len(dvc.labels) == 2


def test_failed_trial_counts_and_is_not_repeated(
    dvc: Experiments, capsys: pytest.CaptureFixture[str]
) -> None:
    run(named("other"), 3)
    labels, dvc.labels, dvc.done = dvc.labels, [], {}
    dvc.failures = {labels[1]}
    for _ in range(2):
        study = run(parse(*OPTIONS), 3)
        assert [trial.state for trial in study.trials] == [COMPLETE, TrialState.FAIL, COMPLETE]
    assert dvc.labels == labels
    printed = capsys.readouterr().out
    assert f"{labels[1]}: failed\n[3 of 3] {labels[2]}, about 1 min left\n" in printed


def test_journal_has_no_result_on_the_test_split(dvc: Experiments) -> None:
    study = run(named("rate"), 3)
    journal = Path("state/search/rate.journal").read_text("utf-8")
    assert str(study.best_value) in journal
    assert len(dvc.done) == 3
    assert TEST_ACCURACY not in journal


def test_first_trial_has_the_defaults_if_the_ranges_include_them(dvc: Experiments) -> None:
    defaults = {"train.learning_rate": 0.001, "network.dropout": 0.5}
    study = run(parse(*OPTIONS), 2)
    assert study.trials[0].params == defaults == parse(*OPTIONS).defaults
    assert dvc.labels[0] == "network-dropout-0.5-pad-validation-0.1-learning-rate-0.001"
    without = search.parse("other", ["network.dropout=0..0.4"], None, METRIC)
    assert without.defaults is None
    assert 0 <= run(without, 1).trials[0].params["network.dropout"] <= 0.4


@pytest.mark.usefixtures("dvc")
def test_settings_have_few_digits_and_stay_in_their_range() -> None:
    chosen = parse("network.dropout=0.123456..0.123467", "network.word_dropout=0..0.7")
    for trial in run(chosen, 5).trials:
        params = chosen.params(trial)
        assert 0.123456 <= params["network.dropout"] <= 0.123467
        assert len(str(params["network.word_dropout"])) <= 9


@pytest.mark.usefixtures("dvc")
def test_search_with_other_conditions_needs_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    run(parse(*OPTIONS), 1)
    for options, changed in (
        ((OPTIONS[0], "network.dropout=0..0.6"), "ranges"),
        ((*OPTIONS, "train.epochs=3"), "settings"),
    ):
        with pytest.raises(InputError, match=f"the search name began with different {changed}"):
            run(parse(*options), 2)
    with pytest.raises(InputError, match="different metric"):
        run(parse(*OPTIONS, metric="bilstm.holdout_accuracy"), 2)
    monkeypatch.setattr(runs, "fingerprint", lambda _: "other code")
    with pytest.raises(InputError, match="different code or corpus"):
        run(parse(*OPTIONS), 2)


def test_other_results_are_not_lost(dvc: Experiments) -> None:
    run(parse(*OPTIONS), 2)
    folder = Path("study", "name")
    folder.mkdir(parents=True)
    # Nothing starts before the check.
    with pytest.raises(InputError, match="study/name has results that would be lost"):
        experiment_commands.search("name", OPTIONS, None, METRIC, 3)
    assert len(dvc.labels) == 2
    dvc.stops = [2]
    with pytest.raises(KeyboardInterrupt):
        experiment_commands.search("name", OPTIONS, None, METRIC, 3, replace=True)
