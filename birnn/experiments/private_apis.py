"""The private interfaces of DVC, and of Numba's cache, that have no public equivalent.

A test checks that they still exist. Functions import them, because DVC takes half a second. Those
of the networks are in `birnn.layers.private_apis`. `worker`, which runs without this project, uses
DVC's `Config` itself.
"""

from collections.abc import Iterator
from typing import Any


def cache_locator() -> type[Any]:
    """Return the class by which Numba locates compiled code in `NUMBA_CACHE_DIR`."""
    from numba.core.caching import UserProvidedCacheLocator  # noqa: PLC0415

    locator: type[Any] = UserProvidedCacheLocator
    return locator


def list_experiments() -> list[tuple[str, str, str]]:
    """Return the name, the revision and the baseline of all DVC experiments."""
    from dvc.repo import Repo  # noqa: PLC0415

    with Repo() as repo:
        listed = repo.experiments.ls(all_commits=True)
    return [
        (name, revision, baseline)
        for baseline, entries in listed.items()
        for name, revision in entries
    ]


def hash_dependencies(folders: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield the stage, the path and the current md5 of each dependency within folders."""
    from dvc.repo import Repo  # noqa: PLC0415

    with Repo() as repo:
        for stage in repo.index.stages:
            for dependency in stage.deps:
                if dependency.def_path.startswith(folders):
                    yield stage.name, dependency.def_path, dependency.get_hash().value


def reading_errors() -> tuple[type[Exception], ...]:
    """Return the errors of `dvc.api.read` if a file is neither in the cache nor in a remote."""
    from dvc.exceptions import DvcException  # noqa: PLC0415
    from dvc_data.index import DataIndexDirError  # noqa: PLC0415

    return DvcException, DataIndexDirError, OSError


def dvc_config() -> Any:
    """Return DVC's configuration of the project in the current folder."""
    from dvc.config import Config  # noqa: PLC0415

    return Config.from_cwd()
