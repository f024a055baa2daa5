"""Searches: trials that Optuna proposes, run as DVC experiments and scored on held-out reviews."""

import json
import os
import re
import shlex
from collections.abc import Sequence
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
from optuna.trial import TrialState

from birnn.core.paths import STATE
from birnn.core.yaml_files import YAMLError, parse_yaml
from birnn.evaluation.model_names import CHOICES
from birnn.runtime.errors import InputError
from birnn.style.formatting import listed
from birnn_lab import experiments, grid, sweep
from birnn_lab.grid import Point
from birnn_lab.processes import output
from birnn_lab.setting_text import as_text
from birnn_lab.studies import store

FOLDER = STATE / "search"
SAMPLERS = {"random": optuna.samplers.RandomSampler, "tpe": optuna.samplers.TPESampler}
MEASURE = "holdout_accuracy"
HOLD_OUT = "pad.validation"
DEFAULT_HOLD_OUT = 0.1
DIGITS = 4  # of proposed numbers, so that names and commands stay short
NEW_SEEDS = 5
# Trials differ in more than luck, and are scored on the same reviews.
SHARED = re.compile(rf"csv\..*|fetch\..*|.*\.seed|{re.escape(HOLD_OUT)}")
_RANGE = re.compile(r"(log:)?([\w .+-]+?)\.\.([\w .+-]+)")

Distribution = FloatDistribution | IntDistribution | CategoricalDistribution
"""The values of a setting that a search proposes."""


@dataclass(frozen=True)
class Search:
    """A search of settings with the best accuracy of a model on held-out reviews."""

    name: str
    space: dict[str, Distribution]  # proposed values, by full name of the setting
    fixed: dict[str, Any]  # settings that all trials share
    recipe: str  # what all trials start from, or an empty string
    metric: str  # what is maximized

    @property
    def journal(self) -> Path:
        """The file of Optuna's study."""
        return FOLDER / f"{self.name}.journal"

    def point(self, values: dict[str, Any]) -> Point:
        """Return the settings of a trial."""
        return grid.point(values | self.fixed, self.recipe)

    def values(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return what a trial proposes, with numbers of few digits."""
        return {key: _round(params[key], kind) for key, kind in self.space.items()}

    def run(self, params: dict[str, Any]) -> float | None:
        """Run the experiment of a trial, unless it exists; return its score, None if it failed."""
        point = self.point(self.values(params))
        runs = experiments.find(self.name)
        if point.label not in runs:
            if [*sweep.one_by_one({point.name(self.name): point})]:
                return None
            runs = experiments.find(self.name)
        model, _, measure = self.metric.partition(".")
        return float(runs[point.label].metrics[model][measure])


def parse(name: str, options: Sequence[str], recipe: str, metric: str) -> Search:
    """Return a search from options such as `train.learning_rate=log:1e-4..1e-2`.

    Values are a range (`log:` proposes numbers evenly on a logarithmic scale), several values with
    commas, or one value, which all trials share.
    """
    store.check_name(name)
    metrics = [f"{model}.{MEASURE}" for model in CHOICES]
    if metric not in metrics:
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
    for key in (key for keys in space for key in keys.split(",") if SHARED.fullmatch(key)):
        raise InputError(f"{key} cannot be searched, because all trials share it: give one value")
    if fixed.get(HOLD_OUT) == "test":
        raise InputError(f"a search needs held-out reviews: give {HOLD_OUT} a fraction")
    if grid.point(fixed, recipe).settings[HOLD_OUT] == "test":
        fixed[HOLD_OUT] = DEFAULT_HOLD_OUT
    for key, kind in space.items():
        for value in _ends(kind):
            grid.point({key: value} | fixed, recipe)
    return Search(name, space, fixed, recipe, metric)


def run(search: Search, trials: int, sampler: str) -> optuna.Study:
    """Run trials until so many are finished, including earlier ones, and return Optuna's study."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with sweep.exclusively():
        sweep.check_inputs([search.point({})])
        study = open_study(search, sampler)
        done = len(study.get_trials(states=(TrialState.COMPLETE, TrialState.FAIL)))
        print(f"{done} of {trials} trials are finished", flush=True)
        for number in range(done + 1, trials + 1):
            trial = study.ask(dict(search.space))
            score = search.run(trial.params)
            study.tell(trial, score, state=TrialState.FAIL if score is None else None)
            print(f"trial {number}: {'failed' if score is None else score}", flush=True)
    return study


def open_study(search: Search, sampler: str) -> optuna.Study:
    """Return the study in the search's journal, new or continued.

    The first trial of a new one has the defaults, if the ranges include them. A trial that was
    killed is asked for again.
    """
    file = search.journal
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():  # without the line that a killed search left unfinished
        os.truncate(file, file.read_bytes().rfind(b"\n") + 1)
    backend = JournalFileBackend(str(file), JournalFileOpenLock(str(file)))
    study = optuna.create_study(
        storage=JournalStorage(backend),
        study_name=search.name,
        direction="maximize",
        load_if_exists=True,
    )
    # Not one seed for all, because a search that continues would repeat its random trials.
    study.sampler = SAMPLERS[sampler](seed=len(study.trials))
    defaults = search.point({}).settings
    space = {key: distribution_to_json(kind) for key, kind in search.space.items()}
    code = output("git", "rev-parse", "HEAD:./birnn", "HEAD:./stages")
    conditions = json.dumps([search.metric, space, defaults, code], sort_keys=True)
    if study.user_attrs.get("conditions", conditions) != conditions:
        raise InputError(
            f"the search {search.name} began with another metric, other ranges, settings or code: "
            f"choose another name, or delete {file}"
        )
    study.set_user_attr("conditions", conditions)
    values = {key: defaults[key.partition(",")[0]] for key in search.space}
    if not study.trials and all(_contains(kind, values[key]) for key, kind in search.space.items()):
        study.enqueue_trial(values)
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.enqueue_trial(trial.params)
        study.tell(trial.number, state=TrialState.PRUNED)
    return study


def describe(search: Search, study: optuna.Study) -> str:
    """Return the best settings, and the command that confirms them."""
    scores = [trial.value for trial in study.get_trials(states=(TrialState.COMPLETE,))]
    if not scores:
        raise InputError("every trial failed: fix the errors above, and search under another name")
    values, base = search.values(study.best_params), search.point({}).settings
    new = {store.SEED: f"{base[store.SEED] + 1}..{base[store.SEED] + NEW_SEEDS}"}
    if not search.recipe:  # in a recipe, each seed has its own hold-out
        new[store.HOLD_OUT_SEED] = base[store.HOLD_OUT_SEED] + 1
    recipe = ["-r", search.recipe] if search.recipe else []
    command = ["birnn", "sweep", f"{search.name}-best", *recipe]
    for key, value in (search.fixed | values | new).items():
        command += ["-S", f"{key}={as_text(value)}"]
    return (
        f"Best of {len(scores)} trials: {search.metric} {study.best_value:.4f} in the experiment "
        f"{search.point(values).name(search.name)}\n"
        "The best of many is partly lucky. To confirm it with other seeds and held-out reviews:\n"
        f"    {shlex.join(command)}"
    )


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
    kind = IntDistribution if types == {int} else FloatDistribution
    return kind(low, high, log=log)


def _ends(kind: Distribution) -> Sequence[Any]:
    return kind.choices if isinstance(kind, CategoricalDistribution) else (kind.low, kind.high)


def _contains(kind: Distribution, value: Any) -> bool:
    if isinstance(kind, CategoricalDistribution):
        return value in kind.choices
    return isinstance(value, int | float) and kind.low <= value <= kind.high


def _round(value: Any, kind: Distribution) -> Any:
    """Round a proposed number, but not out of its range."""
    if isinstance(kind, FloatDistribution):
        return min(max(float(f"{value:.{DIGITS}g}"), kind.low), kind.high)
    return value
