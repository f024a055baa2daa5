"""Searches: their syntax and proposals, with trials that only compute a function."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from birnn.runtime.errors import InputError
from birnn_lab import search, sweep
from birnn_lab.grid import Point
from tests.birnn.samples import NETWORK
from tests.birnn_lab.repository import add

METRIC = f"{NETWORK}.holdout_accuracy"
OPTIONS = ("train.learning_rate=log:1e-4..1e-2", "network.dropout=0..0.7")
TEST_ACCURACY = 0.123456
COMPLETE, FAIL, PRUNED = TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED
DEFAULTS = "network-dropout-0.5-pad-validation-0.1-learning-rate-0.001"
pytestmark = pytest.mark.usefixtures("repository")


def parse(
    *options: str, name: str = "name", recipe: str = "", metric: str = METRIC
) -> search.Search:
    return search.parse(name, options or OPTIONS, recipe, metric)


def test_options_are_ranges_choices_and_fixed_values() -> None:
    tied = "word_vectors.window,ngrams.folds"  # settings that have the same value
    ranges = ("train.batch_size=log:16..64", "ngrams.longest=1..3", f"{tied}=5..9")
    parsed = parse(*OPTIONS, *ranges, "pad.maxlen=100,200..201", "train.epochs=3")
    assert parsed.space == {
        "train.learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
        "network.dropout": FloatDistribution(0, 0.7),
        "train.batch_size": IntDistribution(16, 64, log=True),
        "ngrams.longest": IntDistribution(1, 3),
        tied: IntDistribution(5, 9),
        "pad.maxlen": CategoricalDistribution([100, 200, 201]),
    }
    assert parsed.fixed == {"train.epochs": 3, "pad.validation": 0.1}
    settings = parsed.point({"train.batch_size": 20, tied: 6}).settings
    assert (settings["train.batch_size"], settings["train.epochs"]) == (20, 3)
    assert settings["word_vectors.window"] == settings["ngrams.folds"] == 6
    parsed = parse("pad.maxlen=100,200", "pad.validation=0.2", "csv.positive=[4,5]")
    assert parsed.fixed == {"pad.validation": 0.2, "csv.positive": [4, 5]}
    # The hold-out of a recipe stays.
    parsed = parse("pad.maxlen=100,200", recipe="pooling")
    assert parsed.fixed == {}
    assert parsed.point({}).settings["network.pooling"] == "max_mean"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("network.dropout=0..1.0", "network.dropout is 1.0: input should be less than 1"),
        ("train.epochs=0..3", "train.epochs is 0: input should be greater than or equal to 1"),
        ("network.dropout=0.5..0.5", "is not a range"),
        ("network.dropout=log:0..0.1", "is not a range"),
        ("network.dropout=[0..0.7]", "there is nothing to search"),
        ("pad.maxlen=200..100,50..10", "must have its smaller end first"),
        ("train.seed=0..3", "train.seed cannot be searched"),
        ("fetch.source=imdb,csv", "fetch.source cannot be searched"),
        ("train.epochs=3", "there is nothing to search"),
        ("train.epochs=2020-13-45..3", "is not a range"),
    ],
)
def test_invalid_options_are_rejected(option: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(option)


def test_test_split_is_not_searched() -> None:
    for metric in (f"{NETWORK}.accuracy", "baseline.roc_auc_interval", "accuracy"):
        with pytest.raises(InputError, match=f"cannot maximize {metric}: use {METRIC}"):
            parse(metric=metric)
    with pytest.raises(InputError, match="needs held-out reviews"):
        parse(*OPTIONS, "pad.validation=test")


class Trials:
    """Experiments that compute a function of their settings."""

    def __init__(self) -> None:
        self.started: list[str] = []  # labels
        self.interrupted = -1  # index of the start that is interrupted
        self.failures: set[str] = set()

    def run(self, name: str, point: Point) -> int:
        self.started.append(point.label)
        if len(self.started) - 1 == self.interrupted:
            raise KeyboardInterrupt
        if point.label in self.failures:
            return 1
        dropout = point.settings["network.dropout"]
        score = 0.8 - (dropout - 0.2) ** 2 - point.settings["train.learning_rate"]
        add(name, point, {NETWORK: {"accuracy": TEST_ACCURACY, "holdout_accuracy": score}})
        return 0


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Trials:
    fake = Trials()
    monkeypatch.setattr(sweep, "run_here", fake.run)
    return fake


def run(count: int, *options: str, sampler: str = "tpe", **chosen: str) -> optuna.Study:
    return search.run(parse(*options, **chosen), count, sampler)


def states(study: optuna.Study) -> list[TrialState]:
    return [trial.state for trial in study.trials]


def test_search_runs_trials_once_and_can_be_extended(trials: Trials) -> None:
    study = run(4)
    assert states(study) == [COMPLETE] * 4
    # The first has the defaults; proposed numbers have up to four digits.
    assert trials.started[0] == DEFAULTS
    values = [value for trial in study.trials for value in parse().values(trial.params).values()]
    assert values == [float(f"{value:.4g}") for value in values]
    assert values != [float(f"{value:.3g}") for value in values]
    # Nothing is run twice, and no result on the test split is stored.
    assert len(run(4).trials) == len({*trials.started}) == 4
    assert len(run(6, *reversed(OPTIONS)).trials) == len({*trials.started}) == 6
    journal = parse().journal.read_text("utf-8")
    assert str(study.best_value) in journal
    assert str(TEST_ACCURACY) not in journal


def test_interrupted_trial_is_repeated(trials: Trials) -> None:
    trials.interrupted = 1
    with pytest.raises(KeyboardInterrupt):
        run(3)
    with parse().journal.open("a") as stream:  # a killed search may leave half a line
        stream.write('{"op_code"')
    study = run(3)
    assert states(study) == [COMPLETE, PRUNED, COMPLETE, COMPLETE]
    assert trials.started[1] == trials.started[2]
    assert len({*trials.started}) == 3


def test_failed_trial_counts_and_is_not_repeated(
    trials: Trials, capsys: pytest.CaptureFixture[str]
) -> None:
    trials.failures = {DEFAULTS}
    for _ in range(2):
        assert states(study := run(2)) == [FAIL, COMPLETE]
    lines = [line for line in capsys.readouterr().out.splitlines() if "trial" in line]
    assert lines == [
        "0 of 2 trials are finished",
        "trial 1: failed",
        f"trial 2: {study.best_value}",
        "2 of 2 trials are finished",
    ]
    trials.failures = {*trials.started}
    other = parse(*OPTIONS, "train.epochs=3", name="other")
    trials.failures = {other.point({"network.dropout": 0.5, "train.learning_rate": 0.001}).label}
    with pytest.raises(InputError, match="every trial failed"):
        search.describe(other, search.run(other, 1, "tpe"))


def test_first_trial_has_the_defaults_if_the_ranges_include_them(trials: Trials) -> None:
    for number, (dropout, inside) in enumerate(
        {"0.5..0.7": True, "0.1..0.5": True, "0..0.4": False, "0.2,0.5": True}.items()
    ):
        run(1, f"network.dropout={dropout}", name=f"search-{number}")
        assert ("dropout-0.5-" in trials.started[-1]) == inside, dropout
    run(3, name="random", sampler="random")
    assert len({*trials.started[-3:]}) == 3


def test_other_conditions_need_another_name(trials: Trials) -> None:
    run(1)
    for other in (
        parse(OPTIONS[0], "network.dropout=0..0.6"),
        parse(*OPTIONS, "train.epochs=3"),
        parse(metric="baseline.holdout_accuracy"),
    ):
        with pytest.raises(InputError, match="the search name began with another metric, other ra"):
            search.run(other, 1, "tpe")
    assert len(trials.started) == 1


@pytest.mark.parametrize("recipe", ["", "pooling"])
def test_best_settings_are_printed_with_what_confirms_them(trials: Trials, recipe: str) -> None:
    chosen: Any = parse("network.dropout=0.2,0.5", recipe=recipe)
    text = search.describe(chosen, search.run(chosen, 4, "tpe"))
    assert trials.started
    hold_out = "" if recipe else "pad-validation-0.1-"
    name = f"name--{recipe}--" if recipe else "name--"
    best = f"{name}network-dropout-0.2-{hold_out}".rstrip("-")
    assert f"0.7990 in the experiment {best}\n" in text
    assert "partly lucky" in text
    options = "-r pooling " if recipe else "-S pad.validation=0.1 "
    ending = "-S train.seed=1..5" + ("" if recipe else " -S pad.seed=1")
    command = f"    birnn sweep name-best {options}-S network.dropout=0.2 {ending}"
    assert text.endswith(command)
    assert Path(chosen.journal).exists()
