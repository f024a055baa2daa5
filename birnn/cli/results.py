"""Print the results of the last run in a few lines."""

from birnn.core.paths import REPORT
from birnn.evaluation.model_names import ALL_TITLES, TITLES, comparisons, pair_title
from birnn.evaluation.selection import constant_models, default_model, read_metrics
from birnn.runtime.terminal import warn_if_fallback
from birnn.style.formatting import paired_difference


def run() -> None:
    """Print the test accuracy of each model and of the majority class, and compare the networks.

    Intervals are over test reviews. The default model follows; if reviews are held out, with its
    precision and recall on them. A warning follows if the corpus is the fallback.
    """
    metrics = read_metrics()
    corpus, constant = metrics["corpus"], constant_models(metrics)
    width = max(map(len, TITLES.values()))
    for model, title in TITLES.items():
        low, high = metrics[model]["accuracy_interval"]
        print(
            f"{title:<{width}}  test accuracy {metrics[model]['accuracy']:.2%} on {corpus['name']} "
            f"(95% interval over reviews: {low:.2%} to {high:.2%})"
            f"{', predicts only one class' if model in constant else ''}"
        )
    print(f"The majority class has {corpus['majority_class_share']:.2%} of the test reviews.")
    for pair, compared in comparisons(metrics).items():
        print(
            f"{pair_title(*pair)}: {paired_difference(compared)} points in this run "
            "(95% interval over reviews)"
        )
    chosen = default_model(metrics)
    measured = metrics[chosen]
    share = measured["accuracy"]
    print(f"Predicts by default: {ALL_TITLES[chosen]}, with a test accuracy of {share:.2%}.")
    if "holdout_accuracy" in measured:
        print(
            f"It was chosen on held-out reviews (accuracy {measured['holdout_accuracy']:.2%}). "
            f"Precision and recall of {corpus['classes'][1]} there, by --threshold:"
        )
        for row in measured["holdout_thresholds"]:
            print("  {threshold}  {precision:7.2%}  {recall:7.2%}".format_map(row))
    print(f"See {REPORT / 'report.md'}")
    warn_if_fallback(corpus["name"], corpus["requested"])
