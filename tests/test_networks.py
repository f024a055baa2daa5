"""Test the documented ways to add a network and to remove one, with the real `dvc`."""

import re
from pathlib import Path

import pandas as pd
import pytest

from birnn.core.outputs import read_json
from tests.projects import PROJECT, check_output, commit, run, set_settings, stages_run
from tests.stages.test_declarations import check_code, record

pytestmark = pytest.mark.slow

PATCH = (PROJECT / "docs" / "add-a-network.patch").read_text(encoding="utf-8")
AVERAGE = """from birnn.networks.definition import Network, NoSettings


def build(_settings: NoSettings):
    from birnn.networks.average_layer import Average

    return Average()


NETWORK = Network("average", title="Average", color="ochre", build=build)
"""
AVERAGE_LAYER = """import keras


@keras.saving.register_keras_serializable()
class Average(keras.layers.GlobalAveragePooling1D):
    pass
"""
BIRNN = ("python", "-m", "birnn")
AFTER_TRAINING = ["evaluate", "report"]


def apply_patch(project: Path, patch: str) -> None:
    (project / "network.patch").write_text(patch, encoding="utf-8", newline="\n")
    check_output(project, "git", "apply", "network.patch")
    (project / "network.patch").unlink()


def add_simple_network(project: Path) -> None:
    apply_patch(project, PATCH)
    set_settings(project, {"bisimplernn.units": "3"})


def add_average(project: Path) -> None:
    """Apply the documented patch with another name, no settings, and a layer in its own module."""
    patch = PATCH.replace("bisimplernn", "average")
    patch = re.sub(r"diff --git a/params.yaml.*?(?=diff --git)", "", patch, flags=re.DOTALL)
    apply_patch(project, patch)
    pipeline = project / "dvc.yaml"
    text = pipeline.read_text(encoding="utf-8").replace("      - average\n", "")
    pipeline.write_text(text, encoding="utf-8", newline="\n")
    for name, code in {"average": AVERAGE, "average_layer": AVERAGE_LAYER}.items():
        module = project / "birnn" / "networks" / f"{name}.py"
        module.write_text(code, encoding="utf-8", newline="\n")


def edit(file: Path, pattern: str, replacement: str = "") -> None:
    """Replace everything that matches a pattern in a file."""
    text = re.sub(pattern, replacement, file.read_text(encoding="utf-8"), flags=re.DOTALL)
    file.write_text(text, encoding="utf-8", newline="\n")


def remove_bilstm(project: Path) -> None:
    """Undo the documented steps for the BiLSTM."""
    edit(project / "dvc.yaml", r"  train_bilstm:.*?\n\n")
    edit(project / "dvc.yaml", r"[^\n]*bilstm[^\n]*\n")
    edit(project / "params.yaml", r"bilstm:\n(  [^\n]*\n)+\n")
    registry = project / "birnn" / "networks" / "registry.py"
    edit(registry, ", bilstm")
    edit(registry, r"\(bilstm, bigru\)", "(bigru,)")
    (project / "birnn" / "networks" / "bilstm.py").unlink()
    (project / "stages" / "train_bilstm.py").unlink()


def stages_of_repro(project: Path) -> list[str]:
    """Run the pipeline, and return the stages that ran."""
    result = run("dvc", "repro", cwd=project)
    assert result.returncode == 0, result.stderr
    return stages_run(result)


def models_in_plots(project: Path) -> set[str]:
    names = ("confusion", "curves", "lengths", "precision_recall", "reliability", "roc")
    tables = [pd.read_csv(project / "plots" / f"{name}.csv") for name in names]
    (models,) = {frozenset(table["model"]) - {"baseline"} for table in tables}
    return set(models)


def test_documented_network_is_compared_everywhere(finished_copy: Path) -> None:
    project = finished_copy
    add_simple_network(project)
    # The other networks are not trained again.
    trained = ["label_unlabelled", "train_bisimplernn"]
    assert stages_of_repro(project) == ["code", *trained, *AFTER_TRAINING]
    metrics = read_json(project / "metrics" / "metrics.json")
    assert 0 < metrics["bisimplernn"]["accuracy"] < 1
    assert list(metrics["pairs"]) == [
        *("bilstm_minus_bigru", "bilstm_minus_bisimplernn", "bigru_minus_bisimplernn")
    ]
    assert models_in_plots(project) == {"bilstm", "bigru", "bisimplernn"}
    report = (project / "report" / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# BiLSTM, BiGRU or BiSimpleRNN?")
    assert "| BiSimpleRNN | " in report
    assert (project / "plots" / "bisimplernn_loss.png").exists()
    checklist = pd.read_csv(project / "metrics" / "checklist.csv")
    assert set(checklist["model"]) == {"bilstm", "bigru", "bisimplernn", "baseline"}
    assert "BiSimpleRNN" in check_output(project, *BIRNN, "results")
    assert "BiSimpleRNN" in check_output(project, *BIRNN, "predict", "a fine film")


@pytest.mark.exhaustive
def test_documented_network_in_a_study_and_a_review(finished_copy: Path) -> None:
    project = finished_copy
    add_simple_network(project)
    check_output(project, "dvc", "repro")
    check_output(project, *BIRNN, "review", "HEAD")
    text = (project / "review.md").read_text(encoding="utf-8")
    assert re.search(r"\| bisimplernn\.accuracy +\| - +\| 0\.\d+ +\|", text)
    assert "- bisimplernn.accuracy: undecided, BASE has no value" in text
    commit(project)
    seeds = ("-S", "train.seed=0..1")
    check_output(project, *BIRNN, "sweep", *seeds)
    assert "BiSimpleRNN" in check_output(project, *BIRNN, "study", "three", *seeds)
    check_output(project, "dvc", "repro")
    report = (project / "report" / "report.md").read_text(encoding="utf-8")
    assert "first is better with" in report
    for pair in ("BiLSTM minus BiGRU", "BiLSTM minus BiSimpleRNN", "BiGRU minus BiSimpleRNN"):
        assert f"| {pair} |" in report
    assert "../study/three/three.png" in report


@pytest.mark.exhaustive
def test_network_without_recurrence_and_settings(finished_copy: Path) -> None:
    project = finished_copy
    add_average(project)
    # Pooling and masks leave the layer as it is.
    set_settings(project, {"network.pooling": "max_mean", "ngrams.longest": "2"})
    check_output(project, "dvc", "repro")
    for stage in AFTER_TRAINING:
        check_code(project, stage, record(project, stage)["files"])
    costs = read_json(project / "data" / "evaluated" / "costs.json")
    assert costs["average"]["recurrent_parameters"] == 0
    assert "Average" in check_output(project, *BIRNN, "explain", "a fine film")
    check_output(project, *BIRNN, "export", "models.zip")


@pytest.mark.exhaustive
def test_single_network_is_compared_with_the_baseline(finished_copy: Path) -> None:
    project = finished_copy
    remove_bilstm(project)
    assert stages_of_repro(project) == ["code", "label_unlabelled", *AFTER_TRAINING]
    metrics = read_json(project / "metrics" / "metrics.json")
    assert list(metrics) == ["corpus", "bigru", "baseline"]
    assert models_in_plots(project) == {"bigru"}
    report = (project / "report" / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# BiGRU: Sentiment")
    assert "BiLSTM" not in report
    assert "| Baseline minus BiGRU |" in report
    assert "BiGRU" in check_output(project, *BIRNN, "predict", "a fine film")
    assert "BiLSTM" not in check_output(project, *BIRNN, "results")
