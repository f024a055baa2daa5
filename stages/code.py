"""Write the digests of the code of each stage, so that comments do not rerun stages.

Reads birnn and stages, writes code.
"""

import sys
from pathlib import Path

from birnn.core import code_digests
from birnn.core.errors import InputError

FOLDER = Path("code")


def main() -> None:
    """Write a file for each stage, and remove the files of stages that no longer exist."""
    described = code_digests.describe(Path())
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob("*.txt"):
        if file.stem not in described:
            file.unlink()
    for stage, lines in described.items():
        (FOLDER / f"{stage}.txt").write_bytes(lines.encode())


if __name__ == "__main__":
    try:
        main()
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
