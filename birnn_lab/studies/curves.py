"""Curves of a study: what more trials or more time gain each network."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from birnn.style.plotting import STYLE, draw_lines, new_figure
from birnn_lab.studies.figure import name_measure
from birnn_lab.studies.store import RANDOM, Study
from birnn_lab.studies.table import rows


def draw(study: Study) -> Figure | None:
    """Draw a study of random trials, or of numbers of epochs; return None for other studies."""
    networks = study.networks
    if study.about.sampler == RANDOM and study.about.chooses:
        curves = [best_of_trials(study.runs[f"{name}.holdout_accuracy"]) for name in networks]
        title = "Accuracy to expect from the best of random trials"
        return _draw(study, curves, title, "trials (bands: ± one standard deviation)")
    if study.about.varied == ["train.epochs"] and not study.about.chooses:
        curves = [over_time(study, name) for name in networks]
        if all(curve["x"].count() > 1 for curve in curves):
            gains = [curve["low"].iloc[-1] > curve["high"].iloc[0] for curve in curves]
            first, *_, last = curves[0]["epochs"]
            shown = f"Accuracy is higher after {last} epochs than after {first}"
            title = shown if all(gains) else "Accuracy over time"
            label = "seconds of training, and epochs (bands: 95% intervals over seeds)"
            return _draw(study, curves, title, label)
    return None


def best_of_trials(accuracies: ArrayLike) -> pd.DataFrame:
    """Return the expected best accuracy of 1, 2, … random trials, plus or minus its deviation.

    Dodge, Gururangan, Card, Schwartz and Smith, "Show Your Work: Improved Reporting of Experimental
    Results", 2019, section 3: the maximum of n draws from the empirical distribution of all trials.
    It is too low for few trials (Tang et al., "Showing Your Work Doesn't Always Work", 2020).
    """
    values = np.sort(accuracies)
    numbers = np.arange(1, len(values) + 1)
    # The share of draws of n trials whose best is among the lowest values.
    shares = (numbers / len(values)) ** numbers[:, None]
    weights = np.diff(shares, prepend=0)
    mean = weights @ values
    deviation = np.sqrt(np.maximum(weights @ values**2 - mean**2, 0))
    band = {"low": mean - deviation, "high": mean + deviation}
    return pd.DataFrame({"x": numbers, "y": mean, **band})


def over_time(study: Study, network: str) -> pd.DataFrame:
    """Return the mean accuracy after the mean training time, with 95% intervals over seeds."""
    points = []
    for row in rows(study):
        mean, runs = row.means[network], row.combination.runs
        seconds = np.mean(runs.get(f"{network}.seconds", np.nan))
        points.append(
            (row.combination.chosen["train.epochs"], seconds, mean.mean, mean.low, mean.high)
        )
    return pd.DataFrame(sorted(points), columns=["epochs", "x", "y", "low", "high"])


def _draw(study: Study, curves: Sequence[pd.DataFrame], title: str, label: str) -> Figure:
    table = pd.concat(curves, keys=study.networks, names=["model"]).reset_index("model")
    with mpl.rc_context(STYLE):
        figure = new_figure(title)
        axes = figure.add_subplot(xlabel=label, ylabel=name_measure(study))
        draw_lines(axes, table, "x", "y", "{:.1%}")
        if "epochs" in table:
            for x, y, epochs in table[["x", "y", "epochs"]].to_numpy():
                axes.text(x, y, f"{epochs:.0f} ", ha="right", va="bottom")
    return figure
