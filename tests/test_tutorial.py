"""Test that the tutorial runs in a new clone, and that its outputs may be in git."""

import html
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from birnn.sources import rotten_tomatoes
from tests.projects import PROJECT, check_output, commit, new_clone
from tests.test_docs import broken_links

TUTORIAL = PROJECT / "notebooks" / "tutorial.ipynb"
PATH = re.compile(r"/(?:home|Users|root|tmp|work)/|[A-Z]:\\|site-packages")


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def text_outputs(notebook: Any) -> Iterator[str]:
    """Yield everything that the cells print or show, except figures."""
    for cell in code_cells(notebook):
        for output in cell["outputs"]:
            data = output.get("data", {})
            texts = [data[kind] for kind in data if kind.startswith("text/")]
            for text in (output.get("text", ""), output.get("traceback", ""), *texts):
                yield html.unescape("".join(text))


def streams(notebook: Any) -> set[str]:
    outputs = [output for cell in code_cells(notebook) for output in cell["outputs"]]
    return {output["name"] for output in outputs if output["output_type"] == "stream"}


def corpus_texts(notebook: Any) -> list[str]:
    """Return the reviews of the corpus that outputs contain, without very short ones."""
    shown = "\n".join(text_outputs(notebook))
    return [
        review.text
        for review in rotten_tomatoes.read()
        if len(review.text) > 40 and review.text in shown
    ]


def test_tutorial_in_git_is_complete_without_corpus_texts_paths_or_logs() -> None:
    notebook = json.loads(TUTORIAL.read_text(encoding="utf-8"))
    assert TUTORIAL.stat().st_size < 800_000
    assert len(notebook["cells"]) <= 60
    for number, cell in enumerate(code_cells(notebook), start=1):
        if "corpus-text" in cell["metadata"].get("tags", []):
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
        else:
            assert cell["execution_count"] == number, "run python -m notebooks.execute"
    assert corpus_texts(notebook) == []
    assert [text for text in text_outputs(notebook) if PATH.search(text)] == []
    assert streams(notebook) == {"stdout"}
    assert list(broken_links(TUTORIAL)) == []


@pytest.mark.exhaustive
def test_tutorial_runs_in_a_new_clone_and_changes_no_file(tmp_path: Path) -> None:
    from notebooks.execute import clear_corpus_texts, execute  # noqa: PLC0415  # needs Jupyter

    clone = new_clone(tmp_path / "clone", {})
    for name in ("metrics", "plots"):
        shutil.copytree(PROJECT / name, clone / name)
    commit(clone)
    executed = execute(clone / "notebooks" / TUTORIAL.name)
    page = check_output(clone, "jupyter", "nbconvert", "--to", "html", "--stdout", str(TUTORIAL))
    assert page.count('src="data:image/png') > 5
    assert check_output(clone, "git", "status", "--porcelain") == ""
    assert streams(executed) == {"stdout"}
    assert corpus_texts(executed) != []
    clear_corpus_texts(executed)
    assert corpus_texts(executed) == []
