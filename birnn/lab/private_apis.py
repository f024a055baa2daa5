"""The private interfaces of DVC that have no public equivalent.

Tests check that they still exist. Functions import them, because DVC takes half a second. `worker`,
which runs without this project, uses DVC's `Config` itself.
"""

import logging
from typing import Any

from birnn.core.errors import InputError
from birnn.core.integrity import read_lock, read_pipeline


def hash_dependency(stage: str, path: str) -> str:
    """Return the current md5 of a dependency of a stage."""
    from dvc.repo import Repo  # noqa: PLC0415

    with Repo() as repo:
        deps = repo.stage.load_one(name=stage).deps
        (dependency,) = [dep for dep in deps if dep.def_path == path]
        try:
            return str(dependency.get_hash().value)
        except UnicodeError as error:
            raise InputError(f"{path} has a file whose name is not UTF-8: rename it") from error


def stale_stages() -> list[str]:
    """Return the stages that `dvc repro` would run, or the reason why DVC cannot say."""
    from dvc.exceptions import DvcException  # noqa: PLC0415
    from dvc.repo import Repo  # noqa: PLC0415

    logging.getLogger("dvc").setLevel(logging.ERROR)
    try:
        with Repo() as repo:
            return [stage.name for stage in repo.reproduce(dry=True, allow_missing=True)]
    except DvcException as error:
        # These name damage and merge conflicts.
        read_pipeline()
        read_lock()
        # Without the data, it is not known which later stages are stale.
        return [f"cannot be checked: {error}"]


def reading_errors() -> tuple[type[Exception], ...]:
    """Return the errors of `dvc.api.read` if a file is lost, and of parsing a damaged one."""
    from dvc.exceptions import DvcException  # noqa: PLC0415
    from dvc_data.index import DataIndexDirError  # noqa: PLC0415

    return DvcException, DataIndexDirError, InputError, OSError, ValueError, EOFError


def dvc_config() -> Any:
    """Return DVC's configuration of the project in the current folder."""
    from dvc.config import Config  # noqa: PLC0415

    return Config.from_cwd()
