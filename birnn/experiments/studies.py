"""Studies: the runs of a grid in one table, with statistics over seeds."""

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from birnn.core.errors import InputError
from birnn.core.outputs import atomic_file, atomic_folder, write_json
from birnn.core.paths import STUDIES
from birnn.core.settings import flatten
from birnn.evaluation.intervals import informative, lowest_value
from birnn.evaluation.model_names import NETWORKS, PAIRS, TITLES, pair_name
from birnn.experiments import crossed_effects, ladder, seed_predictions
from birnn.experiments.grid import Point
from birnn.experiments.runs import Run, read_output, read_predictions
from birnn.reporting import epochs_figure, figures, statistics, study, study_figure
from birnn.reporting.study import CORPUS_FIELDS, HOLD_OUT_SEED, SEED
from birnn.training.splits import TRAINING

FOLDER = STUDIES
ABOUT = "study.json"
NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
# Measures without statistics over seeds: the parameters do not depend on the seed, and the best
# epoch is the maximum of a noisy curve.
NOT_SUMMARIZED = {"parameters", "best_val_accuracy", "best_val_epoch"}
DIGITS = 6
NO_INTERVAL = (None, None)


def write(
    name: str, points: Sequence[Point], runs: Mapping[int, Run], *, replace: bool = False
) -> Path:
    """Write the runs of a grid, by index of their points, as a study to `study/NAME`.

    `runs.csv` has one row per run. `summary.csv` has the mean, standard deviation and 95% interval
    over seeds of most measures, for each network and for the difference of two networks with the
    same seed. `study.json` describes the settings and the corpus, and `NAME.png` shows the
    accuracies and differences.

    If all runs share one combination of values, the folder also has the predictions (see
    `seed_predictions`), and `comparison.csv`, computed from them by `compare` if the reviews have
    several groups. If only the seed varies, it also has `epochs.csv` and `epochs.png`, with the
    accuracy and loss of each epoch.

    Raises:
        InputError: no run is finished, the runs use several corpora, the name is not valid, or
            `study/NAME` has results that would be lost, unless `replace` is true.
    """
    check_name(name)
    if not runs:
        raise InputError("none of these experiments is finished: run them first")
    table, names = rows(points, runs), varied(points)
    corpora = {tuple(run.metrics["corpus"][key] for key in CORPUS_FIELDS) for run in runs.values()}
    if len(corpora) > 1:
        raise InputError(f"the runs use several corpora, {sorted(corpora)}: choose one")
    (values,) = corpora
    corpus, settings = dict(zip(CORPUS_FIELDS, values, strict=True)), flatten(points[0].params)
    combinations = set(table[names].itertuples(index=False, name=None))
    has_predictions = len(combinations) == 1 < len(runs)
    if not replace:
        keys = [name for name in (*names, SEED, HOLD_OUT_SEED) if name in table]
        old = _stored_runs(FOLDER / name, names, corpus, settings, has_predictions=has_predictions)
        check_replaceable(FOLDER / name, old, table[list(dict.fromkeys(keys))])
    with atomic_folder(FOLDER / name) as folder:
        write_table(table, folder / "runs.csv")
        write_table(summary(table, names), folder / "summary.csv")
        about = {
            "corpus": corpus,
            "varied": names,
            "settings": study.fixed_settings(settings, [*map(str, table)], [*NETWORKS]),
        }
        if has_predictions:
            ordered = [runs[index] for index in sorted(runs)]
            predictions = seed_predictions.collect(list(map(read_predictions, ordered)))
            seed_predictions.write(predictions, folder)
            about["quantization_errors"] = seed_predictions.quantization_errors(predictions)
            if not names:
                write_table(epochs(table[SEED].tolist(), ordered), folder / "epochs.csv")
            if len(np.unique(predictions.groups)) > 1:
                compare(folder)
        write_json(folder / ABOUT, about)
    draw(FOLDER / name)
    return FOLDER / name


def check_name(name: str) -> None:
    """Check that a name can be a folder in `study`.

    Raises:
        InputError: the name is not valid.
    """
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is not a valid name of a study: use letters, digits and hyphens"
        )
    if FOLDER / name == ladder.FOLDER:
        raise InputError(f"{ladder.FOLDER} is the folder of birnn ladder: choose another name")


def check_replaceable(folder: Path, old: pd.DataFrame | None, new: pd.DataFrame) -> None:
    """Check that results in a folder of `study` can be replaced, because nothing is lost.

    Args:
        folder: the folder; it need not exist.
        old: the results there; None if they are of another kind, corpus or settings.
        new: the results that replace them, with the columns that identify a result.

    Raises:
        InputError: the folder has results that are not among the new ones.
    """
    if not folder.exists() or not any(folder.iterdir()):
        return
    if old is None or not _lines(old.reindex(columns=new.columns)) <= _lines(new):
        raise InputError(
            f"{folder} has results that would be lost: choose another name, or add --replace"
        )


def _lines(table: pd.DataFrame) -> set[str]:
    return set(table.to_csv(index=False, float_format=f"%.{DIGITS}g").splitlines())


def _stored_runs(
    folder: Path,
    names: Sequence[str],
    corpus: Mapping[str, Any],
    settings: Mapping[str, Any],
    *,
    has_predictions: bool,
) -> pd.DataFrame | None:
    """Return the runs of the study in a folder that a new study may replace.

    Return None if there is no study, or one that varies other settings, has another corpus or
    other settings, or has predictions, but the new study has none.
    """
    if not (folder / ABOUT).exists():
        return None
    old = study.read(folder)
    is_same = sorted(old.varied) == sorted(names) and old.matches(corpus, settings)
    loses_predictions = (folder / seed_predictions.REVIEWS).exists() and not has_predictions
    return old.runs if is_same and not loses_predictions else None


def compare(folder: Path) -> None:
    """Write `comparison.csv` from the predictions in a study's folder.

    It has one row per measure and network or pair of networks: the mean over seeds, its standard
    error and interval over seeds and test reviews; for a pair also simultaneous intervals, p-values
    and the probability that a new run of the first network is better (see `crossed_effects`).

    Raises:
        InputError: the folder has no predictions.
    """
    stored = seed_predictions.read(folder)
    if stored is None:
        raise InputError(f"{folder} has no predictions: name the seeds, as in -S train.seed=0..9")
    compared = crossed_effects.compare(stored.labels, stored.groups, stored.logits)
    rows = [
        {"measure": measure, "model": network, **_estimate(estimate, lowest_value(measure))}
        for (measure, network), estimate in compared.networks.items()
    ]
    for (measure, first, second), difference in compared.differences.items():
        wins, (wins_low, wins_high) = compared.wins[measure, first, second]
        lowest = lowest_value(measure, difference=True)
        low, high = informative(difference.simultaneous_interval, lowest) or NO_INTERVAL
        rows.append(
            {"measure": measure, "model": pair_name(first, second), **_estimate(difference, lowest)}
            | {"simultaneous_low": low, "simultaneous_high": high}
            | {"p": difference.p, "adjusted_p": difference.adjusted_p}
            | {"wins": wins, "wins_low": wins_low, "wins_high": wins_high}
        )
    write_table(pd.DataFrame(rows), folder / "comparison.csv")


def draw(folder: Path) -> None:
    """Draw the figures of the study in a folder."""
    content = study.read(folder)
    figures.save(study_figure.draw(content), folder / f"{folder.name}.png")
    if content.epochs is not None and len(content.networks) > 1:
        figures.save(epochs_figure.draw(content.epochs), folder / "epochs.png")


def epochs(seeds: Sequence[int], runs: Sequence[Run]) -> pd.DataFrame:
    """Return the accuracy and loss on the watched split, one row per seed, network and epoch."""
    tables = []
    for seed, run in zip(seeds, runs, strict=True):
        curves = pd.read_csv(io.BytesIO(read_output(run, "plots/curves.csv")))
        watched = curves[curves["split"] != TRAINING]
        tables.append(watched[["model", "epoch", "accuracy", "loss"]].assign(**{SEED: seed}))
    return pd.concat(tables)


def _estimate(estimate: crossed_effects.Estimate, lowest: float) -> dict[str, float | None]:
    low, high = informative(estimate.interval, lowest) or NO_INTERVAL
    return {
        "mean": estimate.mean,
        "standard_error": estimate.standard_error,
        "low": low,
        "high": high,
    }


def varied(points: Sequence[Point]) -> list[str]:
    """Return the settings that the grid varies, without the seed."""
    return [key for key in points[0].chosen if key != SEED]


def rows(points: Sequence[Point], runs: Mapping[int, Run]) -> pd.DataFrame:
    """Return one row per run: the grid's settings, the seeds, and the metrics of all models."""
    table = []
    for index, run in sorted(runs.items()):
        metrics = {
            f"{model}.{measure}": value
            for model in TITLES
            for measure, value in run.metrics[model].items()
            if isinstance(value, int | float)
        }
        point = points[index]
        seeds = {SEED: flatten(run.params)[SEED]}
        if HOLD_OUT_SEED in point.changes:
            seeds[HOLD_OUT_SEED] = point.changes[HOLD_OUT_SEED]
        table.append(point.chosen | seeds | metrics)
    return pd.DataFrame(table)


def summary(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return one row per combination of varied settings, measure and model.

    The difference of two networks with the same seed is a model, too, such as `bilstm_minus_bigru`.
    The intervals of all differences of a measure are simultaneous.
    """
    groups = table.groupby(list(names), sort=True) if names else [((), table)]
    records = []
    for values, runs in groups:
        combination = dict(zip(names, values, strict=True))
        for measure in _measures(runs):
            columns = {network: runs[f"{network}.{measure}"] for network in NETWORKS}
            spreads = {
                network: statistics.spread(column, lowest=lowest_value(measure))
                for network, column in columns.items()
            }
            lowest = lowest_value(measure, difference=True)
            spreads |= {
                pair_name(first, second): statistics.spread(
                    columns[first] - columns[second], len(PAIRS), lowest
                )
                for first, second in PAIRS
            }
            records += [
                combination | {"model": model, "measure": measure} | _record(spread)
                for model, spread in spreads.items()
            ]
    return pd.DataFrame(records)


def _measures(table: pd.DataFrame) -> list[str]:
    columns = map(str, table.columns)
    prefix = f"{next(iter(NETWORKS))}."
    names = [name.removeprefix(prefix) for name in columns if name.startswith(prefix)]
    return [name for name in names if name not in NOT_SUMMARIZED]


def _record(spread: statistics.Spread) -> dict[str, Any]:
    low, high = spread.interval or NO_INTERVAL
    return {
        "seeds": spread.seeds,
        "mean": spread.mean,
        "deviation": spread.deviation,
        "low": low,
        "high": high,
    }


def write_table(table: pd.DataFrame, file: Path) -> None:
    """Write a table as CSV."""
    with atomic_file(file) as part:
        table.to_csv(part, index=False, float_format=f"%.{DIGITS}g", lineterminator="\n")
