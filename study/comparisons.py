"""The comparisons of docs/results.md across studies: `python -m study.comparisons`.

Print the planned comparisons of PROTOCOL.md, which `planned.yaml` lists, and the gain of each
ingredient; draw both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from birnn.core.paths import PARAMS
from birnn.core.settings import Section, validate_section
from birnn.core.yaml_files import read_yaml
from birnn.style import plotting
from birnn.style.formatting import confidence
from birnn_lab.studies import store, table
from birnn_lab.studies.differences import Difference, Mean, mean_over_seeds
from birnn_lab.studies.store import FOLDER, Study
from birnn_lab.studies.table import Side, paired_difference, unrounded
from study import forest

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


class Comparison(NamedTuple):
    """The result of a planned comparison: both sides, and the difference in test accuracy."""

    sides: tuple[Runs, Runs]
    difference: Difference

    @property
    def result(self) -> str:
        """What PROTOCOL.md calls this difference.

        Sides are equivalent if the interval lies within `report.equivalence` (Schuirmann, "A
        Comparison of the Two One-Sided Tests Procedure and the Power Approach", 1987).
        """
        names, margin = [], read_yaml(PARAMS)["report"]["equivalence"]
        if self.difference.higher is not None:
            names.append(f"{self.sides[self.difference.higher].title} more accurate")
        if max(-self.difference.low, self.difference.high) <= margin / 100:
            names.append(f"equivalent within {margin:g} points")
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


def main() -> None:
    """Print and draw all comparisons whose studies exist."""
    for name, family in read_planned().items():
        title = f"{name}, planned, with intervals of {confidence(len(family))}: 95% for all"
        printed = Table("", "accuracy in %", "minus", "difference", "ahead", "result", title=title)
        for comparison, found in compare(family).items():
            means = [f"{side.title} {table.format_mean(side.mean())}" for side in found.sides]
            difference = table.format_difference(found.difference)
            ahead = f"{found.difference.better} of {found.difference.seeds}"
            printed.add_row(comparison, *means, difference, ahead, found.result)
        Console().print(printed)
    if (FOLDER / INGREDIENTS).exists():
        gains = ingredients(*(store.read(FOLDER / name) for name in (LADDER, INGREDIENTS)))
        title = "gain of each ingredient in points, with simultaneous 95% intervals"
        printed = Table("", *SERIES, title=title)
        for name, by_series in gains.items():
            printed.add_row(name, *map(table.format_difference, by_series.values()))
        Console().print(printed)
        message = "What an ingredient gains depends on those already there"
        drawn = forest.draw(message, "gain (points)", gains)
        plotting.save(drawn, FOLDER / INGREDIENTS / f"{INGREDIENTS}.png")


if __name__ == "__main__":
    main()
