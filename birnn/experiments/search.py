"""Searches: trials that Optuna proposes, run as DVC experiments and scored on held-out reviews.

The proposals are Optuna's TPE (Watanabe, "Tree-Structured Parzen Estimator", 2023). Each depends
only on the seed, its number and the trials before it. So the journal stores only trials that ended,
and a resumed search proposes the trial that was running once more.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import dvc.api
import optuna
import pandas as pd
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState, create_trial

from birnn.core.errors import InputError
from birnn.core.settings import flatten
from birnn.core.yaml_files import parse_yaml
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.experiments import execution, grid, runs, studies
from birnn.experiments.cluster import Cluster
from birnn.experiments.execution import minutes
from birnn.experiments.grid import Point
from birnn.experiments.recipes import Recipe
from birnn.experiments.runs import Run
from birnn.style.formatting import listed
from birnn.training import live
from birnn.training.splits import TRAINING

FOLDER = Path("state/search")
SEED = 0
MEASURE = "holdout_accuracy"
HOLD_OUT = "pad.validation"
DEFAULT_HOLD_OUT = 0.1
DIGITS = 4  # of proposed numbers, so that names and commands stay short
LIVE_DIGITS = 6  # of the accuracies in `history.csv`
_RANGE = re.compile(r"(log:)?([^,]+?)\.\.([^,]+)")
# The median of fewer trials, or of the first epoch, says little about the last epoch.
PRUNER = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2)

Values = FloatDistribution | IntDistribution | CategoricalDistribution
"""The values of a setting that a search proposes."""

Curve = dict[int, float]
"""Held-out accuracy by epoch, from 1."""

Params = dict[str, Any]
"""Values of the searched settings, by full name."""


@dataclass(frozen=True)
class Search:
    """A search.

    Attributes:
        name: name of the search.
        space: the searched settings by full name, such as `train.learning_rate`.
        fixed: other settings of all trials, by full name.
        recipe: recipe that the trials start from, if any.
        model: model whose accuracy on held-out reviews is maximized.
    """

    name: str
    space: dict[str, Values]
    fixed: dict[str, Any]
    recipe: Recipe | None
    model: str

    def point(self, params: Params) -> Point:
        """Return the settings of a trial."""
        return grid.point(params | self.fixed, self.recipe)

    @property
    def defaults(self) -> Params | None:
        """The default values of the searched settings, or None if the search excludes one."""
        base = flatten(self.point({}).params)
        params = {key: base[key] for key in self.space}
        inside = (_contains(kind, params[key]) for key, kind in self.space.items())
        return params if all(inside) else None


Execute = Callable[[Search, optuna.Study, Sequence[Params]], Iterator[FrozenTrial]]
"""A function that runs trials and yields them, finished, in their order."""


def parse(name: str, options: Sequence[str], recipe: Recipe | None, metric: str) -> Search:
    """Return a search from options such as `train.learning_rate=log:1e-4..1e-2`.

    Values are a range (`log:` proposes numbers evenly on a logarithmic scale), several values with
    commas, or one value, which all trials share.

    Raises:
        InputError: the name, the metric or an option is not valid, or an end of a range is not a
            valid value of the setting.
    """
    studies.check_name(name)
    model = _model(metric)
    given = {key: _distribution(key, text) for key, text in map(grid.split, options)}
    fixed = {key: _ends(kind)[0] for key, kind in given.items() if len(_ends(kind)) == 1}
    space = {key: kind for key, kind in given.items() if key not in fixed}
    if not space:
        raise InputError(
            "there is nothing to search: give ranges, such as -S network.dropout=0..0.7"
        )
    for key in space:
        _check_searchable(key)
    if flatten(grid.point(fixed, recipe).params)[HOLD_OUT] == "test":
        if HOLD_OUT in fixed:
            raise InputError(
                f"{HOLD_OUT} is test, but a search needs held-out reviews: leave it out, or give "
                f"a fraction, such as {HOLD_OUT}={DEFAULT_HOLD_OUT}"
            )
        fixed[HOLD_OUT] = DEFAULT_HOLD_OUT
    for key, kind in space.items():
        for value in _ends(kind):
            grid.point({key: value} | fixed, recipe)
    return Search(name, space, fixed, recipe, model)


def run(
    search: Search,
    trials: int,
    execute: Execute,
    batch: int = 1,
    check: Callable[[Sequence[FrozenTrial]], None] | None = None,
) -> optuna.Study:
    """Run a search, or continue it, until it has so many trials.

    Args:
        search: the search.
        trials: number of trials, including earlier ones.
        execute: runs the trials.
        batch: number of trials that are proposed together.
        check: function of the earlier trials, which is called before new ones run.

    Raises:
        InputError: code, corpus, settings or ranges differ from those that the search began with.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with execution.exclusively():
        study = _open(search)
        if check:
            check(study.trials)
        start, first = time.perf_counter(), len(study.trials)
        print(f"{first} of {trials} trials are finished")
        while (done := len(study.trials)) < trials:
            proposed = propose(search, study.trials, min(batch, trials - done))
            seconds = (time.perf_counter() - start) / max(1, done - first)
            left = f", about {minutes(seconds * (trials - done))} left" if done > first else ""
            for number, params in enumerate(proposed, start=done + 1):
                print(f"[{number} of {trials}] {search.point(params).label}{left}", flush=True)
            for trial in execute(search, study, proposed):
                study.add_trial(trial)
                print(f"{search.point(trial.params).label}: {describe(trial)}", flush=True)
    return study


def describe(trial: FrozenTrial) -> str:
    """Describe how a trial ended."""
    if trial.state is TrialState.FAIL:
        return "failed"
    if trial.state is TrialState.PRUNED:
        return f"stopped after epoch {trial.last_step}, below the median with {trial.value:.4f}"
    return f"held-out accuracy {trial.value:.4f}"


def propose(search: Search, earlier: Sequence[FrozenTrial], count: int) -> list[Params]:
    """Return the settings of the next trials; the first trial has the defaults if it may."""
    study = optuna.create_study(direction="maximize")
    study.add_trials(earlier)
    proposed = []
    for number in range(len(earlier), len(earlier) + count):
        if number == 0 and (params := search.defaults):
            study.enqueue_trial(params)
        study.sampler = optuna.samplers.TPESampler(seed=SEED + number)
        params = study.ask(dict(search.space)).params
        proposed.append({key: _round(params[key], kind) for key, kind in search.space.items()})
    return proposed


def one_by_one(
    search: Search, study: optuna.Study, proposed: Sequence[Params]
) -> Iterator[FrozenTrial]:
    """Run trials on this machine, and stop those that fall behind the median of the others."""
    for params in proposed:
        point = search.point(params)
        value, curve = _result(search, find(point))
        if value is None:
            (name,) = runs.names([point])
            status, curve = _train(search, study, point, name)
            if status == 0:
                execution.execute(point, name)
                value, curve = _result(search, find(point))
        yield finish(search, params, value, curve, study)


def in_batches(machines: Cluster) -> Execute:
    """Return a function that runs the trials of a batch together, all of them to the end."""

    def run_batch(
        search: Search, _study: optuna.Study, proposed: Sequence[Params]
    ) -> Iterator[FrozenTrial]:
        points = [search.point(params) for params in proposed]
        machines.pull(points)
        done, names = runs.finished(points), enumerate(runs.names(points))
        # Equal trials are one experiment.
        missing = {name: points[index] for index, name in names if index not in done}
        list(machines.execute(list(missing.values())))
        done = runs.finished(points)
        for index, params in enumerate(proposed):
            yield finish(search, params, *_result(search, done.get(index)))

    return run_batch


def find(point: Point) -> Run | None:
    """Return the finished experiment of a point, if any."""
    return runs.finished([point]).get(0)


def finish(
    search: Search,
    params: Params,
    value: float | None,
    curve: Curve,
    study: optuna.Study | None = None,
) -> FrozenTrial:
    """Return the finished trial.

    Args:
        search: the search.
        params: the trial's settings.
        value: its metric, or None if it failed or was stopped.
        curve: its curve, as far as it is known.
        study: other trials; if the pruner stops the trial compared with them, it counts as stopped
            then, even if it was too fast to be stopped.
    """
    state = TrialState.FAIL if value is None else TrialState.COMPLETE
    if study and (last := pruned_after(study, curve)):
        curve = {epoch: accuracy for epoch, accuracy in curve.items() if epoch <= last}
        value, state = curve[last], TrialState.PRUNED
    return create_trial(
        state=state,
        value=value,
        params=params,
        distributions=dict(search.space),
        intermediate_values=curve,
    )


def pruned_after(study: optuna.Study, curve: Curve) -> int | None:
    """Return the first epoch after which the pruner stops a trial with this curve, if any."""
    for epoch in sorted(curve):
        seen = {earlier: value for earlier, value in curve.items() if earlier <= epoch}
        trial = create_trial(state=TrialState.RUNNING, intermediate_values=seen)
        if study.pruner.prune(study, trial):
            return epoch
    return None


def _train(search: Search, study: optuna.Study, point: Point, name: str) -> tuple[int, Curve]:
    """Train only the network of the metric, so that a pruned trial trains no other.

    DVC then has the network in its cache.

    Returns:
        The exit status, which is not 0 if the trial is pruned, and the curve.
    """
    curve: Curve = {}

    def is_pruned() -> bool:
        curve.update(_live_curve(name, search.model))
        return pruned_after(study, curve) is not None

    if search.model not in NETWORKS:
        return 0, curve
    status = execution.execute(point, name, f"train_{search.model}", stop=is_pruned)
    if status == 0 and (revision := execution.revision(name)):
        curve = _curve(dvc.api.read(_history(search.model), rev=revision, mode="rb"))
        status = 0 if pruned_after(study, curve) is None else execution.STOPPED
    if status != 0:
        execution.remove(name)
    return status, curve


def _live_curve(experiment: str, network: str) -> Curve:
    """Return the curve so far of a network that is being trained."""
    return {
        row["epoch"]: round(row["accuracy"], LIVE_DIGITS)
        for training in live.find()
        if (training.experiment, training.network) == (experiment, network)
        for row in training.curves
        if row["split"] != TRAINING
    }


def _history(network: str) -> str:
    return f"models/{network}/history.csv"


def _curve(history: bytes) -> Curve:
    """Return the curve of a trained network from the content of its history.csv."""
    table = pd.read_csv(BytesIO(history))
    return dict(enumerate(table["val_accuracy"], start=1))


def _result(search: Search, run: Run | None) -> tuple[float | None, Curve]:
    """Return the metric of an experiment, and the curve of its network."""
    if run is None:
        return None, {}
    is_network = search.model in NETWORKS
    curve = _curve(runs.read_output(run, _history(search.model))) if is_network else {}
    return run.metrics[search.model][MEASURE], curve


def _open(search: Search) -> optuna.Study:
    """Return the study in the search's journal, new or continued."""
    file = FOLDER / f"{search.name}.journal"
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = JournalFileOpenLock(str(file))
    # Left by a process that was killed; this process has its own lock.
    Path(f"{file}.lock").unlink(missing_ok=True)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(file), lock)),
        study_name=search.name,
        direction="maximize",
        pruner=PRUNER,
        load_if_exists=True,
    )
    conditions = {
        "metric": f"{search.model}.{MEASURE}",
        "space": {key: distribution_to_json(kind) for key, kind in search.space.items()},
        "settings": flatten(search.point({}).params),
        "code": runs.fingerprint(search.point({})),
    }
    begun = study.user_attrs.get("conditions", conditions)
    if study.trials and begun != conditions:
        changed = [name for name, value in conditions.items() if value != begun[name]]
        raise InputError(
            f"the search {search.name} began with different {listed(changed)}: choose another "
            f"name, or delete {file}"
        )
    study.set_user_attr("conditions", conditions)
    return study


def _model(metric: str) -> str:
    """Return the model of a metric on held-out reviews."""
    model, _, measure = metric.rpartition(".")
    choices = listed((f"{name}.{MEASURE}" for name in TITLES), "or")
    if model not in TITLES:
        raise InputError(f"{metric!r} is not the metric of a search: use {choices}")
    if measure != MEASURE:
        raise InputError(
            f"{metric} is measured on the test split, and settings that are chosen by it would "
            f"look better there than they are: use {choices}"
        )
    return model


def _distribution(key: str, text: str) -> Values:
    limits = _RANGE.fullmatch(text)
    if limits is None:
        return CategoricalDistribution(grid.values(text))
    log, (low, high) = bool(limits[1]), map(parse_yaml, limits.groups()[1:])
    types = {type(low), type(high)}
    if not (types <= {int, float} and low < high and (low > 0 or not log)):
        raise InputError(
            f"{key}={text} is not a range: give two numbers, the smaller one first, such as "
            "0..0.7 or log:1e-4..1e-2; with log:, both are above 0"
        )
    if types == {int}:
        return IntDistribution(low, high, log=log)
    return FloatDistribution(low, high, log=log)


def _check_searchable(key: str) -> None:
    section, name = key.split(".")
    if section in {"csv", "fetch"} or key == HOLD_OUT or name == "seed":
        raise InputError(
            f"{key} cannot be searched: trials must differ in more than luck, and be scored on the "
            "same reviews. Give it one value"
        )


def _ends(kind: Values) -> Sequence[Any]:
    return kind.choices if isinstance(kind, CategoricalDistribution) else (kind.low, kind.high)


def _contains(kind: Values, value: Any) -> bool:
    if isinstance(kind, CategoricalDistribution):
        return value in kind.choices
    wanted = int if isinstance(kind, IntDistribution) else int | float
    return isinstance(value, wanted) and kind.low <= value <= kind.high


def _round(value: Any, kind: Values) -> Any:
    """Round a proposed number, but not out of its range."""
    if isinstance(kind, FloatDistribution):
        return min(max(float(f"{value:.{DIGITS}g}"), kind.low), kind.high)
    return value
