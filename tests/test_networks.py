"""Test the documented ways to add a network and to remove one, with the real `dvc`."""

import re
from pathlib import Path

import pandas as pd
import pytest

from birnn.core.outputs import read_json
from birnn.core.yaml_files import read_yaml
from tests.projects import PROJECT, check_output, commit, error_line, run, set_settings, stages_run

pytestmark = pytest.mark.slow

PATCH = (PROJECT / "docs" / "add-a-network.patch").read_text(encoding="utf-8")
AVERAGE = """from birnn.networks.definition import Network, NoSettings


def build(_settings: NoSettings):
    import keras

    return keras.layers.GlobalAveragePooling1D()


NETWORK = Network("average", title="Average", color="ochre", build=build)
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
    """Apply the documented patch with another module, another name and no settings."""
    patch = PATCH.replace("bisimplernn", "average")
    patch = re.sub(r"diff --git a/params.yaml.*?(?=diff --git)", "", patch, flags=re.DOTALL)
    apply_patch(project, patch)
    pipeline = project / "dvc.yaml"
    text = pipeline.read_text(encoding="utf-8").replace("      - average\n", "")
    pipeline.write_text(text, encoding="utf-8", newline="\n")
    module = project / "birnn" / "networks" / "average.py"
    module.write_text(AVERAGE, encoding="utf-8", newline="\n")


def remove_bilstm(project: Path) -> None:
    """Undo the documented steps for the BiLSTM."""
    pipeline = project / "dvc.yaml"
    text = pipeline.read_text(encoding="utf-8")
    text = re.sub(r"  train_bilstm:.*?\n\n", "", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if "bilstm" not in line]
    pipeline.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    settings = project / "params.yaml"
    text = settings.read_text(encoding="utf-8")
    text = re.sub(r"bilstm:\n(  .*\n)+\n", "", text)
    settings.write_text(text, encoding="utf-8", newline="\n")
    registry = project / "birnn" / "networks" / "registry.py"
    text = registry.read_text(encoding="utf-8")
    text = text.replace("import bigru, bilstm", "import bigru").replace(
        "(bilstm, bigru)", "(bigru,)"
    )
    registry.write_text(text, encoding="utf-8", newline="\n")
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


def test_patch_changes_five_files() -> None:
    assert len(re.findall(r"^diff --git", PATCH, re.MULTILINE)) == 5


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
    template = read_json(project / "plots" / "templates" / "curves.json")
    assert "bisimplernn" in str(template)
    report = (project / "report" / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# BiLSTM, BiGRU or BiSimpleRNN?")
    assert "| BiSimpleRNN | " in report
    assert (project / "plots" / "bisimplernn_loss.png").exists()
    checklist = pd.read_csv(project / "metrics" / "checklist.csv")
    assert set(checklist["model"]) == {"bilstm", "bigru", "bisimplernn", "baseline"}
    difference = check_output(project, "dvc", "metrics", "diff")
    assert re.search(r"bisimplernn\.accuracy +- +0\.\d+", difference)
    assert "BiSimpleRNN" in check_output(project, *BIRNN, "results")
    assert "BiSimpleRNN" in check_output(project, *BIRNN, "predict", "a fine film")
    alone = check_output(project, *BIRNN, "explain", "a fine film", "--network", "bisimplernn")
    assert "BiSimpleRNN" in alone
    assert "BiLSTM" not in alone
    assert "BiSimpleRNN" in check_output(project, *BIRNN, "mistakes", "bisimplernn")
    set_settings(project, {"network.kernel": "fused"})
    result = run("python", "-m", "stages.train_bisimplernn", cwd=project)
    assert result.returncode == 1
    assert "the kernel cannot run bisimplernn" in error_line(result.stderr)


@pytest.mark.exhaustive
def test_documented_network_in_a_study_and_a_review(finished_copy: Path) -> None:
    project = finished_copy
    add_simple_network(project)
    check_output(project, "dvc", "repro")
    review = (*BIRNN, "review", "HEAD")
    check_output(project, *review)
    text = (project / "review.md").read_text(encoding="utf-8")
    assert re.search(r"\| bisimplernn\.accuracy +\| - +\| 0\.\d+ +\|", text)
    assert "- bisimplernn.accuracy: undecided, BASE has no value" in text
    commit(project)
    seeds = ("-S", "train.seed=0..1")
    check_output(project, *BIRNN, "sweep", *seeds)
    printed = check_output(project, *BIRNN, "study", "three", *seeds)
    assert "BiSimpleRNN" in printed
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
    trained = ["label_unlabelled", "train_average"]
    assert stages_of_repro(project) == ["code", *trained, *AFTER_TRAINING]
    check_output(project, "python", "-m", "pytest", "tests/stages", "-k", "digests")
    costs = read_json(project / "data" / "evaluated" / "costs.json")
    assert costs["average"]["recurrent_parameters"] == 0
    assert "Average" in check_output(project, *BIRNN, "explain", "a fine film")
    check_output(project, *BIRNN, "export", "models.zip")
    # Pooling, n-grams and masks leave it as it is.
    set_settings(project, {"network.pooling": "max_mean", "ngrams.longest": "2"})
    check_output(project, "dvc", "repro")


@pytest.mark.exhaustive
def test_single_network_is_compared_with_the_baseline(finished_copy: Path) -> None:
    project = finished_copy
    remove_bilstm(project)
    assert stages_of_repro(project) == ["code", "label_unlabelled", *AFTER_TRAINING]
    assert "train_bilstm" not in read_yaml(project / "dvc.yaml")["stages"]
    metrics = read_json(project / "metrics" / "metrics.json")
    assert list(metrics) == ["corpus", "bigru", "baseline"]
    assert models_in_plots(project) == {"bigru"}
    report = (project / "report" / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# BiGRU: Sentiment")
    assert "BiLSTM" not in report
    assert "| Baseline minus BiGRU |" in report
    assert "BiGRU" in check_output(project, *BIRNN, "predict", "a fine film")
    assert "BiLSTM" not in check_output(project, *BIRNN, "results")
    check_output(project, "python", "-m", "pytest", "tests/stages", "-k", "digests")
