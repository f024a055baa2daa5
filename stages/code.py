"""Write what each stage depends on of the code: the digests of its modules and templates.

Reads birnn and stages, writes code. An edit that cannot change the results of a stage, such as a
comment, leaves its digests as they are.
"""

import sys
from pathlib import Path

from birnn.core import code_digests
from birnn.core.errors import InputError

FOLDER = Path("code")


def main() -> None:
    """Write a file for each stage."""
    FOLDER.mkdir(exist_ok=True)
    for stage, lines in code_digests.describe(Path()).items():
        (FOLDER / f"{stage}.txt").write_bytes(lines.encode())


if __name__ == "__main__":
    try:
        main()
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
