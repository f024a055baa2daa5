"""Commands of git."""

import pytest

from birnn.core import processes
from birnn.core.errors import InputError


def test_commands_of_git_run_or_report_their_last_line() -> None:
    with pytest.raises(InputError, match=r"^git rev-parse --verify failed: fatal: .*single rev"):
        processes.output("git", "rev-parse", "--verify", "no-such-commit")
    assert processes.run("git", "rev-parse", "--verify", "no", check=False).returncode


def test_last_line_prefers_errors() -> None:
    for output, expected in (
        ("error: 1\nerror: 2\nerror: bad row\nERROR: failed to reproduce\n", "error: bad row"),
        ("a\nERROR: failed to push\nb\n", "ERROR: failed to push"),
        ("fatal: no repository\n\n", "fatal: no repository"),
        ("", "it printed nothing"),
    ):
        assert processes.last_line(output) == expected
