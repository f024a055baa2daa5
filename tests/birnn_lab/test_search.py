"""Searches: their syntax and proposals, with trials that only compute a function."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from birnn.evaluation.model_names import TITLES
from birnn.runtime.errors import InputError
from birnn_lab import commands, execution, runs, search, search_results
from birnn_lab.grid import Point
from birnn_lab.studies import store, writing
from tests.birnn.samples import NETWORK
from tests.birnn_lab.repository import METRICS, add, fake_dvc, git, make_run

METRIC = f"{NETWORK}.holdout_accuracy"
OPTIONS = ("train.learning_rate=log:1e-4..1e-2", "network.dropout=0..0.7")
TEST_ACCURACY = 0.123456
COMPLETE, FAIL, RUNNING = TrialState.COMPLETE, TrialState.FAIL, TrialState.RUNNING
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


def test_settings_are_drawn_at_random_without_a_metric(machines: "Machines") -> None:
    sample = search.parse("name", [*OPTIONS, "train.seed=0..4294967295"], "", None)
    assert (sample.sampler, sample.fixed) == (store.RANDOM, {})
    with pytest.raises(InputError, match=r"pad\.seed cannot be searched"):
        search.parse("name", [*OPTIONS, "pad.seed=0..9"], "", None)
    study = search.open_study(sample, replace=False)
    search.run(sample, study, 3, machines, batch=1)  # type: ignore[arg-type]
    assert states(study) == [COMPLETE] * 3
    results = search_results.collect(sample, study)
    written = search_results.write(results, "birnn search name")
    assert len({*written.runs[store.SEED]}) == 3
    assert written.runs[f"{NETWORK}.accuracy"].tolist() == [TEST_ACCURACY] * 3
    # The networks are compared over all draws.
    (combination,) = written.combinations()
    assert len(written.log_odds(combination.runs)[NETWORK]) == 3
    assert not (store.FOLDER / writing.TRIED).exists()


class Machines:
    """A cluster without machines: its experiments compute a function of their settings."""

    def __init__(self) -> None:
        self.started: list[str] = []  # labels
        self.batches: list[int] = []
        self.stops: list[int] = []  # experiments that are interrupted, by index of the start
        self.failures: set[str] = set()
        self.pull = len  # does nothing: no other clone has experiments

    def execute(self, points: Sequence[Point]) -> Iterator[Point]:
        self.batches.append(len(points))
        for point in points:
            self.started.append(point.label)
            if len(self.started) - 1 in self.stops:
                raise KeyboardInterrupt
            if point.label in self.failures:
                yield point
                continue
            dropout = point.settings["network.dropout"]
            score = 0.8 - (dropout - 0.2) ** 2 - point.settings["train.learning_rate"]
            measured = {"accuracy": TEST_ACCURACY, "holdout_accuracy": score}
            log_odds = {name: [dropout, -dropout] for name in TITLES}
            table = pd.DataFrame({"label": [1, 0], "group": ["a", "b"], **log_odds})
            files = {"data/evaluated/predictions.parquet": table.to_parquet()}
            add(make_run(point, metrics=METRICS | {NETWORK: measured}), files)


@pytest.fixture
def machines() -> Machines:
    return Machines()


def run(
    machines: Any, trials: int, name: str = "name", batch: int = 1, options: Sequence[str] = OPTIONS
) -> optuna.Study:
    chosen = parse(*options, name=name)
    study = search.open_study(chosen, replace=False)
    search.run(chosen, study, trials, machines, batch)
    return study


def outcomes(study: optuna.Study) -> list[tuple[Any, ...]]:
    return [(trial.params, trial.state, trial.value) for trial in study.trials]


def states(study: optuna.Study) -> list[TrialState]:
    return [trial.state for trial in study.trials]


def test_interrupted_search_runs_its_unfinished_trial_again(machines: Machines) -> None:
    plain, labels = run(machines, 4, "plain"), list(machines.started)
    assert len(set(labels)) == 4
    # Proposed numbers have up to four digits.
    values = [value for trial in plain.trials for value in parse().values(trial).values()]
    assert values == [float(f"{value:.4g}") for value in values]
    assert values != [float(f"{value:.3g}") for value in values]
    # Nothing is run twice, and no result on the test split is stored.
    assert outcomes(run(machines, 4, "again")) == outcomes(plain)
    assert machines.started == labels
    journal = Path("state/search/plain.journal").read_text("utf-8")
    assert str(plain.best_value) in journal
    assert str(TEST_ACCURACY) not in journal
    for reference in git("for-each-ref", "--format=%(refname)", "refs/exps").split():
        git("update-ref", "-d", reference)
    machines.started, machines.stops = [], [0, 2, 3]
    for _ in machines.stops:
        with pytest.raises(KeyboardInterrupt):
            run(machines, 4, "interrupted")
    # The next search may also end earlier.
    assert len(run(machines, 3, "interrupted").trials) == 3
    assert outcomes(run(machines, 4, "interrupted")) == outcomes(plain)
    # Each interrupted experiment is the next one that starts.
    for stop in reversed(machines.stops):
        assert machines.started.pop(stop) == machines.started[stop]
    assert machines.started == labels


def test_unfinished_line_of_the_journal_is_removed_and_other_damage_refused(
    machines: Machines,
) -> None:
    run(machines, 1, "name")
    file = Path("state/search/name.journal")
    # A killed search may leave an unfinished line.
    with file.open("a") as stream:
        stream.write('{"op_code"')
    assert len(run(machines, 2, "name").trials) == 2
    assert len(run(machines, 3, "name").trials) == 3
    file.write_text("{", "utf-8")
    assert len(run(machines, 1, "name").trials) == 1
    file.write_text("[]\n", "utf-8")
    with pytest.raises(InputError, match=r"name\.journal is damaged: delete it"):
        run(machines, 1, "name")


def test_search_continues_with_another_order_and_report(
    machines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_results, "conclude", lambda _: "")  # without predictions
    monkeypatch.setattr(commands, "_machines", lambda *_: machines)
    for options in ([*OPTIONS], [*reversed(OPTIONS), "report.equivalence=1"]):
        commands.search("name", options, METRIC, trials=2)
    assert len(machines.started) == 2
    study = store.read(store.FOLDER / "name")
    assert study.about.varied == ["network.dropout", "train.learning_rate"]
    # A study of the same name may have replaced the results.
    about = dataclasses.replace(study.about, sampler="")
    writing.write_files(dataclasses.replace(study, about=about), {})
    with pytest.raises(InputError, match="study/name has results that would be lost"):
        commands.search("name", [*OPTIONS], METRIC, trials=2)
    commands.search("name", [*OPTIONS], METRIC, trials=2, replace=True)


def test_refused_search_leaves_no_journal() -> None:
    (store.FOLDER / "name").mkdir(parents=True)
    with pytest.raises(InputError, match="study/name has results that would be lost"):
        commands.search("name", [*OPTIONS], METRIC)
    assert not parse().journal.exists()


def test_interrupted_batch_is_completed(machines: Machines) -> None:
    machines.stops = [3]
    with pytest.raises(KeyboardInterrupt):
        run(machines, 5, batch=2)
    assert states(search.open_study(parse(), replace=False)) == [COMPLETE] * 2 + [RUNNING] * 2
    assert states(run(machines, 5, batch=2)) == [COMPLETE] * 5
    # The third trial was finished before the fourth was interrupted.
    assert machines.batches == [2, 2, 1, 1]
    assert machines.started.pop(3) == machines.started[3]
    assert len(machines.started) == len(set(machines.started)) == 5


def test_trial_without_all_values_has_failed() -> None:
    search.open_study(parse(), replace=False).ask()  # killed before it proposed a value
    assert states(search.open_study(parse(), replace=False)) == [FAIL]


def test_failed_trial_counts_and_is_not_repeated(
    machines: Machines, capsys: pytest.CaptureFixture[str]
) -> None:
    machines.failures = {"network-dropout-0.5-pad-validation-0.1-learning-rate-0.001"}
    for _ in range(2):
        assert states(study := run(machines, 2)) == [FAIL, COMPLETE]
    failed, finished = machines.started
    assert capsys.readouterr().out.splitlines() == [
        "0 of 2 trials are finished",
        f"{failed}: failed",
        "1 of 2 trials are finished, about 1 min left",
        f"{finished}: held-out accuracy {study.best_value:.4f}",
        *["2 of 2 trials are finished"] * 2,
    ]


def test_trials_run_on_this_machine_without_a_cluster() -> None:
    calls = fake_dvc("sys.exit(1)")
    study = run(None, 2)
    assert states(study) == [FAIL, FAIL]
    points = [parse().point(parse().values(trial)) for trial in study.trials]
    for call, name, point in zip(calls(), runs.names(points), points, strict=True):
        options = " ".join(execution.options_of(point))
        assert call == f"exp run --temp --name {name} {options}"


def test_first_trial_has_the_defaults_if_the_ranges_include_them(machines: Machines) -> None:
    study = run(machines, 1)
    assert study.trials[0].params == {"train.learning_rate": 0.001, "network.dropout": 0.5}
    assert machines.started == ["network-dropout-0.5-pad-validation-0.1-learning-rate-0.001"]
    # Tied settings have a default if they share it.
    for option, inside in {
        "word_vectors.window,ngrams.folds=5..20": True,
        "word_vectors.window,word_vectors.negative=5..20": False,
        "network.dropout=0.5..0.7": True,
        "network.dropout=0.1..0.5": True,
        "train.epochs=4,10": True,
        "network.dropout=0..0.4": False,
        "network.dropout=0.6..0.7": False,
    }.items():
        assert (parse(option).defaults is not None) == inside, option


def test_random_trials_depend_only_on_their_number(machines: Machines) -> None:
    proposed = []
    for batch in (1, 12):
        chosen = search.parse(f"batches-of-{batch}", OPTIONS, "", METRIC, "random")
        study = search.open_study(chosen, replace=False)
        search.run(chosen, study, 12, machines, batch)
        proposed.append([trial.params for trial in study.trials])
    assert proposed[0] == proposed[1]
    assert chosen.defaults not in proposed[0]


def test_search_with_other_conditions_needs_another_name(machines: Machines) -> None:
    run(machines, 1)
    for changed, other in {
        "ranges": parse(OPTIONS[0], "network.dropout=0..0.6"),
        "settings, code or corpus": parse(*OPTIONS, "train.epochs=3"),
        "metric": parse(metric="baseline.holdout_accuracy"),
    }.items():
        with pytest.raises(InputError, match=f"the search name began with different {changed}"):
            search.open_study(other, replace=False)


def test_search_ends_if_code_changes_and_continues_if_the_change_is_undone(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, execute = Path("stages/train.py"), machines.execute
    before = code.read_text()

    def edit_meanwhile(points: Sequence[Point]) -> Iterator[Point]:
        yield from execute(points)
        code.write_text("print(1)\n")

    with monkeypatch.context() as patch:
        patch.setattr(machines, "execute", edit_meanwhile)
        expected = "began with different settings, code or corpus: undo"
        for _ in range(2):
            with pytest.raises(InputError, match=expected):
                run(machines, 2)
    code.write_text(before)
    assert states(run(machines, 2)) == [TrialState.COMPLETE] * 2
    assert len(machines.started) == 2
