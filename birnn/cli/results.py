"""Print the results of the last run in a few lines."""

from pathlib import Path

from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.evaluation.model_names import TITLES, comparisons

METRICS = Path("metrics/metrics.json")
REPORT = Path("report/report.md")


def run() -> None:
    """Print the test accuracy of each model with its 95% interval, and the verdicts.

    Raises:
        InputError: the pipeline has not been run.
    """
    if not METRICS.exists():
        raise InputError(f"{METRICS} is missing: run dvc repro in the project folder")
    metrics = read_json(METRICS)
    if missing := [title for name, title in TITLES.items() if name not in metrics]:
        raise InputError(f"{METRICS} lacks {', '.join(missing)}: run dvc repro")
    corpus = metrics["corpus"]["name"]
    width = max(map(len, TITLES.values()))
    for model, title in TITLES.items():
        low, high = metrics[model]["accuracy_interval"]
        print(
            f"{title:<{width}}  test accuracy {metrics[model]['accuracy']:.2%} on {corpus} "
            f"(95% interval over reviews: {low:.2%} to {high:.2%})"
        )
    for (first, second), compared in comparisons(metrics).items():
        print(f"{TITLES[first]} and {TITLES[second]}: {compared['verdict']} in this run")
    print(f"See {REPORT}")
