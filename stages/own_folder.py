"""Create the folder for the user's own files, so that `rm -rf data` is a fresh start.

DVC stops if `data/own`, on which the stage fetch depends, is missing. Writes data/own/README.md.
"""

from pathlib import Path

from birnn.core import stage
from birnn.core.outputs import atomic_file
from birnn.core.settings import Settings

README = Path("data/own/README.md")
TEXT = """\
Put your own labelled text here, as `.csv`, `.tsv`, `.jsonl` or `.parquet`. The section `csv` of
[params.yaml](../../params.yaml) describes its layout, and
[docs/own-data.md](../../docs/own-data.md) explains how to use it. Git ignores your files.
"""


def main(_settings: Settings) -> None:
    """Write the file."""
    with atomic_file(README) as temporary:
        temporary.write_bytes(TEXT.encode())


if __name__ == "__main__":
    stage.run(main)
