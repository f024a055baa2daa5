"""Test the documented ways to add a network and to remove one, with the real `dvc`."""

import re
from pathlib import Path

import pandas as pd
import pytest

from birnn.core.outputs import read_json
from birnn.core.paths import EVALUATION
from tests.projects import AFTER_TRAINING, BIRNN, check_output, set_settings, stages_run

pytestmark = pytest.mark.slow


def edit(file: Path, pattern: str, replacement: str = "") -> None:
    text = re.sub(pattern, replacement, file.read_text(encoding="utf-8"), flags=re.DOTALL)
    file.write_text(text, encoding="utf-8", newline="\n")


def models_in_plots(project: Path) -> set[str]:
    names = ("confusion", "curves", "precision_recall", "roc")
    files = [project / "plots" / f"{name}.csv" for name in names]
    files += [project / "data" / "evaluated" / f"{name}.csv" for name in ("lengths", "reliability")]
    tables = map(pd.read_csv, files)
    (models,) = {frozenset(table["model"]) - {"baseline"} for table in tables}
    return set(models)


def test_documented_network_is_compared_everywhere(finished_copy: Path) -> None:
    project = finished_copy
    check_output(project, "git", "apply", "docs/add-a-network.patch")
    set_settings(project, {"bisimplernn.units": "3"})
    # The other networks are not trained again.
    trained = ["label_unlabelled", "train_bisimplernn"]
    ran = stages_run(check_output(project, "dvc", "repro"))
    assert ran == [*trained, *AFTER_TRAINING]
    metrics = read_json(project / EVALUATION)
    pairs = ["bilstm_minus_bigru", "bilstm_minus_bisimplernn", "bigru_minus_bisimplernn"]
    assert list(metrics["pairs"]) == pairs
    assert models_in_plots(project) == {"bilstm", "bigru", "bisimplernn"}
    report = (project / "report" / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# BiLSTM, BiGRU or BiSimpleRNN?")
    checklist = pd.read_csv(project / "data" / "evaluated" / "checklist.csv")
    assert set(checklist["model"]) == {"bilstm", "bigru", "bisimplernn", "baseline"}
    assert "BiSimpleRNN" in check_output(project, *BIRNN, "predict", "a fine film")


@pytest.mark.exhaustive
def test_single_network_is_compared_with_the_baseline(finished_copy: Path) -> None:
    project = finished_copy
    # Undo the documented steps for the BiLSTM.
    edit(project / "dvc.yaml", r"  train_bilstm:.*?\n\n")
    edit(project / "dvc.yaml", r"[^\n]*bilstm[^\n]*\n")
    edit(project / "params.yaml", r"bilstm:\n(  [^\n]*\n)+\n")
    registry = project / "birnn" / "architectures" / "registry.py"
    edit(registry, ", bilstm")
    edit(registry, r"\(bilstm, bigru\)", "(bigru,)")
    (project / "birnn" / "architectures" / "bilstm.py").unlink()
    (project / "stages" / "train_bilstm.py").unlink()
    ran = stages_run(check_output(project, "dvc", "repro"))
    assert ran == ["label_unlabelled", *AFTER_TRAINING]
    metrics = read_json(project / EVALUATION)
    assert list(metrics) == ["corpus", "bigru", "baseline", "pairs", "networks", "choice"]
    assert models_in_plots(project) == {"bigru"}
    report = (project / "report" / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# BiGRU: Sentiment")
    assert "BiLSTM" not in report
    assert "BiGRU" in check_output(project, *BIRNN, "predict", "a fine film")
