"""`birnn results` and `birnn mistakes`."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birnn.core.errors import InputError
from birnn.core.outputs import write_json
from birnn.core.paths import METRICS, MISTAKES
from birnn.evaluation import model_names
from birnn.evaluation.model_names import BASELINE, DISAGREEMENT, NETWORKS, TITLES
from birnn.evaluation.selection import default_model
from birnn.style.formatting import paired_difference
from tests.birnn import samples
from tests.birnn.use.conftest import invoke

FIRST, *_, LAST = NETWORKS
PROBABILITIES = {name: 0.98 - 0.25 * number for number, name in enumerate(TITLES)}

pytestmark = pytest.mark.usefixtures("empty_project")


def write_mistakes(*texts: tuple[str, str], probabilities: dict[str, float]) -> None:
    """Write mistakes of a kind, with their texts, and the names of the classes."""
    write_json(METRICS, {"corpus": {"classes": ["ham", "spam"]}})
    row = {"id": "test/neg/1_1.txt", "label": 0, "words": 1_234} | probabilities
    rows = [row | {"kind": kind, "text": text} for kind, text in texts]
    MISTAKES.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=[*row, "kind", "text"]).to_parquet(MISTAKES)


@pytest.mark.parametrize(("corpus", "validation"), [("imdb", "test"), ("rotten-tomatoes", 0.1)])
def test_results_give_accuracies_and_differences(corpus: str, validation: str | float) -> None:
    columns = samples.predictions()
    columns[FIRST] = -np.abs(columns[FIRST])
    measured = samples.metrics(columns, corpus=corpus, validation=validation)
    write_json(METRICS, measured)
    output = invoke("results")
    for name, title in TITLES.items():
        low, high = measured[name]["accuracy_interval"]
        line = next(line for line in output.splitlines() if line.startswith(f"{title} "))
        assert f"{measured[name]['accuracy']:.2%} on {corpus}" in line
        assert f"{low:.2%} to {high:.2%}" in line
        assert ("predicts only one class" in line) is (name == FIRST)
    assert "majority class has 50.00%" in output
    for (first, second), compared in model_names.comparisons(measured).items():
        shown = f"{TITLES[first]} minus {TITLES[second]}: {paired_difference(compared)} points"
        assert shown in output
    best = default_model(measured)
    assert f"Predicts by default: {model_names.ALL_TITLES[best]}, with a test " in output
    for row in measured[best].get("holdout_thresholds", []):
        assert " {threshold}  {precision:7.2%}  {recall:7.2%}\n".format_map(row) in output
    # The fallback corpus is followed by the command that tries again.
    assert ("run: make repro" in output) is (corpus != "imdb")


def test_mistakes_are_printed_worst_first(
    empty_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [(FIRST, "First.<br /><br />[red]Odd[/red] \x1btext."), (FIRST, "Second.")]
    write_mistakes(*texts, (DISAGREEMENT, "Third."), probabilities=PROBABILITIES)
    output = invoke("mistakes", "--model", FIRST)
    predicted = ", ".join(f"{TITLES[name]} {value:.4f}" for name, value in PROBABILITIES.items())
    assert f"ham; probability of spam: {predicted}" in " ".join(output.split())
    assert "First.\n\n[red]Odd[/red]  text." in output
    assert "Third." not in output
    assert "Second." not in invoke("mistakes", "--model", FIRST, "--count", "1")
    assert f"no mistakes of {TITLES[BASELINE]}" in invoke("mistakes", "--model", BASELINE)
    # The project is found from its subfolders, or given.
    monkeypatch.chdir(MISTAKES.parent)
    assert "Third." in invoke("mistakes")
    monkeypatch.chdir(empty_project.parent)
    assert "Third." in invoke("--project", empty_project.name, "mistakes")


@pytest.mark.parametrize(
    ("command", "state"), [("results", "missing"), ("mistakes", "missing or damaged")]
)
def test_missing_results_are_refused(command: str, state: str) -> None:
    for _ in range(2):
        with pytest.raises(InputError, match=rf" is {state}: run dvc repro"):
            invoke(command)
        MISTAKES.parent.mkdir(parents=True, exist_ok=True)
        MISTAKES.write_bytes(b"PAR1")
    write_mistakes(probabilities=PROBABILITIES)
    for content, expected in (
        ("{", r"metrics\.json is damaged: run git checkout -- metrics/metrics\.json"),
        ("[]", r"metrics\.json is damaged"),
        ("<<<<<<< HEAD", r"metrics\.json has a merge conflict: .* && make repro"),
        ("{}", r"metrics\.json lacks corpus: run dvc repro"),
    ):
        METRICS.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=expected):
            invoke(command)


def test_results_of_older_code_are_refused() -> None:
    measured = samples.metrics(samples.predictions())
    del measured[FIRST]["predicted_labels"]
    for content, lacking in ((measured, "predicted_labels"), ({"corpus": {}}, FIRST)):
        write_json(METRICS, content)
        with pytest.raises(InputError, match=f" lacks {lacking}: run dvc repro"):
            invoke("results")
    write_mistakes(probabilities={FIRST: 0.5})  # the other models have been added since
    with pytest.raises(InputError, match=rf" lacks .*{TITLES[LAST]}.*: run dvc repro"):
        invoke("mistakes")
