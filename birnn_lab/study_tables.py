"""Print studies as tables."""

from rich.console import Console
from rich.table import Table

from birnn.evaluation.model_names import ALL_TITLES, pair_title
from birnn.style.formatting import listed
from birnn_lab.studies import store, table


def print_study(collected: store.Study) -> None:
    """Print the accuracies of a study, the differences of its networks, and gains of recipes."""
    split = "held-out" if collected.about.chooses else "test"
    titles = [ALL_TITLES[name] for name in collected.models]
    found = table.rows(collected)
    varied = found[0].combination.chosen
    by = f" by {listed(varied)}" if varied else ""
    accuracies = Table(
        "", "runs", *titles, title=f"{split} accuracy{by}, mean ± deviation over runs"
    )
    head = "", "difference", "mean (simultaneous 95% interval)", "covers"
    differences = Table(*head, title=f"differences{by}")
    for row in found:
        label = row.combination.label
        means = map(table.format_mean, row.means.values())
        accuracies.add_row(label, str(len(row.combination.runs)), *means)
        for pair, compared in row.differences.items():
            for measure, difference in compared.items():
                if difference.seeds > 1:
                    name = f"{pair_title(*pair)}, {measure}"
                    cell = table.format_difference(difference, measure)
                    differences.add_row(label, name, cell, row.covered)
    gained = Table("recipe", "added to", "gain (simultaneous 95% interval)", "covers")
    for gain in table.gains(collected):
        cell = table.format_difference(gain.difference)
        gained.add_row(gain.recipe, gain.base, cell, gain.covered)
    for printed in (accuracies, differences, gained):
        if printed.row_count:
            Console(markup=False).print(printed)  # a value may be a pattern, such as [a-c]*.csv
