"""The comparisons of docs/results.md across studies: `python -m study.comparisons`.

Print the planned comparisons of PROTOCOL.md, which `planned.yaml` lists, and the gain of each
ingredient; draw both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from birnn.core.paths import PARAMS
from birnn.core.settings import Section, validate_section
from birnn.core.yaml_files import read_yaml
from birnn.style import plotting
from birnn.style.formatting import confidence
from birnn_lab.studies import figure, store, table
from birnn_lab.studies.differences import Difference, Mean, mean_over_seeds
from birnn_lab.studies.store import FOLDER, Study
from birnn_lab.studies.table import Side, paired_difference, unrounded

PLANNED = FOLDER / "planned.yaml"
LADDER, INGREDIENTS = "recipes", "ingredients"  # studies
START, END = "notebook", "n-grams"  # recipes that ingredients are added to, and taken from
SERIES = {
    "in the order of the recipes": "{}",
    f"added alone to {START}": f"{START}-with-{{}}",
    f"taken alone from {END}": f"{END}-without-{{}}",
}


class Runs(Section):
    """An entry of `planned.yaml`: some or all runs of a network in a study."""

    title: str
    network: str
    study: str
    runs: str = ""  # condition of pandas's `query`

    def select(self) -> Side:
        """Return the runs."""
        study = store.read(FOLDER / self.study)
        return Side(study, study.runs.query(self.runs) if self.runs else study.runs, [self.network])

    def mean(self, measure: str = "accuracy") -> Mean:
        """Return the mean over seeds."""
        study, runs, _ = self.select()
        return mean_over_seeds(unrounded(study, runs)[f"{self.network}.{measure}"])


def read_margin() -> float:
    """Return the difference in points below which networks are equivalent."""
    return float(read_yaml(PARAMS)["report"]["equivalence"])


class Comparison(NamedTuple):
    """The result of a planned comparison: both sides, and the difference in test accuracy."""

    sides: tuple[Runs, Runs]
    difference: Difference

    @property
    def result(self) -> str:
        """The verdict on this difference, in the words of PROTOCOL.md.

        Sides are equivalent if the interval lies within `report.equivalence` (Schuirmann, "A
        Comparison of the Two One-Sided Tests Procedure and the Power Approach", 1987).
        """
        names = []
        if self.difference.higher is not None:
            names.append(f"{self.sides[self.difference.higher].title} more accurate")
        if max(-self.difference.low, self.difference.high) <= read_margin() / 100:
            names.append("equivalent")
        return " and ".join(names) or "undecided"


def read_planned() -> dict[str, dict[str, list[Runs]]]:
    """Return the sides of all planned comparisons, by family and title."""
    return {
        family: {
            title: [validate_section(Runs, side, f"{PLANNED}: {title}") for side in sides]
            for title, sides in listed.items()
        }
        for family, listed in read_yaml(PLANNED).items()
    }


def compare(family: Mapping[str, Sequence[Runs]]) -> dict[str, Comparison]:
    """Return the comparisons whose studies exist; all intervals of the family hold together."""
    compared = {}
    for title, (first, *others) in family.items():
        if all((FOLDER / side.study / store.ABOUT).exists() for side in (first, *others)):
            second = max(others, key=lambda side: side.mean("holdout_accuracy").mean)
            difference = paired_difference(
                first.select(), second.select(), "accuracy", comparisons=len(family)
            )
            compared[title] = Comparison((first, second), difference)
    return compared


def ingredients(ladder: Study, alone: Study) -> dict[str, dict[str, Difference]]:
    """Return the gains of each ingredient, by its title and the key of SERIES.

    The intervals of the ladder are simultaneous, and so are the intervals of both others.
    """
    gains = table.gains(ladder) | table.gains(alone)
    return {
        recipe["title"]: {
            series: _negated(gains[name].difference) if END in name else gains[name].difference
            for series, form in SERIES.items()
            if (name := form.format(recipe["name"])) in gains
        }
        for recipe in ladder.about.recipes
        if SERIES[f"added alone to {START}"].format(recipe["name"]) in gains
    }


def _negated(gain: Difference) -> Difference:
    """Return what is lost without an ingredient."""
    better = gain.seeds - gain.better
    return replace(gain, mean=-gain.mean, low=-gain.high, high=-gain.low, better=better)


def print_planned(name: str, compared: Mapping[str, Comparison], level: str) -> None:
    """Print the comparisons of a family, whose intervals have a level such as `99.3%`."""
    title = f"{name}, planned, with intervals of {level}: 95% for all"
    printed = Table("", "accuracy in %", "minus", "difference", "ahead", "result", title=title)
    for comparison, found in compared.items():
        means = [f"{side.title} {table.format_mean(side.mean())}" for side in found.sides]
        ahead = f"{found.difference.better} of {found.difference.seeds}"
        difference = table.format_difference(found.difference)
        printed.add_row(comparison, *means, difference, ahead, found.result)
    Console().print(printed)


def draw_planned(families: Mapping[str, Mapping[str, Comparison]]) -> Figure:
    """Draw all planned differences."""
    values, notes = dict[str, dict[str, Difference]](), dict[str, str]()
    for family, compared in families.items():
        values[family] = {}
        for comparison, found in compared.items():
            name = comparison.replace("recipe ", "").replace("`", "")
            values[name], notes[name] = {"": found.difference}, found.result
    differences = [difference for row in values.values() for difference in row.values()]
    shown = sum(difference.higher is not None for difference in differences)
    message = f"In {shown} of {len(differences)} planned comparisons, one side is more accurate"
    label = "points of test accuracy\n(right of 0: the first is ahead; gray: equivalent)"
    return figure.draw_rows(message, label, values, notes, read_margin())


def print_ingredients(gains: Mapping[str, Mapping[str, Difference]]) -> None:
    """Print the gains of ingredients."""
    title = "gain of each ingredient in points, with simultaneous 95% intervals"
    printed = Table("", *SERIES, title=title)
    for name, by_series in gains.items():
        printed.add_row(name, *map(table.format_difference, by_series.values()))
    Console().print(printed)


def main() -> None:
    """Print and draw all comparisons whose studies exist."""
    families = read_planned()
    compared = {name: compare(family) for name, family in families.items()}
    for name, family in families.items():
        print_planned(name, compared[name], confidence(len(family)))
    plotting.save(draw_planned(compared), PLANNED.with_suffix(".png"))
    if (FOLDER / INGREDIENTS).exists():
        gains = ingredients(*(store.read(FOLDER / name) for name in (LADDER, INGREDIENTS)))
        print_ingredients(gains)
        message = "What an ingredient gains depends on those already there"
        drawn = figure.draw_rows(message, "gain (points)", gains, margin=read_margin())
        plotting.save(drawn, FOLDER / INGREDIENTS / f"{INGREDIENTS}.png")


if __name__ == "__main__":
    main()
