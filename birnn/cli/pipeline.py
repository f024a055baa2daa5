"""The networks and their encoding, opened if they are those that the pipeline made."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from ruamel.yaml import YAML

from birnn.core.errors import InputError
from birnn.inference import predictor
from birnn.inference.predictor import MODELS, PADDED, Reader
from birnn.text import encoding

LOCK = Path("dvc.lock")
# It reads texts as a user's are read, so it depends on the same files.
STAGE = "checklist"
NETWORK_FILES = ("network.json", "model.weights.h5")


def load(names: Sequence[str]) -> Reader:
    """Return the networks of these names, and their encoding.

    Raises:
        InputError: a file is missing, or is not the one that the pipeline made.
    """
    files = [PADDED / name for name in encoding.FILES]
    files += [MODELS / name / file for name in names for file in NETWORK_FILES]
    verify(files)
    return predictor.load(names)


def verify(files: Iterable[Path], lock: Path = LOCK) -> None:
    """Compare the md5 of each file with what the lock records of the pipeline's last run.

    Raises:
        InputError: there is no lock, a file is missing, or it is another.
    """
    if not lock.exists():
        raise InputError(f"{lock} is missing: run dvc repro, in the project's folder")
    stages = YAML(typ="safe").load(lock)["stages"]
    recorded = {dep["path"]: dep["md5"] for dep in stages.get(STAGE, {}).get("deps", [])}
    for file in files:
        if not file.exists():
            raise InputError(f"{file} is missing: run dvc repro, or dvc pull")
        expected = recorded.get(file.as_posix())
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "md5").hexdigest()
        if found != expected:
            raise InputError(
                f"{file} is not the pipeline's: its md5 is {found}, and {lock} records "
                f"{expected or 'none'}; run dvc repro, or dvc checkout, and it is not opened"
            )
