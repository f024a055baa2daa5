"""Execute the tutorial and save it with its outputs, but without texts of a corpus.

Run `python -m notebooks.execute` after each change of the tutorial or of the results it shows.
"""

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

TUTORIAL = Path(__file__).parent / "tutorial.ipynb"
CORPUS_TEXT = "corpus-text"  # tag of cells whose outputs contain texts of a corpus
LIMIT = 600  # seconds per cell


def execute(file: Path) -> Any:
    """Return the tutorial in `file`, executed in its folder.

    Raises:
        CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(file, as_version=4)
    folder = {"metadata": {"path": str(file.parent)}}
    # Without times, which would differ in every execution.
    NotebookClient(
        notebook, timeout=LIMIT, resources=folder, record_timing=False, coalesce_streams=True
    ).execute()
    return notebook


def clear_corpus_texts(notebook: Any) -> None:
    """Remove the outputs of the cells that show texts of a corpus."""
    for cell in notebook.cells:
        if CORPUS_TEXT in cell.metadata.get("tags", []):
            cell.outputs, cell.execution_count = [], None


def main() -> None:
    """Execute the tutorial and save it."""
    notebook = execute(TUTORIAL)
    clear_corpus_texts(notebook)
    nbformat.write(notebook, TUTORIAL)


if __name__ == "__main__":
    main()
