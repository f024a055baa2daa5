"""Curves of a study: what more trials or more time gain each network."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from birnn.evaluation.model_names import TITLES
from birnn.studies.store import RANDOM, Study
from birnn.studies.table import rows
from birnn.style.colors import MODEL_COLORS
from birnn.style.plotting import LINES, STYLE, draw_legend, legible, single_axes

Curve = NDArray[np.float64]
"""Shape (4, points): the horizontal position, the accuracy, and the ends of its band."""


def draw(study: Study) -> Figure | None:
    """Draw a study of random trials, or of numbers of epochs; return None for other studies."""
    if study.about.sampler == RANDOM:
        bands = {
            name: best_of_trials(study.runs[f"{name}.holdout_accuracy"]) for name in study.networks
        }
        return _draw(study, bands, "random trials", "expected best held-out accuracy (%)")
    if study.about.varied == ["train.epochs"] and not study.about.chooses:
        bands = {name: over_time(study, name) for name in study.networks}
        if all(np.isfinite(band[0]).sum() > 1 for band in bands.values()):
            return _draw(study, bands, "training time (s)", "test accuracy (%)")
    return None


def best_of_trials(accuracies: ArrayLike) -> Curve:
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
    return np.array([numbers, mean, mean - deviation, mean + deviation])


def over_time(study: Study, network: str) -> Curve:
    """Return the mean accuracy after the mean training time, with 95% intervals over seeds."""
    points = []
    for row in rows(study):
        mean, seconds = row.means[network], row.combination.runs.get(f"{network}.seconds", np.nan)
        points.append((np.mean(seconds), mean.mean, mean.low, mean.high))
    return np.array(sorted(points)).T


def _draw(study: Study, bands: dict[str, Curve], x: str, y: str) -> Figure:
    with mpl.rc_context(STYLE):
        corpus = legible(study.about.corpus["name"])
        figure, axes = single_axes(f"Study {study.name} on {corpus}", x, y)
        for name, (places, *accuracies) in bands.items():
            color, (middle, low, high) = MODEL_COLORS[name], (100 * each for each in accuracies)
            style = {"color": color, "label": TITLES[name], "marker": "o", "markersize": 3}
            axes.plot(places, middle, LINES[name], **style)
            axes.fill_between(places, low, high, alpha=0.15, linewidth=0, color=color)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        draw_legend(figure)
    return figure
