"""Print the results of the last run in a few lines."""

from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.core.paths import METRICS, REPORT
from birnn.corpora.fallback_warning import warn_if_fallback
from birnn.evaluation.model_names import TITLES, comparisons, pair_title
from birnn.reporting.formatting import points


def run() -> None:
    """Print the test accuracy of each model and the differences of the networks.

    Each has its 95% interval over test reviews. A warning follows if the corpus is the fallback.

    Raises:
        InputError: the pipeline has not been run.
    """
    if not METRICS.exists():
        raise InputError(f"{METRICS} is missing: run dvc repro in the project folder")
    metrics = read_json(METRICS)
    if missing := [title for name, title in TITLES.items() if name not in metrics]:
        raise InputError(f"{METRICS} lacks {', '.join(missing)}: run dvc repro")
    corpus = metrics["corpus"]
    width = max(map(len, TITLES.values()))
    for model, title in TITLES.items():
        low, high = metrics[model]["accuracy_interval"]
        print(
            f"{title:<{width}}  test accuracy {metrics[model]['accuracy']:.2%} on {corpus['name']} "
            f"(95% interval over reviews: {low:.2%} to {high:.2%})"
        )
    for pair, compared in comparisons(metrics).items():
        difference, low, high = (
            points(compared[name])
            for name in ("accuracy_difference", "difference_low", "difference_high")
        )
        print(
            f"{pair_title(*pair)}: {difference} points in this run "
            f"(95% interval over reviews: {low} to {high})"
        )
    print(f"See {REPORT / 'report.md'}")
    warn_if_fallback(corpus["name"], corpus["requested"])
