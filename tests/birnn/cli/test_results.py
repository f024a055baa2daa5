"""`birnn results` and `birnn mistakes`."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from birnn.core.errors import InputError
from birnn.core.outputs import write_json
from birnn.core.paths import METRICS, MISTAKES
from birnn.evaluation.model_names import DISAGREEMENT, NETWORKS, TITLES, comparisons
from birnn.style.formatting import points
from tests.birnn import samples
from tests.birnn.cli.conftest import invoke

pytestmark = pytest.mark.usefixtures("empty_project")

FIRST, *_, LAST = NETWORKS
PROBABILITIES = {name: 0.98 - 0.25 * number for number, name in enumerate(TITLES)}


def write_mistakes(texts: list[tuple[str, str]]) -> None:
    """Write mistakes of a kind, with their texts."""
    row = {"id": "test/neg/1_1.txt", "label": 0, "words": 1_234} | PROBABILITIES
    rows = [row | {"kind": kind, "text": text} for kind, text in texts]
    MISTAKES.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=[*row, "kind", "text"]).to_parquet(MISTAKES)


@pytest.mark.parametrize("corpus", ["imdb", "rotten-tomatoes"])
def test_results_give_accuracies_and_differences(corpus: str) -> None:
    measured = samples.metrics(samples.predictions(), corpus=corpus)
    write_json(METRICS, measured)
    output = invoke("results")
    lines = output.splitlines()
    for name, title in TITLES.items():
        line = lines.pop(0)
        assert line.startswith(f"{title} ")
        assert f" {measured[name]['accuracy']:.2%} on {corpus} " in line
        low, high = measured[name]["accuracy_interval"]
        assert f"reviews: {low:.2%} to {high:.2%})" in line
    for pair, compared in comparisons(measured).items():
        values = [points(compared[key]) for key in ("difference_low", "difference_high")]
        line = lines.pop(0)
        assert line.startswith(f"{TITLES[pair[0]]} minus {TITLES[pair[1]]}: ")
        assert f": {points(compared['accuracy_difference'])} points in this run" in line
        assert f"reviews: {values[0]} to {values[1]})" in line
    # The fallback corpus is followed by the command that tries again.
    assert ("run: make repro" in output) is (corpus != "imdb")


def test_mistakes_are_printed_worst_first(
    empty_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mistakes(
        [
            (FIRST, "First.<br /><br />[red]Odd[/red] text."),
            (FIRST, "Second."),
            (DISAGREEMENT, "Third."),
        ]
    )
    output = invoke("mistakes", FIRST)
    assert "1 of 2" in output
    assert "test/neg/1_1.txt, 1,234 words" in output
    predicted = ", ".join(f"{TITLES[name]} {value:.4f}" for name, value in PROBABILITIES.items())
    assert f"negative; probability of positive: {predicted}" in " ".join(output.split())
    assert "First.\n\n[red]Odd[/red] text." in output
    assert "Second." in output
    assert "Third." not in output
    assert "Second." not in invoke("mistakes", FIRST, "--count", "1")
    assert "Third." in invoke("mistakes")
    assert invoke("mistakes", LAST) == (
        f"The {TITLES[LAST]} correctly classifies the class of every test review.\n"
    )
    # The project is found from its subfolders, or given.
    monkeypatch.chdir(MISTAKES.parent)
    assert "Third." in invoke("mistakes")
    monkeypatch.chdir(empty_project.parent)
    assert "Third." in invoke("--project", empty_project.name, "mistakes")


def test_agreement_is_reported() -> None:
    write_mistakes([])
    assert invoke("mistakes") == "All networks agree on the class of every test review.\n"


@pytest.mark.parametrize(
    ("command", "write"),
    [
        ("results", lambda: write_json(METRICS, {FIRST: {}})),
        ("mistakes", lambda: write_mistakes([]) or drop(MISTAKES, LAST)),
    ],
)
def test_missing_results_are_refused(command: str, write: Callable[[], None]) -> None:
    with pytest.raises(InputError, match=r" is missing: run dvc repro"):
        invoke(command)
    write()
    with pytest.raises(InputError, match=rf" lacks .*{TITLES[LAST]}.*: run dvc repro"):
        invoke(command)


def drop(file: Path, column: str) -> None:
    """Remove a column, as if its model had been added since."""
    pd.read_parquet(file).drop(columns=column).to_parquet(file)
