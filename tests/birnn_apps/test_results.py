"""`birnn results` and `birnn mistakes`."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn.core.outputs import write_json
from birnn.core.paths import EVALUATION, MISTAKES
from birnn.evaluation import model_names
from birnn.evaluation.model_names import BASELINE, DISAGREEMENT, NETWORKS, TITLES
from birnn.runtime.errors import InputError
from birnn.style.formatting import paired_difference
from tests.birnn import samples
from tests.birnn_apps.conftest import invoke

FIRST, *_, LAST = NETWORKS
PROBABILITIES = {name: 0.98 - 0.25 * number for number, name in enumerate(TITLES)}

pytestmark = pytest.mark.usefixtures("empty_project")


def write_evaluation(content: Any) -> None:
    EVALUATION.parent.mkdir(parents=True, exist_ok=True)
    write_json(EVALUATION, content)


def write_mistakes(*texts: tuple[str, str], probabilities: dict[str, float]) -> None:
    """Write mistakes of a kind, with their texts, and the names of the classes."""
    about = {"corpus": {"classes": ["ham", "spam"]}, "choice": {"model": FIRST}}
    write_evaluation({name: {} for name in TITLES} | about)
    row = {"id": "test/neg/1_1.txt", "label": 0, "words": 1_234} | probabilities
    rows = [row | {"kind": kind, "text": text} for kind, text in texts]
    MISTAKES.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=[*row, "kind", "text"]).to_parquet(MISTAKES)


@pytest.mark.parametrize(
    ("corpus", "validation", "every", "rarer"),
    [("imdb", "test", 2, 1), ("rotten-tomatoes", 0.1, 9, 1), ("imdb", 0.1, 9, 0)],
)
def test_results_give_scores_and_differences(
    corpus: str, validation: str | float, every: int, rarer: int
) -> None:
    columns = samples.predictions(every=every)
    if not rarer:
        columns |= {name: -columns[name] for name in TITLES} | {"label": 1 - columns["label"]}
    measured = samples.metrics(columns, corpus=corpus, validation=validation)
    write_evaluation(measured)
    output = invoke("results")
    lines, name = output.splitlines(), ("negative", "positive")[rarer]
    few = "" if every == 2 else " (few, so unreliable)"
    count = f"{400 // every} of them {name}{few}, in %:"
    assert lines.count(f"{corpus}, 400 test reviews, {count}") == 1
    assert lines.count(f"{corpus}, 400 held-out reviews, {count}") == (validation != "test")
    for model, title in TITLES.items():
        *held_out, test = (line for line in lines if re.match(f" {title}( at|  )", line))
        scores = measured[model] | ({} if rarer else measured[model]["negative"])
        low, high = scores["accuracy_interval"]
        shown = [f"{100 * scores[key]:.2f}" for key in ("precision", "recall", "average_precision")]
        accuracy = f"{100 * scores['accuracy']:.2f} ({100 * low:.2f} to {100 * high:.2f})"
        assert " ".join(test.split()).endswith(" ".join([accuracy, *shown]))
        assert len(held_out) == (validation != "test")
    assert "majority class has 50.00%" in output
    for (first, second), compared in model_names.comparisons(measured).items():
        shown = f"{TITLES[first]} minus {TITLES[second]}: {paired_difference(compared)} points"
        assert shown in output
    best = measured["choice"]["model"]
    chosen = f"Predicts by default: {model_names.ALL_TITLES[best]}, "
    chosen += (
        "the safe choice without held-out reviews."
        if validation == "test"
        else "chosen by average precision on held-"
    )
    assert chosen in output
    # The table of thresholds and the threshold to keep.
    assert (f"-S report.select={best} -S report.threshold=0." in output) is (validation != "test")
    for row in measured[best].get("holdout_thresholds", []):
        assert "{precision:9.2%}  {recall:7.2%}\n".format_map(row) in output
    # What a person wants to know, about the rarer class.
    found = re.search(r"On the test reviews, .* finds (\d+) of 100 texts that are (\w+)", output)
    assert bool(found) is (validation != "test")
    if found:
        scores = measured[best] if rarer else measured[best]["negative"]
        assert found.groups() == (f"{100 * scores['recall']:.0f}", name)
    # The fallback corpus is followed by the command that tries again.
    assert ("dvc repro --force --single-item fetch && dvc repro" in output) is (corpus != "imdb")


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
    output = invoke("mistakes", "--model", BASELINE)
    assert output == f"Mistakes of {TITLES[BASELINE]}: none\n"
    with pytest.raises(InputError, match="networks is not trained"):
        invoke("mistakes", "--model", "networks")
    # The project is found from its subfolders, or given.
    monkeypatch.chdir(MISTAKES.parent)
    assert "Third." in invoke("mistakes")
    monkeypatch.chdir(empty_project.parent)
    assert "Third." in invoke("--project", empty_project.name, "mistakes")
    monkeypatch.chdir(empty_project)
    write_mistakes(*texts, probabilities=PROBABILITIES)
    assert invoke("mistakes").startswith(f"Mistakes of {TITLES[FIRST]}: 2 of the worst\n")


@pytest.mark.parametrize("command", ["results", "mistakes"])
def test_missing_results_are_refused(command: str) -> None:
    MISTAKES.parent.mkdir(parents=True, exist_ok=True)
    MISTAKES.write_bytes(b"PAR1")
    advice = "is missing or damaged: run dvc" if command == "mistakes" else "for your own texts, b"
    with pytest.raises(InputError, match=advice):
        invoke(command)
    write_mistakes(probabilities=PROBABILITIES)
    for content, expected in (
        ("{", r"evaluation\.json is missing or damaged: run dvc repro"),
        ("[]", r"evaluation\.json is missing or damaged: run dvc repro"),
        ("{}", r"evaluation\.json lacks corpus: run dvc repro"),
    ):
        EVALUATION.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=expected):
            invoke(command)


def test_results_of_older_code_are_refused() -> None:
    measured = samples.metrics(samples.predictions())
    del measured[FIRST]["threshold"]
    for content, lacking in ((measured, "threshold"), ({"corpus": {}}, "choice")):
        write_evaluation(content)
        with pytest.raises(InputError, match=f" lacks {lacking}: run dvc repro"):
            invoke("results")
    write_mistakes(probabilities={FIRST: 0.5})  # the other models have been added since
    with pytest.raises(InputError, match=rf" lacks .*{TITLES[LAST]}.*: run dvc repro"):
        invoke("mistakes")
