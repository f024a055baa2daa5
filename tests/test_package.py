"""Test the wheel: its content, and every command in an environment with nothing else."""

import socket
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from birnn_lab.launcher import compiled_in
from tests.birnn_apps.test_main import COMMANDS
from tests.projects import OWN_DATA, PROJECT, check_output, copy, copy_project

PACKAGES = ("birnn", "birnn_apps", "birnn_lab")

# The arguments of each command, and a line or error that shows that it did its work.
RUNS = {
    "data": (["check", "own.csv"], "To train, run:"),
    "explain": (["A fine film."], "log-odds of positive"),
    "export": (["birnn.onnx"], "shows how to encode texts"),
    "mistakes": ([], "probability of positive"),
    "predict": (["A fine film."], "  BiLSTM    "),
    "recipe": ([], "two-epochs (adds to notebook): "),
    "results": ([], "test reviews, "),
    "review": (["HEAD"], "review.md: passes"),
    "search": (
        ["s", "-S", "network.dropout=0..1.0", "--metric", "bigru.holdout_accuracy"],
        "error: params.yaml with -S: network.dropout is 1.0: input should be less than 1",
    ),
    "serve": (["--port", "{used_port}"], "error: cannot listen"),
    "study": (["none"], "error: this commit has no experiments none--"),
    # DVC takes all stages but the last from its cache.
    "sweep": (
        ["s", "-S", "report.equivalence=0.7"],
        "Ran experiment(s): s--report-equivalence-0.7",
    ),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel, built from a copy because setuptools writes next to the code."""
    folder = tmp_path_factory.mktemp("package")
    copy_project(folder / "code")
    command = ("uv", "build", "--wheel", "--no-build-isolation", "--python", sys.executable)
    check_output(folder / "code", *command, "--out-dir", str(folder))
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def birnn(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the command of the wheel, installed with its extras for one machine."""
    folder = tmp_path_factory.mktemp("environment")
    check_output(folder, "uv", "venv", "--python", sys.executable, ".")
    python = str(folder / "bin" / "python")
    check_output(folder, "uv", "pip", "install", "--no-deps", "--python", python, str(wheel))
    (packages,) = folder.glob("lib/*/site-packages")
    (installed,) = distributions(name="birnn", path=[str(packages)])
    link_requirements(installed, {"lab", "serve", "export"}, packages)
    return folder / "bin" / "birnn"


def link_requirements(package: Distribution, extras: set[str], folder: Path) -> None:
    """Link all that a package requires from this environment into a folder of packages."""
    for line in package.requires or []:
        needed = Requirement(line)
        if needed.marker and not any(
            needed.marker.evaluate({"extra": extra}) for extra in extras | {""}
        ):
            continue
        found = distribution(needed.name)
        links = {
            folder / file.parts[0]: Path(str(found.locate_file(file.parts[0])))
            for file in found.files or []
            if file.parts[0] not in {"..", "__pycache__"}
        }
        missing = {link: target for link, target in links.items() if not link.exists()}
        for link, target in missing.items():
            link.symlink_to(target)
        if missing or needed.extras:
            link_requirements(found, needed.extras, folder)


@pytest.fixture(scope="module")
def project(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy(finished, tmp_path_factory.mktemp("wheel") / "project")


@pytest.mark.exhaustive
def test_wheel_has_all_files_of_the_package(wheel: Path) -> None:
    listed = check_output(PROJECT, "git", "ls-files", "-co", "--exclude-standard", *PACKAGES)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert names.issuperset(listed.split())
    assert {Path(name).parts[0].partition("-")[0] for name in names} == {*PACKAGES}
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.exhaustive
@pytest.mark.parametrize("run", COMMANDS)
def test_installed_wheel_works_on_a_project(
    birnn: Path, project: Path, tmp_path: Path, run: str
) -> None:
    arguments, expected = RUNS[run]
    (tmp_path / "own.csv").write_text(OWN_DATA, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        result = subprocess.run(
            [birnn, "--project", project, run]
            + [argument.format(used_port=port) for argument in arguments],
            cwd=tmp_path,
            # Not the programs and modules of the environment that runs the tests.
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
            | compiled_in(tmp_path),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=600,
        )
    assert expected in (result.stdout if result.returncode == 0 else result.stderr)
    assert result.returncode == int(expected.startswith("error: "))
    assert "Traceback" not in result.stderr
