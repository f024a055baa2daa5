"""Test the content of the model card, with any number of networks and with missing values."""

import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from typer.main import get_command

from birnn.__main__ import app
from birnn.core.yaml_files import read_yaml
from birnn.evaluation import model_names, plot_data, summary
from birnn.evaluation.model_names import TITLES
from birnn.evaluation.predictions import Predictions
from birnn.reporting import model_card, report, sentences, tables
from birnn.reporting.page import anchor
from birnn.studies import store
from birnn.style import formatting
from stages import report as report_stage
from tests.birnn import samples
from tests.projects import PROJECT

MODELS = ("bilstm", "bigru", "baseline")
HEADINGS = [
    *("Model details", "Intended use", "Data", "Results", "Behavior", "Limits", "How to use"),
]


def words(text: str) -> str:
    return " ".join(text.split())


def section(card: str, heading: str) -> str:
    return card.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def write(folder: Path, columns: Any = None, **options: Any) -> str:
    """Write and return the card of a small evaluation."""
    data, tables = samples.content(columns or samples.predictions(), **options)
    model_card.write(data, tables["reliability"], folder)
    return (folder / "model_card.md").read_text(encoding="utf-8")


def checklist(rates: dict[str, float], capability: str = "negation") -> pd.DataFrame:
    """Return a test with cases, of which the share in `rates` fails, and one without."""
    table = samples.checklist().assign(capability=capability)
    with_cases = table["cases"] > 0
    table.loc[with_cases, "failure_rate"] = table["model"].map(rates)
    table.loc[with_cases, "failures"] = (table["cases"] * table["failure_rate"]).round()
    return table


def is_valid(card: str) -> bool:
    """Return whether the card has all sections and complete tables, and no undefined values."""
    tables = re.findall(r"(?:^\|.*\n)+", card, re.MULTILINE)
    widths = [{row.count("|") for row in table.splitlines()} for table in tables]
    return (
        re.findall(r"^## (.*)", card, re.MULTILINE) == HEADINGS
        and all(len(width) == 1 for width in widths)
        and not re.search(r"\bnan\b|None|\n\n\n", card)
        and card.endswith(".\n")
    )


def test_numbers_are_those_of_the_metrics(tmp_path: Path) -> None:
    card = write(tmp_path)
    assert is_valid(card)
    measured = samples.metrics(samples.predictions())
    for model in MODELS:
        scores = measured[model]
        low, high = (f"{100 * end:.2f}" for end in scores["accuracy_interval"])
        cells = f"{100 * scores['accuracy']:.2f} ({low} to {high}) | {scores['loss']:.4f}"
        assert f"| {TITLES[model]} | {cells} |" in section(card, "Results")
        details = section(card, "Model details")
        assert f"| {TITLES[model]} | {formatting.number(scores['parameters'])} |" in details
    truncated = measured["baseline"]["by_truncation"][1]["reviews"]
    assert f"400 test reviews, {truncated} are longer" in words(section(card, "Limits"))


@pytest.mark.parametrize("over_seeds", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_number_of_networks(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, over_seeds: bool
) -> None:
    content, _ = samples.content(samples.predictions())
    networks = ("bilstm", "bigru", "third")[:count]
    pairs = tuple(combinations(networks, 2))
    titles = {name: f"<{name}>" for name in networks} | {"baseline": "Baseline"}
    for module in (
        model_names,
        model_card,
        report,
        report_stage,
        sentences,
        store,
        summary,
        tables,
    ):
        values = {"NETWORKS": networks, "PAIRS": pairs, "TITLES": titles}
        for name in values.keys() & vars(module).keys():
            monkeypatch.setattr(module, name, values[name])
    columns = samples.predictions()
    columns |= dict.fromkeys(networks, columns["bilstm"])
    table = pd.DataFrame(columns)
    costs = samples.costs()
    predicted = {name: Predictions(columns[name], costs["bilstm"]) for name in titles}
    measured = summary.summarize_models(table, predicted, {}, maxlen=100)
    for name, accuracies in summary.by_overlap(table, table["words"].to_numpy() < 100).items():
        measured[name]["by_overlap"] = accuracies
    blends = {"networks": {"accuracy": 0.9, "accuracy_interval": None}}
    rows = samples.checklist().drop_duplicates("test")
    content |= {
        "metrics": {"corpus": content["metrics"]["corpus"], "blends": blends} | measured,
        "checklist": report_stage.by_test(pd.concat(rows.assign(model=name) for name in titles)),
        "costs": dict.fromkeys(networks, costs["bilstm"]) | {"baseline": costs["baseline"]},
        "best_loss_epoch": dict.fromkeys(networks, 2),
        "studies": [samples.study(networks=networks)] if over_seeds else [],
        "recipes": samples.recipes(networks),
    }
    curves = plot_data.reliability_curves(
        columns["label"], columns["group"], {name: columns[name] for name in titles}, {}
    )
    model_card.write(content, curves, tmp_path)
    card = (tmp_path / "model_card.md").read_text(encoding="utf-8")
    assert is_valid(card)
    for heading in ("Model details", "Results"):
        assert all(f"\n| {title} |" in section(card, heading) for title in titles.values())
    assert ("cannot show which network" in card) == (count > 1 and not over_seeds)
    assert ("averages the log-odds" in card) == (count > 1)
    assert ("networks combined have an accuracy of 90.00%." in words(card)) == (count > 1)
    report.write(content, defaultdict(str), tmp_path)
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    agreement = section(markdown, "Agreement and errors")
    assert agreement.count(" minus ") == len(pairs) + count
    over = markdown.partition("\n- [")[0]
    assert over.count(" minus ") == over_seeds * (3 * len(pairs) + (count == 2))
    assert ("cannot show which network" in over) == (count > 1 and not over_seeds)
    assert len({row.count("|") for row in re.findall(r"^\| <.*", agreement, re.MULTILINE)}) <= 1


def test_study_over_seeds(tmp_path: Path) -> None:
    text = section(write(tmp_path, studies=[samples.study(seeds=30)]), "Results")
    assert "Over 30 seeds, the mean test accuracy is 70.00% (BiLSTM), 84.50% (BiGRU)" in text
    assert "the BiGRU is more accurate, by 14.50 points" in text
    assert re.search(r"^\| BiGRU \| .* \| 84\.50 ± 8\.80 \|", text, re.MULTILINE)
    assert "of the 2 networks" not in text


def test_fallback_corpus_is_named_first(tmp_path: Path) -> None:
    card = write(tmp_path / "fallback", corpus="rotten-tomatoes")
    warning = words(card.partition("\n## ")[0])
    assert "Fallback corpus.** imdb could not be reached" in warning
    assert "say nothing about imdb" in warning
    assert "Maas" not in card
    assert "Fallback" not in write(tmp_path / "requested")


def test_nothing_is_assumed_about_other_corpora(tmp_path: Path) -> None:
    card = write(tmp_path, corpus="own.csv", requested="own.csv")
    assert is_valid(card)
    limits = section(card, "Limits")
    assert "texts unlike those in own.csv" in limits
    assert "English" not in limits
    assert "IMDB" not in card


def test_missing_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = samples.predictions()
    columns |= dict.fromkeys(("bilstm", "bigru"), 40 * columns["label"] - np.float32(20))
    measured = samples.metrics(columns)
    assert measured["bilstm"]["roc_auc_interval"] is None
    assert is_valid(write(tmp_path / "perfect", columns))
    columns["baseline"] = np.zeros(400, np.float32)
    assert is_valid(write(tmp_path / "constant", columns))
    assert is_valid(write(tmp_path / "two", samples.predictions(reviews=2)))
    for model in MODELS:
        measured[model] |= {"accuracy_interval": None}
    monkeypatch.setattr(samples, "metrics", lambda *_arguments, **_options: measured)
    card = write(tmp_path / "none", columns)
    assert is_valid(card)
    assert "| BiLSTM | 100.00 | 0.0000 | 1.0000 |" in card


def test_single_run_has_no_verdict(tmp_path: Path) -> None:
    columns = samples.predictions()
    columns["bigru"] = columns["label"].astype(np.float32)
    text = words(section(write(tmp_path, columns), "Results"))
    assert "cannot show which network is better" in text
    assert not re.search(r"the Bi\w+ is (better|more accurate)|no difference", text)


def test_only_failures_in_most_cases_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = checklist({"bilstm": 0.51, "bigru": 0.5, "baseline": 0.02})
    monkeypatch.setattr(samples, "checklist", lambda: tests)
    card = write(tmp_path / "one")
    assert is_valid(card)
    text = words(section(card, "Behavior"))
    assert "of 1 behavioral tests: 1 (BiLSTM), 0 (BiGRU), 0 (Baseline)" in text
    assert "| MFT: plain praise is positive | 60 | 31 | 30 | 1 |" in text
    assert "negation test are misclassified by: BiLSTM." in section(card, "Limits")
    monkeypatch.setattr(samples, "checklist", lambda: tests.assign(capability="vocabulary"))
    assert "Negation" not in write(tmp_path / "vocabulary")
    monkeypatch.setattr(samples, "checklist", lambda: tests.assign(failure_rate=0.5))
    assert "plain praise" not in write(tmp_path / "none")


def test_overconfidence_needs_both_ends_of_the_curve() -> None:
    lowest = {"predicted": 0.01, "observed": 0.1, "low": 0.05, "high": 0.2, "reviews": 50}
    highest = {"predicted": 0.99, "observed": 0.8, "low": 0.7, "high": 0.9, "reviews": 50}
    curves = {
        "bilstm": [lowest, highest],
        "bigru": [lowest, highest | {"high": 0.995}],
        "baseline": [lowest, highest | {"predicted": 0.89, "high": 0.85}],
    }
    raw = pd.concat(pd.DataFrame(rows).assign(model=name) for name, rows in curves.items())
    raw = raw.assign(calibration="raw")
    # After temperature scaling, curves lie closer to the diagonal.
    scaled = raw.assign(calibration="scaled", predicted=raw["observed"])
    table = pd.concat([raw, scaled])
    bins = model_card.overconfident_bins(table)
    assert list(bins) == ["bilstm"]
    assert bins["bilstm"]["observed"] == 0.8


def test_calibration(tmp_path: Path) -> None:
    calibrated, certain = samples.predictions(), samples.predictions()
    for name in MODELS:
        calibrated[name] = np.zeros(400, np.float32)
    wrong = np.arange(400) % 10 < 2
    classes = np.where(wrong, 1 - certain["label"], certain["label"])
    certain["bigru"] = logit(np.where(classes, 0.99, 0.01))
    assert "certain" not in section(write(tmp_path / "calibrated", calibrated), "Limits")
    text = words(section(write(tmp_path / "certain", certain), "Limits"))
    assert re.search(r"above 0\.9.* BiGRU: 99\.00%, but 80\.00% \(.*\) of 200\.", text)
    assert "BiLSTM: " not in text


def test_calibration_error_after_scaling(tmp_path: Path) -> None:
    assert "emperature" not in write(tmp_path / "without")
    card = write(tmp_path / "with", validation=0.1)
    assert is_valid(card)
    measured = samples.metrics(samples.predictions(), validation=0.1)
    for model in MODELS:
        scores = measured[model]
        cells = f"{scores['ece']:.4f} | {scores['ece_scaled']:.4f} | {scores['loss']:.4f} |"
        assert cells in section(card, "Results")


def test_settings_are_described(tmp_path: Path) -> None:
    changed = samples.SETTINGS | {
        "pad.maxlen": 1_000,
        "pad.truncating": "post",
        "ngrams.longest": 3,
        "word_vectors.reviews": "all",
        "train.epochs": 1,
        "train.self_training": True,
    }
    text = words(write(tmp_path / "changed", settings=changed, validation=0.1))
    assert "read 1,000 ids per text (`pad.maxlen`), only the start of longer" in text
    assert "n-grams of up to 3 words" in text
    assert "`word_vectors.reviews: all`" in text
    assert "labels predicted by models of the labelled reviews" in text
    assert "1 epoch(s) with" in text
    assert "A hold-out of 0.1 of the training reviews was not trained on." in text
    text = words(write(tmp_path / "default"))
    assert "only the end of longer" in text
    assert "ratios" not in text
    assert "predicted" not in text
    assert "without a label" not in text
    assert "Validation after each epoch used the test reviews" in text


def test_combination_of_networks_is_measured_on_held_out_reviews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Its accuracy is measured if reviews are held out" in write(tmp_path / "without")
    measured = samples.metrics(samples.predictions(), validation=0.1)
    measured["blends"] = {"networks": {"accuracy": 0.9, "accuracy_interval": [0.8, 0.95]}}
    monkeypatch.setattr(samples, "metrics", lambda *_arguments, **_options: measured)
    card = write(tmp_path / "with")
    assert is_valid(card)
    assert "networks combined have an accuracy of 90.00% (80.00% to 95.00%)" in words(card)
    assert "Its accuracy is measured if" not in card


def test_commands_and_links_exist(tmp_path: Path) -> None:
    card = write(tmp_path)
    samples.write_report(tmp_path, samples.predictions(), draw=False)
    named = set(re.findall(r"(?:`|\$ )birnn ([a-z]+)", card))
    assert named == {"predict", "explain", "serve", "export"}
    assert named <= get_command(app).commands.keys()  # type: ignore[attr-defined]
    for file, heading in re.findall(r"\]\(([\w.]*)#?([\w-]*)\)", card):
        page = tmp_path / "report" / file if file else tmp_path / "model_card.md"
        text = page.read_text(encoding="utf-8")
        headings = map(anchor, re.findall(r"^#+ (.*)", text, re.MULTILINE))
        assert not heading or heading in headings


def test_registered_artifacts_are_models_of_the_pipeline() -> None:
    pipeline = read_yaml(PROJECT / "dvc.yaml")
    outputs = [out for stage in pipeline["stages"].values() for out in stage.get("outs", [])]
    for name, artifact in pipeline["artifacts"].items():
        assert name in TITLES
        assert artifact["type"] == "model"
        assert artifact["path"] == f"models/{name}"
        assert artifact["path"] in outputs
