"""The tables of a study, as `birnn study` prints them and the page of results quotes them."""

from collections.abc import Iterator
from itertools import combinations_with_replacement

import pandas as pd
from rich.console import Console
from rich.table import Table

from birnn.evaluation.model_names import ALL_TITLES, INFLUENCE_PARTS, TITLES, pair_title
from birnn.networks.log_odds import is_positive
from birnn.style.formatting import listed
from birnn_lab.studies import differences, table
from birnn_lab.studies.store import Study
from birnn_lab.studies.table import Row

MEASURES = {"loss": "loss in nats", "roc_auc": "ROC AUC", "ece": "expected calibration error"}
MEASURES |= {f"influence_{part}": f"influence of the {part} words" for part in INFLUENCE_PARTS}


def print_study(study: Study) -> None:
    """Print the accuracies of a study, the differences of its networks, and gains of recipes."""
    split = "held-out" if study.about.chooses else "test"
    titles = [ALL_TITLES[name] for name in study.models]
    rows = table.rows(study)
    by = f" by {listed(varied)}" if (varied := rows[0].combination.chosen) else ""
    title = f"{split} accuracy{by}, mean ± deviation over runs"
    accuracies = Table("", "runs", *titles, title=title)
    head = [TITLES[name] for name in study.networks]
    for pair in rows[0].differences:
        head += [pair_title(*pair), f"{TITLES[pair[0]]} ahead"]
    title = f"differences{by}; 95% intervals, simultaneous for all rows of a measure"
    compared = Table("", "measure", *head, "cover", title=title)
    title = f"disagreement of two seeds{by} in %, with 95% intervals over reviews"
    disagreed = Table("", *disagreements(study, rows[0]), title=title)
    for row in rows:
        label, means = row.combination.label, map(table.format_mean, row.means.values())
        accuracies.add_row(label, str(len(row.combination.runs)), *means)
        for cells in compare(study, row):
            compared.add_row(label, *cells)
        if shares := disagreements(study, row):
            disagreed.add_row(label, *shares.values())
    title = f"gains{by} over another row, with simultaneous 95% intervals"
    gained = Table(
        "", "over", "mean of the networks", *(TITLES[name] for name in study.networks), title=title
    )
    for label, gain in table.gains(study).items():
        gained_by = (gain.difference, *gain.by_network.values())
        gained.add_row(label, gain.over, *map(table.format_difference, gained_by))
    for printed in (accuracies, compared, disagreed, gained):
        if printed.row_count:
            Console(markup=False).print(printed)  # a value may be a pattern, such as [a-c]*.csv


def compare(study: Study, row: Row) -> Iterator[list[str]]:
    """Yield means and differences per measure, and with how many seeds the first is ahead."""
    runs = row.combination.runs
    for measure, title in ({study.measure: "accuracy in %"} | MEASURES).items():
        values = {name: runs.get(f"{name}.{measure}", pd.Series()) for name in study.networks}
        if any(len(column.dropna()) < max(2, len(runs)) for column in values.values()):
            continue
        means = map(differences.mean_over_seeds, values.values())
        cells = [title, *(table.format_mean(mean, measure) for mean in means)]
        for pair in row.differences:
            first, second = (table.Side(study, runs, [name]) for name in pair)
            difference = table.paired_difference(
                first, second, measure, comparisons=row.comparisons
            )
            cells.append(table.format_difference(difference, measure))
            cells.append(f"{difference.better} of {len(runs)}")
        yield [*cells, table.coverage(study, runs, measure)]


def disagreements(study: Study, row: Row) -> dict[str, str]:
    """Return in % how often two seeds disagree, by their networks; not of draws."""
    runs, shares = row.combination.runs, dict[str, str]()
    if len(runs) > 1 and not study.is_sample and (log_odds := study.log_odds(runs)):
        _, groups = study.labels_and_groups()
        for pair in combinations_with_replacement(study.networks, 2):
            share = differences.disagreement(*(is_positive(log_odds[name]) for name in pair))
            mean = differences.mean_over_groups(share, groups, len(runs))
            name = " and ".join(TITLES[network] for network in pair)
            shares[name] = table.format_difference(mean).replace("+", "")
    return shares
