"""The figures of a search: the accuracy of its trials, and the importance of its settings."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from optuna.trial import FrozenTrial, TrialState

from birnn.evaluation.model_names import TITLES
from birnn.style.colors import INK, MODELS
from birnn.style.plotting import SIZE, STYLE, draw_legend, single_axes

BAR = 0.3  # inches, height of the bar of a setting


def draw_history(trials: Sequence[FrozenTrial], model: str) -> Figure:
    """Draw the held-out accuracy of each trial, and of the best trial so far."""
    labels = {TrialState.COMPLETE: ("finished", "o"), TrialState.PRUNED: ("stopped early", "x")}
    with mpl.rc_context(STYLE):
        figure, axes = single_axes(
            f"Trials of the search for the {TITLES[model]}", "trial", "held-out accuracy (%)"
        )
        for state, (label, marker) in labels.items():
            chosen = [trial for trial in trials if trial.state is state]
            axes.plot(
                [trial.number + 1 for trial in chosen],
                [100 * (trial.value or 0) for trial in chosen],
                color=MODELS[model] if state is TrialState.COMPLETE else INK,
                marker=marker,
                linestyle="none",
                label=label,
            )
        complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
        numbers = [trial.number + 1 for trial in complete] + [len(trials)]
        best = np.maximum.accumulate([100 * (trial.value or 0) for trial in complete])
        axes.plot(
            numbers, [*best, best[-1]], color=INK, drawstyle="steps-post", label="best so far"
        )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        draw_legend(figure)
    return figure


def draw_importances(shares: Mapping[str, float]) -> Figure:
    """Draw the share of each setting in the variance of the accuracy."""
    width, _ = SIZE
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, 1.2 + BAR * max(1, len(shares))), layout="constrained")
        axes = figure.add_subplot(
            title="Importance of the settings", xlabel="share of the variance"
        )
        names = list(shares)[::-1]
        axes.barh(names, [shares[name] for name in names], color=INK, height=0.6)
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_xlim(0, 1)
        axes.grid(visible=False, axis="y")
        axes.set_axisbelow(True)
    return figure
