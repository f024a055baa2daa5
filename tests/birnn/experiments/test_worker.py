"""The task of a cluster machine, without Ray."""

import os
import sys
from importlib import metadata
from pathlib import Path

import pytest

from birnn.experiments import worker

LINE = "{}=={} \\\n    --hash=sha256:00\n"
OTHER_SYSTEM = LINE.format("none", "1 ; sys_platform == 'other'")
INSTALLED = LINE.format("numpy", metadata.version("numpy"))


def test_environment_must_match_the_lock_file(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(OTHER_SYSTEM + INSTALLED)
    worker.compare_environment(lock)
    for name, installed in (("scipy", metadata.version("scipy")), ("none", "missing")):
        lock.write_text(OTHER_SYSTEM + INSTALLED + LINE.format(name, "0"))
        with pytest.raises(
            worker.TaskError, match=f"^{name} is {installed}, but lock.txt requires ==0: run make"
        ):
            worker.compare_environment(lock)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds processes to cores")
def test_concurrent_tasks_use_different_cores(tmp_path: Path) -> None:
    usable = os.sched_getaffinity(0)
    if len(usable) < 2:
        pytest.skip("there is one core")
    with worker.cores(1, tmp_path):
        first = os.sched_getaffinity(0)
        # Another task on the machine starts with all cores.
        os.sched_setaffinity(0, usable)
        with worker.cores(1, tmp_path):
            second = os.sched_getaffinity(0)
    assert len(first) == len(second) == 1
    assert first != second
    assert os.sched_getaffinity(0) == usable
    # A task that needs more cores than there are is not limited, and releases them all.
    with worker.cores(len(usable) + 1, tmp_path), worker.cores(len(usable), tmp_path):
        assert os.sched_getaffinity(0) == usable


def test_only_abandoned_clones_are_removed(tmp_path: Path) -> None:
    remaining = {
        f"here-{os.getpid()}-a",
        "there-999999999-a",
        "here-999999999-1-a",  # of process 1 on the machine here-999999999
        "kept-seed-1-here-999999999-a",
        "cache",
    }
    for name in ("here-999999999-a", *remaining):
        (tmp_path / name).mkdir()
    worker.remove_what_is_abandoned(tmp_path, "here")
    assert {path.name for path in tmp_path.iterdir()} == remaining
