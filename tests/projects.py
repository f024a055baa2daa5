"""Helpers that create copies of the project, run the real `dvc` in them, and read the results."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from birnn.architectures.registry import with_networks
from birnn.baseline.settings import BaselineSettings
from birnn.core.settings import validate
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.selection import Report
from birnn.pretraining.settings import WordVectors
from birnn.runtime.errors import InputError
from birnn.sources.settings import Csv, Fetch
from birnn.training.settings import TrainingSettings

PROJECT = Path(__file__).parent.parent


class AllSettings(TrainingSettings):
    """All sections of `params.yaml`, without the sections of networks."""

    fetch: Fetch
    csv: Csv
    word_vectors: WordVectors
    baseline: BaselineSettings
    report: Report


def check_all(content: Any, source: str = "params.yaml") -> AllSettings:
    kind = with_networks(AllSettings)
    return validate(kind, content, source, sorted(kind.model_fields))


DEFAULTS = check_all(read_yaml(PROJECT / "params.yaml"))

# Trains within seconds and learns something, on a real corpus that needs no network.
SMALL = {
    "fetch.source": "rotten-tomatoes",
    "pad.num_words": "500",
    "pad.maxlen": "12",
    "network.embedding_dim": "4",
    "bilstm.units": "3",
    "bigru.units": "3",
    "train.epochs": "2",
    "train.batch_size": "1024",
    "train.learning_rate": "0.05",
}

# A user's file, with both classes in both splits.
OWN_DATA = "text,label,split\n" + "".join(
    f"{split},positive,{split}\nbad {split},negative,{split}\n" for split in ("train", "test")
)

BIRNN = ("python", "-m", "birnn_apps")
# All stages, and those that need all models.
STAGES = [*read_yaml(PROJECT / "dvc.yaml")["stages"]]
AFTER_TRAINING = ["evaluate", "report"]
# A proxy on a closed port makes every address unreachable.
NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
OUTPUTS = ("data", "models", "metrics", "plots", "report")

Build = Callable[[Path], object]
"""A function that creates a project in a folder that does not exist yet."""

# The variable with the folder of the programs of `tests.warm_start`.
WARM_START = "BIRNN_WARM_START"


def environment(*, warm: bool = True, **variables: str) -> dict[str, str]:
    """Return the environment variables for a command, without IMDB_ARCHIVE.

    Args:
        warm: whether `python` and `dvc` are forked from the server of `tests.warm_start`.
        variables: additional variables.
    """
    own = {name: value for name, value in os.environ.items() if name != "IMDB_ARCHIVE"}
    if warm and WARM_START in own:
        own["PATH"] = own[WARM_START] + os.pathsep + own["PATH"]
    return own | variables


def resolve(command: Sequence[str], variables: Mapping[str, str]) -> list[str]:
    """Return a command with its program's path: Windows searches other places before PATH."""
    return [shutil.which(command[0], path=variables["PATH"]) or command[0], *command[1:]]


def run(
    *command: str,
    cwd: Path,
    warm: bool = True,
    stdin: str = "",
    preexec_fn: Callable[[], None] | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run a command with the variables of `environment`, and return its result."""
    own = environment(warm=warm, **variables)
    return subprocess.run(
        resolve(command, own),
        cwd=cwd,
        env=own,
        input=stdin,
        preexec_fn=preexec_fn,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )


@contextmanager
def watched(
    project: Path, *command: str, until: Callable[[psutil.Popen, str], object], **variables: str
) -> Iterator[tuple[psutil.Popen, Path]]:
    """Run a command in its own process group, which is killed at the end.

    Yields:
        The process and the file of its output, once `until` is true of the process and the output.
    """
    log, own = project.parent / "log.txt", environment(warm=False, **variables)
    with log.open("w", encoding="utf-8") as output:
        process = psutil.Popen(
            resolve(command, own),
            cwd=project,
            env=own,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # A shell may start its background jobs with SIGINT ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    deadline = time.monotonic() + 600
    try:
        while not until(process, log.read_text("utf-8")):
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline, log.read_text("utf-8")
            time.sleep(0.02)
        yield process, log
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def check_output(cwd: Path, *command: str, **variables: str) -> str:
    """Return the output of a command that must succeed."""
    result = run(*command, cwd=cwd, **variables)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def stages_run(output: str) -> list[str]:
    """Return the stages that DVC ran, given its output."""
    return re.findall(r"(?m)^Running stage '(.*?)'", output)


def experiments(project: Path) -> list[str]:
    """Return the names of the experiments of the current commit."""
    return check_output(project, "dvc", "exp", "list", "--name-only").split()


def error_line(stderr: str) -> str:
    """Return the only line that starts with `error: `."""
    lines = [line for line in stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, stderr
    assert "Traceback" not in stderr
    return lines[0]


def refusal(call: Callable[..., object], *arguments: Any, **options: Any) -> str:
    """Return the message, a single line, of the InputError that a call raises."""
    with pytest.raises(InputError) as error:
        call(*arguments, **options)
    message = str(error.value)
    assert "\n" not in message
    return message


def recipe() -> dict[str, Any]:
    """Return the last recipe with a hold-out, without unlabelled reviews and self-training."""
    from birnn_lab import recipes  # noqa: PLC0415  # tests of `birnn` run without it

    shorter = {"pad.maxlen": "30", "train.batch_size": "256", "word_vectors.reviews": "train"}
    changes = {"pad.validation": "0.1", "train.self_training": "false"}
    return [*recipes.read().values()][-1].all_settings | SMALL | shorter | changes


def set_settings(project: Path, settings: Mapping[str, object]) -> None:
    """Change settings in `params.yaml` as `dvc exp run` does, and leave the rest as it is."""
    # DVC takes half a second to import.
    from dvc.utils.hydra import apply_overrides  # noqa: PLC0415

    apply_overrides(project / "params.yaml", [f"{name}={settings[name]}" for name in settings])


def commit(project: Path) -> None:
    check_output(project, "git", "add", "--all")
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    check_output(project, "git", *identity, "commit", "--allow-empty", "-qm", ".")


def copy_settings(folder: Path) -> None:
    shutil.copy(PROJECT / "params.yaml", folder)


def copy_project(folder: Path, without: tuple[str, ...] = ()) -> None:
    """Copy the project's files, also those that are not committed, so that they are tested too."""
    listed = check_output(PROJECT, "git", "ls-files", "-co", "--exclude-standard").splitlines()
    for name in listed:
        if not name.startswith(without) and (PROJECT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)


def new_clone(folder: Path, settings: Mapping[str, object]) -> Path:
    """Copy the project without its results into a new repository in which no stage has run."""
    copy_project(folder, without=("dvc.lock", "metrics/", "plots/", "report/"))
    set_settings(folder, settings)
    check_output(folder, "git", "init", "-q", "-b", "main")
    commit(folder)
    return folder


def copy(project: Path, folder: Path) -> Path:
    return Path(shutil.copytree(project, folder, symlinks=True))


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files in a folder, by relative path."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def results(project: Path) -> dict[str, bytes]:
    """Return the outputs of the pipeline, without unfinished ones."""
    return {
        f"{folder}/{name}": content
        for folder in OUTPUTS
        for name, content in contents(project / folder).items()
        if not Path(name).parts[0].startswith(".part-")
    }


def leftovers(project: Path) -> list[str]:
    """Return the paths of unfinished outputs."""
    return [str(path) for path in project.rglob(".part-*")]
