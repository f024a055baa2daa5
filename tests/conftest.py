"""What tests share: small real data, and clones of the project in which the true `dvc` runs."""

import os
import shutil
import subprocess
from pathlib import Path

import hypothesis
import pytest

from experiments.worker import compiled_in

# A busy machine is no failure.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

PROJECT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a long run kill each stage more often: `pytest tests/test_faults.py --kills 25`."""
    parser.addoption("--kills", type=int, default=3, help="how often each stage is killed")


def pytest_configure(config: pytest.Config) -> None:
    """Compile once for all clones, as experiments do."""
    folder = Path(config.cache.mkdir("kernels"))  # type: ignore[union-attr]
    os.environ.update(compiled_in(folder))


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """Return how often each stage is to be killed."""
    return int(request.config.getoption("--kills"))


# Small enough for seconds, and able to learn; the corpus is real, and needs no network.
SMALL = {
    "fetch.source": "rotten-tomatoes",
    "pad.num_words": "500",
    "pad.maxlen": "12",
    "network.embedding_dim": "4",
    "network.lstm_units": "3",
    "network.gru_units": "3",
    "train.epochs": "2",
    "train.batch_size": "1024",
    "train.learning_rate": "0.05",
}


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the environment of the tests, without a local copy of IMDB."""
    variables = {name: value for name, value in os.environ.items() if name != "IMDB_ARCHIVE"}
    return subprocess.run(
        command,
        cwd=cwd,
        env=variables | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )


def ran(result: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the stages that a `dvc` command ran."""
    lines = result.stdout.splitlines()
    return [line.split("'")[1] for line in lines if line.startswith("Running stage '")]


def change(file: Path, old: str, new: str) -> None:
    """Replace the one occurrence of `old` in a file."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def commit(clone: Path) -> None:
    """Commit everything in a clone."""
    for command in (
        ("git", "add", "--all"),
        ("git", "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "."),
    ):
        assert run(*command, cwd=clone).returncode == 0


def new_clone(folder: Path, settings: dict[str, str]) -> Path:
    """Copy the project as it stands, uncommitted work included, into a repository of its own.

    Results are left behind, so that nothing is up to date.
    """
    listed = run("git", "ls-files", "-co", "--exclude-standard", cwd=PROJECT).stdout.splitlines()
    results = ("dvc.lock", "metrics/", "plots/", "report/")
    for name in listed:
        if not name.startswith(results) and (PROJECT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    set_settings(folder, settings)
    assert run("git", "init", "-q", "-b", "main", cwd=folder).returncode == 0
    commit(folder)
    return folder


def set_settings(clone: Path, settings: dict[str, str]) -> None:
    """Write settings into `params.yaml`, keeping the rest as it is."""
    file = clone / "params.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    section = ""
    for number, line in enumerate(lines):
        key = line.partition(":")[0]
        if line and line[0] not in " #":
            section = key
        elif (value := settings.get(f"{section}.{key.strip()}")) is not None:
            lines[number] = f"{key}: {value}"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the project with small settings, in which nothing has run."""
    return new_clone(tmp_path / "clone", SMALL)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the whole pipeline has run and is committed; not to be changed."""
    folder = new_clone(tmp_path_factory.mktemp("finished") / "clone", SMALL)
    result = run("dvc", "repro", cwd=folder)
    assert result.returncode == 0, result.stderr
    commit(folder)
    return folder


@pytest.fixture
def finished_copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished clone, cache included, to be changed at will."""
    return Path(shutil.copytree(finished, tmp_path / "copy", symlinks=True))
