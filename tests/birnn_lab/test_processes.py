"""Commands of git."""

from pathlib import Path

import pytest

from birnn.runtime.errors import InputError
from birnn_lab import processes


def test_git_gives_its_reason_and_its_advice_in_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    processes.run("git", "init", "-q")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    expected = r"^git rev-parse HEAD failed: fatal: ambiguous argument 'HEAD': .* Use '--' to"
    with pytest.raises(InputError, match=expected):
        processes.output("git", "rev-parse", "HEAD")


def test_last_line_prefers_errors() -> None:
    for output, expected in (
        ("error: 1\nerror: 2\nerror: bad row\nERROR: failed to reproduce\n", "error: bad row"),
        ("a\nERROR: failed to push\nb\n", "ERROR: failed to push"),
        ("a\nfatal: no owner\nTo trust it:\n\n\tgit b\n", "fatal: no owner To trust it: git b"),
        ("", "it printed nothing"),
    ):
        assert processes.last_line(output) == expected
