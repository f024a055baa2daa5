"""The private interfaces of DVC that have no public equivalent.

Functions import them, because DVC takes half a second. `cluster` and `worker` use DVC's `Config`.
"""

from collections.abc import Collection


def hash_dependencies(folders: Collection[str]) -> dict[tuple[str, str], str]:
    """Return the current md5 of each dependency in these folders, by stage and path."""
    from dvc.repo import Repo  # noqa: PLC0415

    with Repo() as repo:
        return {
            (stage.name, dep.def_path): str(dep.get_hash().value)
            for stage in repo.index.stages
            for dep in stage.deps
            if dep.def_path.startswith(tuple(folders))
        }
