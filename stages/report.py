"""Draw the figures and write the report.

Reads metrics/metrics.json and plots/curves.csv, writes plots/*.png and report.
"""

from pathlib import Path

import pandas as pd

from birnn import command, figures, notices, report
from birnn.files import read_json
from birnn.settings import Settings

METRICS = Path("metrics/metrics.json")
CURVES = Path("plots/curves.csv")
PLOTS = Path("plots")
REPORT = Path("report")

MEASURES = ("accuracy", "loss")


def main(_settings: Settings) -> None:
    """Write the figures, then the report that shows them."""
    metrics = read_json(METRICS)
    curves = pd.read_csv(CURVES)
    corpus = metrics["corpus"]
    drawn = {
        measure: figures.both_networks(curves, measure, corpus["name"]) for measure in MEASURES
    }
    for network in figures.TITLES:
        for measure in MEASURES:
            figure = figures.one_network(curves, network, measure, corpus["name"])
            drawn[f"{network}_{measure}"] = figure
    for name, figure in drawn.items():
        figures.save(figure, PLOTS / f"{name}.png")
    report.write(metrics, [PLOTS / f"{name}.png" for name in drawn], REPORT)
    print(f"read {REPORT / 'report.md'}, or open {REPORT / 'report.html'}")
    notices.warn_of_stand_in(corpus["name"], corpus["requested"])


if __name__ == "__main__":
    command.run(main)
