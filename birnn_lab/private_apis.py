"""The private interfaces of DVC that have no public equivalent.

Functions import them, because DVC takes half a second. `cluster` and `worker` use DVC's `Config`.
"""

from collections.abc import Collection

from birnn.core.paths import PIPELINE
from birnn.runtime.errors import InputError


def hash_dependencies(starts: Collection[str]) -> dict[tuple[str, str], str]:
    """Return the current md5 of each dependency whose path has such a start, by stage and path."""
    from dvc.exceptions import DvcException  # noqa: PLC0415
    from dvc.repo import Repo  # noqa: PLC0415

    try:
        with Repo() as repo:
            return {
                (stage.name, dep.def_path): str(dep.get_hash().value)
                for stage in repo.stage.load_all(PIPELINE.name)  # only of this folder
                for dep in stage.deps
                if dep.def_path.startswith(tuple(starts))
            }
    except DvcException as error:
        raise InputError(f"DVC cannot read the pipeline ({error}): run dvc status") from error
