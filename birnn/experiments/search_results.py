"""The results of a search: its files in `study`, and what they show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import log10
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState, create_trial

from birnn.core.errors import InputError
from birnn.core.outputs import atomic_folder
from birnn.core.settings import flatten
from birnn.evaluation.intervals import NO_DIFFERENCE, Interval, proportion_interval
from birnn.evaluation.metrics import is_correct
from birnn.evaluation.model_names import TITLES
from birnn.experiments import recipes, runs, search_figures, selection, studies, tried
from birnn.experiments.runs import Run, read_output, read_predictions
from birnn.experiments.search import SEED, Params, Search, Values
from birnn.studies import study as stored_study
from birnn.style import plotting
from birnn.style.formatting import listed, number, percent, points

CORPUS, ROWS = "data/corpus/train.parquet", "data/padded/validation/rows.npy"
TRIALS = "trials.csv"
NEW_SEEDS = 3


@dataclass(frozen=True)
class Results:
    """A search with its experiments.

    Attributes:
        search: the search.
        study: all trials.
        runs: experiments of the complete trials, by number of the trial.
    """

    search: Search
    study: optuna.Study
    runs: dict[int, Run]

    @property
    def title(self) -> str:
        """The title of the model whose accuracy is maximized."""
        return str(TITLES[self.search.model])


def collect(search: Search, study: optuna.Study) -> Results:
    """Return a search with its experiments.

    Raises:
        InputError: no trial is complete, or an experiment was removed.
    """
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    if not complete:
        raise InputError("every trial failed: fix the errors above, and search under another name")
    matches = runs.finished([search.point(trial.params) for trial in complete])
    if missing := [trial.number + 1 for at, trial in enumerate(complete) if at not in matches]:
        raise InputError(
            f"the experiments of these trials were removed: {listed(map(str, missing))}. Search "
            "under another name"
        )
    return Results(search, study, {trial.number: matches[at] for at, trial in enumerate(complete)})


def check_replaceable(search: Search, trials: Sequence[FrozenTrial]) -> None:
    """Check that `study/NAME` can be replaced by the results of a search with these trials so far.

    Raises:
        InputError: the folder has results that are not among the trials.
    """
    file = studies.FOLDER / search.name / TRIALS
    is_search = file.exists() and not file.with_name(studies.ABOUT).exists()
    old = pd.read_csv(file) if is_search else None
    new = table(trials, {}).reindex(columns=["number", *search.space, "value", "state"])
    studies.check_replaceable(file.parent, old, new)


def write(results: Results) -> Path:
    """Write the tables and figures to `study/NAME`, log the trials, and return the folder."""
    shares = importances(results.search, results.study)
    columns = ["setting", "importance"]
    history = search_figures.draw_history(results.study.trials, results.search.model)
    folder = studies.FOLDER / results.search.name
    with atomic_folder(folder) as part:
        studies.write_table(pd.DataFrame(shares.items(), columns=columns), part / "importance.csv")
        studies.write_table(table(results.study.trials, results.runs), part / TRIALS)
        plotting.save(history, part / "history.png")
        plotting.save(search_figures.draw_importances(shares), part / "importance.png")
    tried.append(results.runs.values(), list(recipes.read().values()), stopped=_stopped(results))
    return folder


def table(trials: Sequence[FrozenTrial], runs: Mapping[int, Run]) -> pd.DataFrame:
    """Return one row per trial; a pruned trial has the accuracy at which it was stopped."""
    experiments = {number: run.name for number, run in runs.items()}
    return pd.DataFrame(
        {
            "number": trial.number + 1,
            **trial.params,
            "value": trial.value,
            "state": trial.state.name.lower(),
            "epochs": len(trial.intermediate_values),
            "experiment": experiments.get(trial.number),
        }
        for trial in trials
    )


def importances(search: Search, study: optuna.Study) -> dict[str, float]:
    """Return each setting's share of the variance of the accuracy, the largest first.

    Hutter, Hoos and Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance",
    2014 (functional ANOVA). The result is empty if the complete trials do not differ.
    """
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    if len({trial.value for trial in complete}) == 1:
        return {}
    # Optuna would weigh all values of a range evenly on a linear scale, also with `log:`.
    scaled = optuna.create_study(direction="maximize")
    kinds = {key: _scaled_range(kind) for key, kind in search.space.items()}
    for trial in complete:
        params = {key: _scale(kind, trial.params[key]) for key, kind in search.space.items()}
        scaled.add_trial(create_trial(value=trial.value, params=params, distributions=kinds))
    shares = get_param_importances(scaled, evaluator=FanovaImportanceEvaluator(seed=SEED))
    return {key: float(share) for key, share in shares.items()}


def conclude(results: Results) -> str:
    """Describe the best trial, and by how much the choice among the trials flatters it."""
    best, numbers = results.study.best_trial, sorted(results.runs)
    accuracy = float(results.study.best_value)
    pruned = len(results.study.get_trials(states=(TrialState.PRUNED,)))
    correct, groups = _held_out(results)
    interval = proportion_interval(correct[numbers.index(best.number)], groups)
    text = (
        f"Best of {len(results.study.trials)} trials, {pruned} of them stopped early: "
        f"{_assigned(best.params)}. The {results.title} has {percent(accuracy)}"
        f"{_between(interval, percent)} held-out accuracy, on {number(len(groups))} reviews."
    )
    defaults = [
        at
        for at, trial in enumerate(numbers)
        if results.study.trials[trial].params == results.search.defaults
    ]
    winner = selection.correct_winner(correct, groups, defaults[0] if defaults else None, SEED)
    if winner:
        text += (
            f" The best of {len(numbers)} finished trials is partly lucky: on reviews that did not "
            f"choose it, its accuracy is about {percent(winner.accuracy)}"
            f"{_between(winner.interval, percent)}, {points(winner.accuracy - accuracy)} points."
        )
    if best.params == results.search.defaults:
        text += " These are the defaults: no trial is better."
    elif winner and winner.gain is not None and winner.gain_interval is not None:
        low, high = winner.gain_interval
        shown = "an improvement" if low > 0 else "a loss" if high < 0 else NO_DIFFERENCE
        text += (
            f" That is {points(winner.gain)} points{_between(winner.gain_interval, points)} from "
            f"the defaults: {shown}."
        )
    if shares := importances(results.search, results.study):
        key, share = next(iter(shares.items()))
        text += f" {key} matters most, with {share:.0%} of the variance between trials."
    return text


def confirmation(results: Results) -> str:
    """Return the command that runs the best settings with other seeds and held-out reviews."""
    search = results.search
    base = flatten(search.point({}).params)
    first = base[stored_study.SEED] + 1
    settings = {
        **search.fixed,
        **results.study.best_params,
        stored_study.HOLD_OUT_SEED: base[stored_study.HOLD_OUT_SEED] + 1,
    }
    recipe = search.recipe.name if search.recipe else ""
    return tried.command(recipe, settings, f"{first}..{first + NEW_SEEDS - 1}")


def _held_out(results: Results) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Return which held-out reviews each complete trial classifies correctly, and their groups."""
    ordered = [results.runs[trial] for trial in sorted(results.runs)]
    tables = [read_predictions(run, "held_out") for run in ordered]
    correct = [
        is_correct(each["label"].to_numpy(), each[results.search.model].to_numpy())
        for each in tables
    ]
    rows = np.load(BytesIO(read_output(ordered[0], ROWS)))
    names = pd.read_parquet(BytesIO(read_output(ordered[0], CORPUS)), columns=["group"])["group"]
    return np.array(correct), pd.factorize(names.iloc[rows])[0].astype(np.int32)


def _stopped(results: Results) -> dict[str, Run]:
    """Return the pruned trials as runs without results, by what the log says of them."""
    (finished, *_) = results.runs.values()
    metrics = {"corpus": finished.metrics["corpus"]}
    stopped = {}
    for trial in results.study.get_trials(states=(TrialState.PRUNED,)):
        point = results.search.point(trial.params)
        source = f"{point.label} of search {results.search.name}, stopped after epoch"
        stopped[f"{source} {trial.last_step}"] = Run(
            point.label, "", finished.baseline, point.params, metrics
        )
    return stopped


def _scale(kind: Values, value: Any) -> Any:
    """Return a value on the scale that the search uses."""
    return log10(value) if not isinstance(kind, CategoricalDistribution) and kind.log else value


def _scaled_range(kind: Values) -> BaseDistribution:
    if isinstance(kind, CategoricalDistribution) or not kind.log:
        return kind
    return FloatDistribution(log10(kind.low), log10(kind.high))


def _assigned(params: Params) -> str:
    return listed(f"{key}={value}" for key, value in params.items())


def _between(interval: Interval | None, form: Callable[[float], str]) -> str:
    return f" ({form(interval[0])} to {form(interval[1])})" if interval else ""
