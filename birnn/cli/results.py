"""Print the results of the last run in four lines."""

from pathlib import Path

from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.evaluation.model_names import NETWORKS, TITLES

METRICS = Path("metrics/metrics.json")
REPORT = Path("report/report.md")


def run() -> None:
    """Print the test accuracy of each model with its 95% interval, and the verdict.

    Raises:
        InputError: the pipeline has not been run.
    """
    if not METRICS.exists():
        raise InputError(f"{METRICS} is missing: run dvc repro in the project folder")
    metrics = read_json(METRICS)
    corpus = metrics["corpus"]["name"]
    for model, title in TITLES.items():
        low, high = metrics[model]["accuracy_interval"]
        print(
            f"{title:<8}  test accuracy {metrics[model]['accuracy']:.2%} on {corpus} "
            f"(95% interval over reviews: {low:.2%} to {high:.2%})"
        )
    networks = " and ".join(TITLES[name] for name in NETWORKS)
    print(f"{networks}: {metrics['pair']['verdict']} in this run. See {REPORT}")
