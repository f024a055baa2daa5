"""Test that the workflows pin actions, have minimal permissions, and contain no logic."""

import re
from typing import Any

import pytest

from birnn.core.yaml_files import read_yaml
from tests.projects import PROJECT

FILES = sorted((PROJECT / ".github" / "workflows").glob("*.yaml"))
WORKFLOWS = [read_yaml(file) for file in FILES]
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=[file.stem for file in FILES])
def test_actions_are_pinned_by_hash(workflow: dict[str, Any]) -> None:
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=[file.stem for file in FILES])
def test_steps_have_no_logic_and_call_existing_targets(workflow: dict[str, Any]) -> None:
    for command in (step["run"] for step in steps(workflow) if "run" in step):
        assert "\n" not in command
        assert not re.search(r"&&|\|\||;|\$\{\{", command)
        if command.startswith("make "):
            assert re.search(rf"^{command.split()[1]}: ", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=[file.stem for file in FILES])
def test_permissions_are_minimal(workflow: dict[str, Any]) -> None:
    permissions = workflow["permissions"]
    assert permissions.pop("contents") == "read"
    assert permissions in ({}, {"pull-requests": "write"})
    # Code from a fork must never run with the token of this repository.
    assert "pull_request_target" not in workflow["on"]


def test_pre_commit_runs_make_lint() -> None:
    config = read_yaml(PROJECT / ".pre-commit-config.yaml")
    assert [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]] == ["make lint"]
