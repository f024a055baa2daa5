"""Searches: trials that Optuna proposes, run as DVC experiments and scored on held-out reviews.

Without a score, the trials are a random sample of settings, over which networks can be compared.
The proposals are random, or Optuna's TPE (Watanabe, "Tree-Structured Parzen Estimator", 2023). Each
depends only on its number and, with TPE, on the results so far. So a search that runs one trial at
a time proposes the same trials if it is killed and continued.
"""

import os
import re
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from birnn.core.paths import STATE
from birnn.core.yaml_files import YAMLError, parse_yaml
from birnn.evaluation.model_names import CHOICES
from birnn.runtime.errors import InputError
from birnn.style.formatting import listed
from birnn_lab import collect, execution, grid, runs
from birnn_lab.cluster import Cluster
from birnn_lab.grid import Point
from birnn_lab.studies import store, writing

FOLDER = STATE / "search"
SAMPLERS = {store.RANDOM: optuna.samplers.RandomSampler, "tpe": optuna.samplers.TPESampler}
MEASURE = "holdout_accuracy"
HOLD_OUT = "pad.validation"
DEFAULT_HOLD_OUT = 0.1
DIGITS = 4  # of proposed numbers, so that names and commands stay short
RUNNING = (TrialState.RUNNING,)
_RANGE = re.compile(r"(log:)?([\w .+-]+?)\.\.([\w .+-]+)")

Distribution = FloatDistribution | IntDistribution | CategoricalDistribution
"""The values of a setting that a search proposes."""


@dataclass(frozen=True)
class Search:
    """A search of settings with the best accuracy of a model on held-out reviews, or a sample."""

    name: str
    space: dict[str, Distribution]  # proposed values, by full name of the setting
    fixed: dict[str, Any]  # settings that all trials share
    recipe: str  # what all trials start from, or an empty string
    metric: str | None  # what is maximized, None to choose nothing
    sampler: str  # a key of `SAMPLERS`

    @property
    def model(self) -> str:
        """The model whose accuracy is maximized; empty if nothing is chosen."""
        return (self.metric or "").partition(".")[0]

    @property
    def journal(self) -> Path:
        """The file of Optuna's study."""
        return FOLDER / f"{self.name}.journal"

    def values(self, trial: FrozenTrial) -> dict[str, Any]:
        """Return the searched settings of a trial, with numbers of few digits."""
        return {key: _round(trial.params[key], kind) for key, kind in self.space.items()}

    def point(self, values: dict[str, Any]) -> Point:
        """Return all settings of a trial."""
        return grid.point(values | self.fixed, self.recipe)

    @property
    def defaults(self) -> dict[str, Any] | None:
        """The default values of the searched settings, or None if the search excludes one."""
        base = self.point({}).settings
        values = {key: base[key.partition(",")[0]] for key in self.space}
        inside = all(_contains(kind, values[key]) for key, kind in self.space.items())
        return values if inside and self.point(values).settings == base else None


def parse(
    name: str,
    options: Sequence[str],
    recipe: str,
    metric: str | None,
    sampler: str = "tpe",
) -> Search:
    """Return a search from options such as `train.learning_rate=log:1e-4..1e-2`.

    Values are a range (`log:` proposes numbers evenly on a logarithmic scale), several values with
    commas, or one value, which all trials share. Without a metric, all are drawn at random.
    """
    writing.check_name(name)
    metrics = [f"{model}.{MEASURE}" for model in CHOICES]
    if metric and metric not in metrics:
        raise InputError(
            f"a search cannot maximize {metric}: use {listed(metrics, 'or')}. "
            "Settings that are chosen on the test split look better there than they are"
        )
    texts = grid.split_all(options)
    given = {key: grid.values(text) for key, text in texts.items() if not _RANGE.fullmatch(text)}
    fixed = {key: values[0] for key, values in given.items() if len(values) == 1}
    space = {key: _distribution(key, text) for key, text in texts.items() if key not in fixed}
    if not space:
        raise InputError(
            "there is nothing to search: give ranges, such as -S network.dropout=0..0.7"
        )
    _refuse_luck(space, metric)
    if metric and grid.point(fixed, recipe).settings[HOLD_OUT] == "test":
        if HOLD_OUT in fixed:
            raise InputError(
                f"{HOLD_OUT} is test, but a search needs held-out reviews: leave it out, or give "
                f"a fraction, such as {HOLD_OUT}={DEFAULT_HOLD_OUT}"
            )
        fixed[HOLD_OUT] = DEFAULT_HOLD_OUT
    for key, kind in space.items():
        ends = kind.choices if isinstance(kind, CategoricalDistribution) else (kind.low, kind.high)
        for value in ends:
            grid.point({key: value} | fixed, recipe)
    return Search(name, space, fixed, recipe, metric, sampler if metric else store.RANDOM)


def _refuse_luck(space: Mapping[str, Distribution], metric: str | None) -> None:
    """Check that trials differ in more than luck, and are scored on the same reviews."""
    for key in (key for keys in space for key in keys.split(",")):
        # Nothing is chosen from a random sample, so its trials may differ in the training seed.
        is_luck = key.endswith(".seed") and (metric or key != store.SEED)
        if key == HOLD_OUT or key.startswith(("csv.", "fetch.")) or is_luck:
            raise InputError(
                f"{key} cannot be searched: trials must differ in more than luck, and be scored on "
                "the same reviews. Give it one value"
            )


def open_study(search: Search, *, replace: bool) -> optuna.Study:
    """Return the study in the search's journal, new or continued.

    It is refused if its results would `replace` those in `study/NAME` that are not of a search.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file, folder = search.journal, store.FOLDER / search.name
    if folder.exists() and not (replace or (file.exists() and store.read(folder).about.sampler)):
        raise collect.results_would_be_lost(folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():  # without the line that a killed search left unfinished
        os.truncate(file, file.read_bytes().rfind(b"\n") + 1)
    backend = JournalFileBackend(str(file), JournalFileOpenLock(str(file)))
    try:
        study = optuna.create_study(
            storage=JournalStorage(backend),
            study_name=search.name,
            direction="maximize",
            load_if_exists=True,
        )
    except (ValueError, LookupError, TypeError, AssertionError) as error:
        raise InputError(
            f"{file} is damaged: delete it, and search again with --replace; finished trials are "
            "not run again"
        ) from error
    if study.trials:
        _check_conditions(search, study)
    else:
        study.set_user_attr("conditions", _conditions(search))
    for trial in study.get_trials(states=RUNNING):
        if trial.params.keys() != search.space.keys():  # killed while it was proposed
            study.tell(trial.number, state=TrialState.FAIL)
    return study


def _conditions(search: Search) -> dict[str, Any]:
    (name,) = runs.names([search.point({})])
    return {
        "metric": search.metric,
        "ranges": {key: distribution_to_json(kind) for key, kind in search.space.items()},
        "sampler": search.sampler,
        "settings, code or corpus": name.rpartition("-")[2],  # its digest
    }


def _check_conditions(search: Search, study: optuna.Study) -> None:
    begun = study.user_attrs["conditions"]
    changed = [name for name, value in _conditions(search).items() if value != begun.get(name)]
    if changed:
        raise InputError(
            f"the search {search.name} began with different {listed(changed)}: undo the change, "
            f"choose another name, or delete {search.journal}"
        )


def run(
    search: Search, study: optuna.Study, trials: int, machines: Cluster | None, batch: int
) -> None:
    """Run trials until so many are finished, including earlier ones.

    Those that a killed search left come first. A batch of trials is proposed together, and runs at
    once on a cluster. Without `machines`, trials run on this machine.
    """
    start, first = time.perf_counter(), _count_finished(study)
    while True:
        done = _count_finished(study)
        left = execution.time_left(start, done - first, trials - done)
        print(f"{done} of {trials} trials are finished{left}", flush=True)
        if done >= trials:
            return
        chosen = _next_trials(search, study, min(batch, trials - done))
        points = [search.point(search.values(trial)) for trial in chosen]
        execution.run_all(execution.find_unfinished(points, machines), machines)
        finished = runs.finished(points)
        _check_conditions(search, study)  # other code would not find these trials
        for index, trial in enumerate(chosen):
            if index in finished:
                accuracy = finished[index].measures[search.metric] if search.metric else 0
                study.tell(trial.number, accuracy)
                outcome = f"held-out accuracy {accuracy:.4f}" if search.metric else "finished"
            else:
                study.tell(trial.number, state=TrialState.FAIL)
                outcome = "failed"
            print(f"{points[index].label}: {outcome}", flush=True)


def _count_finished(study: optuna.Study) -> int:
    return sum(trial.state.is_finished() for trial in study.trials)


def _next_trials(search: Search, study: optuna.Study, count: int) -> list[FrozenTrial]:
    """Return trials to run; the first trial has the defaults if it may, unless all are random."""
    if not study.trials and search.defaults and search.sampler != store.RANDOM:
        study.enqueue_trial(search.defaults)
    for _ in range(count - len(study.get_trials(states=RUNNING))):
        # Not one seed for all, because a search that continues would repeat its random trials.
        seed = len(study.trials)
        if not search.metric:  # not the trials of a search in the same ranges; below 2**32
            seed += zlib.crc32(search.name.encode()) // 2
        study.sampler = SAMPLERS[search.sampler](seed=seed)
        study.ask(dict(search.space))
    return study.get_trials(states=RUNNING)[:count]


def _distribution(key: str, text: str) -> Distribution:
    limits = _RANGE.fullmatch(text)
    if limits is None:
        return CategoricalDistribution(grid.values(text))
    log = bool(limits[1])
    try:
        low, high = map(parse_yaml, limits.groups()[1:])
    except YAMLError:  # no numbers
        low = high = None
    types = {type(low), type(high)}
    if not (types <= {int, float} and low < high and (low > 0 or not log)):
        raise InputError(
            f"{key}={text} is not a range: give two numbers, the smaller one first, such as "
            "0..0.7 or log:1e-4..1e-2; with log:, both are above 0"
        )
    if types == {int}:
        return IntDistribution(low, high, log=log)
    return FloatDistribution(low, high, log=log)


def _contains(kind: Distribution, value: Any) -> bool:
    if isinstance(kind, CategoricalDistribution):
        return value in kind.choices
    wanted = int if isinstance(kind, IntDistribution) else int | float
    return isinstance(value, wanted) and kind.low <= value <= kind.high


def _round(value: Any, kind: Distribution) -> Any:
    """Round a proposed number, but not out of its range."""
    if isinstance(kind, FloatDistribution):
        return min(max(float(f"{value:.{DIGITS}g}"), kind.low), kind.high)
    return value
