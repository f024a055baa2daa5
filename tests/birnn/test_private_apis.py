"""The private interfaces of other libraries still exist."""

from pathlib import Path

import pytest

from birnn.lab import private_apis
from tests.projects import check_output


# If this test fails, fix `private_apis`. DVC raises the warning.
@pytest.mark.filterwarnings("ignore:_NoneStep.value will soon:DeprecationWarning")
def test_interfaces_for_stale_stages_and_missing_files_exist(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("dvc.yaml", "dvc.lock"):
        Path(name).write_text("stages: {}", encoding="utf-8")
    (reason,) = private_apis.stale_stages()
    assert reason.startswith("cannot be checked: you are not inside of a DVC repo")
    Path("dvc.lock").unlink()
    check_output(tmp_path, "dvc", "init", "--no-scm")
    Path("dvc.yaml").write_text("stages: {some: {cmd: 'true'}}", encoding="utf-8")
    assert private_apis.stale_stages() == ["some"]
    assert len(private_apis.reading_errors()) == 6
