"""The results of a search: its study, and what it shows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from optuna.trial import TrialState

from birnn.core import paths
from birnn.evaluation.array_types import Groups
from birnn.evaluation.intervals import Interval, proportion_interval
from birnn.evaluation.metrics import is_correct
from birnn.evaluation.model_names import ALL_NETWORKS, ALL_TITLES, NETWORKS
from birnn.networks.log_odds import combine
from birnn.runtime.errors import InputError
from birnn.style.formatting import listed, number, percent, points
from birnn_lab import runs, trial_log, winners_curse
from birnn_lab.collect import study as collect_study
from birnn_lab.runs import Run, read_output, read_predictions
from birnn_lab.search import Search
from birnn_lab.setting_text import as_text
from birnn_lab.studies import store
from birnn_lab.studies.store import HOLD_OUT_SEED, Study

NEW_SEEDS = 5


@dataclass(frozen=True)
class Results:
    """A search, all its trials, and the searched settings and experiments of the complete ones."""

    search: Search
    study: optuna.Study
    settings: list[dict[str, Any]]
    runs: list[Run]


def collect(search: Search, study: optuna.Study) -> Results:
    """Return a search with its experiments."""
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    if not complete:
        raise InputError("every trial failed: fix the errors above, and search under another name")
    settings = [search.values(trial) for trial in complete]
    matches = runs.finished(list(map(search.point, settings)))
    if missing := [trial.number + 1 for at, trial in enumerate(complete) if at not in matches]:
        raise InputError(
            f"the experiments of these trials were removed: {listed(map(str, missing))}. Search "
            "under another name"
        )
    return Results(search, study, settings, [matches[at] for at in range(len(complete))])


def write(results: Results, command: str) -> Study:
    """Write the finished trials as the study `study/NAME`, log choices, and return the study."""
    search, runs = results.search, dict(enumerate(results.runs))
    trials = [replace(search.point(values), chosen=values) for values in results.settings]
    chooses = bool(search.metric)
    written = collect_study(
        search.name,
        command,
        trials,
        runs,
        chooses=chooses,
        sampler=search.sampler,
        replace=True,
    )
    if chooses:
        trial_log.append(results.runs)
    return written


def conclude(results: Results) -> str:
    """Describe the best trial, and by how much the choice among the trials flatters it."""
    accuracy, defaults = float(results.study.best_value), results.search.defaults
    settings = results.search.values(results.study.best_trial)
    correct, groups = _score_held_out(results)
    interval = proportion_interval(correct[results.settings.index(settings)], groups)
    assigned = listed(f"{key}={as_text(value)}" for key, value in settings.items())
    text = (
        f"Best of {len(results.study.trials)} trials: {assigned}. "
        f"Held-out accuracy of {ALL_TITLES[results.search.model]}: {percent(accuracy)}"
        f"{_between(interval, percent)}, on {number(len(groups))} reviews."
    )
    reference = results.settings.index(defaults) if defaults in results.settings else 0
    winner = winners_curse.correct_winner(correct, groups, reference)
    if winner:
        text += (
            f" The best of {len(correct)} finished trials is partly lucky: on reviews that did not "
            f"choose it, its accuracy is about {percent(winner.accuracy)}"
            f"{_between(winner.interval, percent)}, {points(winner.accuracy - accuracy)} points."
        )
    if settings == defaults:
        text += " These are the defaults: no trial is better."
    elif winner and defaults in results.settings:
        low, high = winner.gain_interval
        shown = "an improvement" if low > 0 else "a loss" if high < 0 else "no difference is shown"
        text += (
            f" That is {points(winner.gain)} points{_between(winner.gain_interval, points)} from "
            f"the defaults: {shown}, with this seed and on other held-out reviews."
        )
    return text


def confirmation(results: Results) -> str:
    """Return the command that runs the best settings with other seeds and held-out reviews."""
    search = results.search
    base = search.point({}).settings
    first = max(base[store.SEED], base[HOLD_OUT_SEED]) + 1
    settings = search.fixed | search.values(results.study.best_trial)
    if search.recipe:
        settings.pop(HOLD_OUT_SEED, None)  # each seed has its own hold-out
    else:
        settings[HOLD_OUT_SEED] = base[HOLD_OUT_SEED] + 1
    return trial_log.sweep_command(search.recipe, settings, f"{first}..{first + NEW_SEEDS - 1}")


def _score_held_out(results: Results) -> tuple[NDArray[np.bool_], Groups]:
    """Return which held-out reviews each complete trial classifies correctly, and their groups."""
    model = results.search.model
    models = list(NETWORKS) if model == ALL_NETWORKS else [model]
    tables = [read_predictions(run, "held_out") for run in results.runs]
    correct = [
        is_correct(table["label"].to_numpy(), combine([table[name].to_numpy() for name in models]))
        for table in tables
    ]
    rows = read_output(results.runs[0], paths.HELD_OUT_ROWS, np.load)
    read_groups = partial(pd.read_parquet, columns=["group"])
    names = read_output(results.runs[0], paths.TRAIN_REVIEWS, read_groups)["group"]
    return np.array(correct), pd.factorize(names.iloc[rows])[0].astype(np.int32)


def _between(interval: Interval, form: Callable[[float], str]) -> str:
    return f" ({form(interval[0])} to {form(interval[1])})"
