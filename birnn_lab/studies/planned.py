"""The planned comparisons of `study/PROTOCOL.md`, which `study/planned.yaml` lists."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from birnn.core.settings import Section, validate_section
from birnn.core.yaml_files import read_yaml
from birnn_lab.studies import store
from birnn_lab.studies.differences import Difference, Mean, mean_over_seeds
from birnn_lab.studies.store import FOLDER
from birnn_lab.studies.table import Side, paired_difference, unrounded

FILE = FOLDER / "planned.yaml"


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


def read() -> dict[str, dict[str, list[Runs]]]:
    """Return the sides of all comparisons, by family and title."""
    return {
        family: {
            title: [validate_section(Runs, side, f"{FILE}: {title}") for side in sides]
            for title, sides in listed.items()
        }
        for family, listed in read_yaml(FILE).items()
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
