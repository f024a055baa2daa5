"""What is opened is what the pipeline made."""

from pathlib import Path

import pytest

from birnn.cli import pipeline
from birnn.core.errors import InputError

LOCK = """
schema: '2.0'
stages:
  evaluate:
    deps:
    - path: models/other.h5
      md5: 7d793037a0760186574b0282f2f435e7
  checklist:
    deps:
    - path: weights.h5
      md5: 7d793037a0760186574b0282f2f435e7
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a lock, and the file that it records."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.lock").write_text(LOCK)
    (tmp_path / "weights.h5").write_text("world")
    return tmp_path


@pytest.mark.usefixtures("project")
def test_the_recorded_file_passes() -> None:
    pipeline.verify([Path("weights.h5")])


def refusal(*files: str) -> str:
    with pytest.raises(InputError) as error:
        pipeline.verify([Path(file) for file in files])
    assert "\n" not in str(error.value)
    return str(error.value)


def test_another_file_does_not(project: Path) -> None:
    (project / "weights.h5").write_text("evil")
    assert refusal("weights.h5").startswith("weights.h5 is not the pipeline's: its md5 is 4")
    (project / "weights.h5").unlink()
    assert refusal("weights.h5") == "weights.h5 is missing: run dvc repro, or dvc pull"


def test_neither_does_one_that_the_lock_does_not_know(project: Path) -> None:
    (project / "other.h5").write_text("world")
    assert "dvc.lock records none" in refusal("other.h5")
    (project / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    assert "dvc.lock records none" in refusal("weights.h5")
    (project / "dvc.lock").unlink()
    assert refusal("weights.h5").startswith("dvc.lock is missing: run dvc repro")
