"""Searches: their syntax, proposals and pruning, with trials that only compute a function."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from birnn.cli import experiment_commands
from birnn.core.errors import InputError
from birnn.experiments import recipes, runs, search, search_results, studies
from tests.projects import copy_settings

METRIC = "bigru.holdout_accuracy"
OPTIONS = ("train.learning_rate=log:1e-4..1e-2", "network.dropout=0..0.7")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_settings(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "fingerprint", lambda _: "code")
    monkeypatch.setattr(search.execution, "exclusively", nullcontext)


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
    for metric in ("bigru.accuracy", "bigru.loss", "baseline.best_val_accuracy"):
        with pytest.raises(InputError, match="is measured on the test split"):
            parse(*OPTIONS, metric=metric)
    with pytest.raises(InputError, match="is not the metric of a search"):
        parse(*OPTIONS, metric="holdout_accuracy")
    with pytest.raises(InputError, match="needs held-out reviews"):
        parse(*OPTIONS, "pad.validation=test")


def accuracy(params: search.Params) -> float:
    return 0.8 - (params["network.dropout"] - 0.2) ** 2 - params["train.learning_rate"]


Compute = Callable[[int], None]


def trials_of(before: Compute) -> search.Execute:
    """Return a function that computes trials; `before` is called with the number of each."""

    def execute(
        chosen: search.Search, study: optuna.Study, proposed: Sequence[search.Params]
    ) -> Iterator[FrozenTrial]:
        for params in proposed:
            before(len(study.trials))
            curve = {epoch: accuracy(params) - 0.1 / epoch for epoch in (1, 2, 3)}
            yield search.finish(chosen, params, curve[3], curve, study)

    return execute


def outcomes(study: optuna.Study) -> list[tuple[Any, ...]]:
    return [(trial.params, trial.state, trial.intermediate_values) for trial in study.trials]


@pytest.mark.parametrize("batch", [1, 3])
def test_interrupted_search_repeats_the_trial_that_was_running(batch: int) -> None:
    plain = search.run(parse(*OPTIONS), 15, trials_of(lambda _: None), batch)
    stops, started = [0, 4, 5, 13], []

    def interrupt(number: int) -> None:
        started.append(number)
        if number in stops:
            stops.remove(number)
            raise KeyboardInterrupt

    states = [trial.state for trial in plain.trials]
    assert states.count(TrialState.COMPLETE) >= 5
    assert TrialState.PRUNED in states
    chosen = search.parse("interrupted", OPTIONS, None, METRIC)
    for trials in (7, 7, 7, 9, 15, 15):
        try:
            study = search.run(chosen, trials, trials_of(interrupt))
        except KeyboardInterrupt:
            continue
    assert started == [0, 0, 1, 2, 3, 4, 4, 5, 5, *range(6, 14), 13, 14]
    if batch == 1:
        assert outcomes(study) == outcomes(plain)
    else:
        assert len(outcomes(plain)) == len({str(trial.params) for trial in plain.trials}) == 15


def test_stopped_trials_are_below_the_median_of_finished_ones() -> None:
    study = optuna.create_study(direction="maximize", pruner=search.PRUNER)
    for shift in range(5):
        curve = dict.fromkeys((1, 2, 3), 0.7 + shift / 100)
        study.add_trial(create_trial(value=curve[3], intermediate_values=curve))
        below = {1: 0.6, 2: 0.71, 3: 0.9}
        # Too few trials to compare with, until the last one.
        assert search.pruned_after(study, below) == (2 if shift == 4 else None)
    assert search.pruned_after(study, {1: 0.6, 2: 0.73, 3: 0.7}) is None
    assert search.pruned_after(study, {1: 0.6}) is None


def test_first_trial_has_the_defaults_if_the_search_includes_them() -> None:
    chosen = parse(*OPTIONS)
    assert search.propose(chosen, [], 1) == [{"train.learning_rate": 0.001, "network.dropout": 0.5}]
    chosen = parse("network.dropout=0..0.4")
    assert chosen.defaults is None
    (params,) = search.propose(chosen, [], 1)
    assert 0 <= params["network.dropout"] <= 0.4


def test_proposals_have_few_digits_and_stay_in_their_range() -> None:
    chosen = parse("network.dropout=0.123456..0.123467", "network.word_dropout=0..0.7")
    for params in search.propose(chosen, [], 5):
        assert 0.123456 <= params["network.dropout"] <= 0.123467
        assert len(str(params["network.word_dropout"])) <= 9


def test_search_with_other_conditions_needs_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    compute = trials_of(lambda _: None)
    search.run(parse(*OPTIONS), 1, compute)
    for options, changed in (
        ((OPTIONS[0], "network.dropout=0..0.6"), "space"),
        ((*OPTIONS, "train.epochs=3"), "settings"),
    ):
        with pytest.raises(InputError, match=f"the search name began with different {changed}"):
            search.run(parse(*options), 2, compute)
    with pytest.raises(InputError, match="different metric"):
        search.run(parse(*OPTIONS, metric="bilstm.holdout_accuracy"), 2, compute)
    monkeypatch.setattr(runs, "fingerprint", lambda _: "other code")
    with pytest.raises(InputError, match="different code"):
        search.run(parse(*OPTIONS), 2, compute)


class StartedError(Exception):
    """A trial has started."""


@pytest.mark.parametrize(
    ("name", "file", "change", "is_replaced"),
    [
        ("name", "trials.csv", {}, True),
        ("name", "trials.csv", {"value": 0.5}, False),  # of another search
        ("name", "study.json", {}, False),
        ("ladder", None, {}, False),
    ],
)
def test_results_are_not_lost(
    name: str, file: str | None, change: dict[str, float], *, is_replaced: bool
) -> None:
    def start(number: int) -> None:
        raise StartedError(number)

    finished = search.run(parse(*OPTIONS), 2, trials_of(lambda _: None))
    if file:
        Path("study", name).mkdir(parents=True)
        stored = search_results.table(finished.trials, {}).assign(**change)
        studies.write_table(stored, Path("study", name, file))
    options = (name, OPTIONS, None, METRIC, 3, trials_of(start))
    # Nothing starts before the check.
    with pytest.raises(StartedError if is_replaced else InputError):
        experiment_commands.search(*options)
    if file:
        with pytest.raises(StartedError):
            experiment_commands.search(*options, replace=True)


def test_failed_trial_counts_and_is_not_repeated() -> None:
    def execute(
        chosen: search.Search, _study: optuna.Study, proposed: Sequence[search.Params]
    ) -> Iterator[FrozenTrial]:
        for params in proposed:
            yield search.finish(chosen, params, None, {})

    study = search.run(parse(*OPTIONS), 2, execute)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * 2
    assert len(search.run(parse(*OPTIONS), 2, execute).trials) == 2
