"""Test the wheel: its content, and its command on a project in another folder."""

import sys
import zipfile
from pathlib import Path

import pytest

from tests.projects import PROJECT, check_output, contents, copy_project, run

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel, built from a copy because setuptools writes next to the code."""
    folder = tmp_path_factory.mktemp("package")
    copy_project(folder / "code")
    command = ("uv", "build", "--wheel", "--no-build-isolation", "--python", sys.executable)
    check_output(folder / "code", *command, "--out-dir", str(folder))
    return next(folder.glob("*.whl"))


def test_wheel_has_all_files_of_the_package(wheel: Path) -> None:
    package = {
        f"birnn/{name}"
        for name in contents(PROJECT / "birnn")
        if "__pycache__" not in name and not Path(name).name.startswith(".")
    }
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert package <= names
    assert {Path(name).parts[0].partition("-")[0] for name in names} == {"birnn"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_installed_wheel_works_on_a_project(wheel: Path, finished: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    check_output(tmp_path, "uv", "pip", "install", "--no-deps", "--target", str(site), str(wheel))
    command = ("python", "-m", "birnn", "--project", str(finished), "predict", "A fine film.")
    result = run(*command, cwd=tmp_path, warm=False, PYTHONPATH=str(site))
    assert result.stdout.startswith(("positive", "negative")), result.stderr
