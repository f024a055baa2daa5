"""Tables of what differs between the networks: cost, results, influence and disagreement."""

from collections.abc import Iterator, Mapping, Sequence

from birnn.evaluation.model_names import INFLUENCE_PARTS, NETWORKS, PAIRS, TITLES, pair_title
from birnn.networks.log_odds import is_positive
from birnn.style.formatting import NOTHING, table
from birnn_lab.studies import differences
from birnn_lab.studies.store import Study
from birnn_lab.studies.table import Row, format_difference, format_mean

COSTS = {
    "recurrent_parameters": "parameters of the recurrent layers",
    "multiply_adds": "multiply-adds per review",
}
RESULTS = {
    "accuracy": "accuracy in %",
    "loss": "loss in nats",
    "roc_auc": "ROC AUC",
    "ece": "expected calibration error",
    **{f"influence_{part}": f"influence of the {part} words" for part in INFLUENCE_PARTS},
}
THIS_RUN = "settings of this run"
# Planned comparisons that are the first row of a study (see `study/PROTOCOL.md`): the label of the
# row, and the number of runs of the study.
PLANNED = {
    "strong": ("recipe n-grams", 20),
    "random-settings": ("random settings", 30),
    "equal-size": ("recipe skip-gram at equal size", 20),
    "rotten-tomatoes": ("recipe n-grams on rotten-tomatoes", 20),
}

Pairs = Mapping[tuple[str, str], tuple[str, str]]
"""By pair of networks, their difference and how often the first is ahead."""
Compared = tuple[str, Study, Row]
"""The name of settings, and runs of the networks with them over seeds."""


def tabulate(
    costs: Mapping[str, Mapping[str, int | None]],
    compared: Sequence[Compared],
    timed: Row | None = None,
) -> str:
    """Return a row per property and settings, and columns for each network and pair of networks.

    `costs` are from `Predictor.predict_split`. Of the settings that are `compared`, only THIS_RUN
    has rows for all measures. `timed` has training times of a recipe.
    """
    head = ["", *(TITLES[name] for name in NETWORKS)]
    for pair in PAIRS:
        head += [pair_title(*pair), f"{TITLES[pair[0]]} ahead"]
    lines = list[list[str]]()
    for key, title in COSTS.items():
        known = {name: f"{costs[name][key]:,}" for name in NETWORKS if costs[name][key]}
        lines.append(_line(title, known))
    if timed:
        lines += _times(timed)
    for measure, title in RESULTS.items():
        for settings, study, row in compared:
            if measure == "accuracy" or settings == THIS_RUN:
                label = f"{title}, {settings}{' (planned)' * (study.name in PLANNED)}"
                lines += _over_seeds(label, row, measure)
    return table(head, lines)


def count_comparisons() -> int:
    """Return how many intervals, in accuracy, loss and ROC AUC, hold together with 95%."""
    return len(PAIRS) * len(differences.REVIEW_VALUES)


def _line(title: str, values: Mapping[str, str], compared: Pairs | None = None) -> list[str]:
    pairs = (cell for pair in PAIRS for cell in (compared or {}).get(pair, (NOTHING, NOTHING)))
    return [title, *(values.get(name, NOTHING) for name in NETWORKS), *pairs]


def _over_seeds(title: str, row: Row, measure: str) -> Iterator[list[str]]:
    """Yield the line of a measure, if known; differences that the row lacks are over seeds."""
    runs = row.combination.runs
    known = runs.dropna(axis="columns")
    columns = {name: f"{name}.{measure}" for name in NETWORKS if f"{name}.{measure}" in known}
    if not columns:
        return
    compared = {}
    for pair in PAIRS:
        if {*pair} <= columns.keys():
            first, second = (runs[columns[name]] for name in pair)
            found = row.differences[pair].get(measure) or differences.difference_over_seeds(
                first, second, measure, count_comparisons()
            )
            compared[pair] = format_difference(found, measure), f"{found.better} of {len(runs)}"
    means = {name: differences.mean_over_seeds(runs[columns[name]]) for name in columns}
    cells = {name: format_mean(mean, measure) for name, mean in means.items()}
    yield _line(title, cells, compared)


def _times(row: Row) -> Iterator[list[str]]:
    """Yield the median training times at equal epochs, and the median of their ratio, if known."""
    runs, label = row.combination.runs, row.combination.label
    if {f"{name}.seconds" for name in NETWORKS} <= {*runs.dropna(axis="columns")}:
        compared = {}
        for first, second in PAIRS:
            ratios = runs[f"{first}.seconds"] / runs[f"{second}.seconds"]
            ahead = f"{(ratios < 1).sum()} of {len(runs)}"
            compared[first, second] = f"{ratios.median():.2f} times as long", ahead
        seconds = {name: f"{runs[f'{name}.seconds'].median():.0f}" for name in NETWORKS}
        yield _line(f"median training time in s, recipe {label}", seconds, compared)


def tabulate_disagreements(compared: Sequence[Compared]) -> str:
    """Return how often two runs with different seeds predict different classes, empty if unknown.

    There is a row per settings, and a column for two runs of each network and each pair of them.
    """
    kinds = {(name, name): f"two {TITLES[name]}s" for name in NETWORKS}
    kinds |= {pair: " and ".join(TITLES[name] for name in pair) for pair in PAIRS}
    lines = list[list[str]]()
    for settings, study, row in compared:
        seeds, log_odds = len(row.combination.runs), study.log_odds(row.combination.runs)
        # Draws differ in their settings, too.
        if log_odds and seeds > 1 and not study.is_sample:
            _, groups = study.labels_and_groups()
            predicted = {name: is_positive(log_odds[name]) for name in study.networks}
            cells = [NOTHING] * len(kinds)
            for column, (first, second) in enumerate(kinds):
                if {first, second} <= predicted.keys():
                    shares = differences.disagreement(predicted[first], predicted[second])
                    mean = differences.mean_over_groups(shares, groups, seeds)
                    cells[column] = format_difference(mean).replace("+", "")
            lines.append([settings, *cells])
    return table(["disagreement in %", *kinds.values()], lines) if lines else ""
