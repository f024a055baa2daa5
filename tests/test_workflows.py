"""Test that the workflows do their work."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from birnn.core.yaml_files import read_yaml
from docs import build_pages
from tests.projects import PROJECT, check_output


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_review_finds_its_own_comment() -> None:
    job = read_yaml(PROJECT / ".github" / "workflows" / "review.yaml")["jobs"]["comment"]
    earlier = next(step["run"] for step in job["steps"] if step.get("id") == "earlier")
    marker = job["env"]["MARKER"]
    comments = [
        (1, "a-reader", f"{marker}\n# Review"),
        (2, "github-actions[bot]", f"{marker}\n# Review"),
        (3, "github-actions[bot]", f"# Another comment\n{marker}"),
    ]
    answer = [{"id": id_, "user": {"login": user}, "body": body} for id_, user, body in comments]
    arguments = shlex.split(earlier)
    query = arguments[arguments.index("--jq") + 1]
    command = ("jq", "--raw-output", query)
    found = check_output(PROJECT, *command, stdin=json.dumps(answer), MARKER=marker)
    assert found.split() == ["comment=2"]


def test_pages_link_to_existing_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    build_pages.build(tmp_path, "https://example.com/blob/main")
    pages = list(tmp_path.rglob("*.html"))
    assert tmp_path / "index.html" in pages
    assert tmp_path / "report" / "report.html" in pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for path, anchor in re.findall(r'(?:href|src)="([^":#]*)(?:#([^"]*))?"', text):
            target = page.parent / path if path else page
            assert target.is_file(), (page, path)
            assert not anchor or f'id="{anchor}"' in target.read_text(encoding="utf-8")
    pages_text = "".join(page.read_text(encoding="utf-8") for page in pages)
    others = set(re.findall(r'href="https://example.com/blob/main/([^"#]*)', pages_text))
    assert "params.yaml" in others
    assert all(Path(file).exists() for file in others)
