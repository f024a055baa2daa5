"""What a machine of a cluster checks and takes, without Ray."""

import os
import sys
from importlib import metadata
from pathlib import Path

import pytest

from experiments import worker
from tests.projects import PROJECT

LINE = "{}=={} \\\n    --hash=sha256:00\n"


def test_the_environment_of_these_tests_is_that_of_the_lock() -> None:
    # All of it where a cluster's packages are installed; else the first that misses is named.
    try:
        metadata.version("ray")
    except metadata.PackageNotFoundError:
        with pytest.raises(worker.TaskError, match=r"is missing, where requirements-cluster"):
            worker.compare_environment(PROJECT / worker.LOCK)
    else:
        worker.compare_environment(PROJECT / worker.LOCK)


def test_another_version_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(LINE.format("numpy", metadata.version("numpy")) + LINE.format("scipy", "0.1"))
    with pytest.raises(worker.TaskError, match=r"scipy is .*, where lock.txt has ==0.1: run make"):
        worker.compare_environment(lock)


def test_packages_of_other_systems_do_not_count(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(LINE.format("none", "1 ; sys_platform == 'other'"))
    worker.compare_environment(lock)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux holds processes to cores")
def test_experiments_at_once_have_cores_of_their_own(tmp_path: Path) -> None:
    usable = os.sched_getaffinity(0)
    if len(usable) < 2:
        pytest.skip("there is one core")
    with worker.cores(1, tmp_path):
        first = os.sched_getaffinity(0)
        # As another task on the machine would find it.
        os.sched_setaffinity(0, usable)
        with worker.cores(1, tmp_path):
            second = os.sched_getaffinity(0)
    assert len(first) == len(second) == 1
    assert first != second
    assert os.sched_getaffinity(0) == usable
    # More than there are: no limit, and none is kept from others.
    with worker.cores(len(usable) + 1, tmp_path):
        assert os.sched_getaffinity(0) == usable
        with worker.cores(len(usable), tmp_path):
            assert os.sched_getaffinity(0) == usable
            os.sched_setaffinity(0, usable)
            with worker.cores(1, tmp_path):
                assert os.sched_getaffinity(0) == usable


def test_what_is_abandoned_is_removed_and_what_is_kept_stays(tmp_path: Path) -> None:
    alive, other = f"here-{os.getpid()}-a", "there-999999999-a"
    for name in ("here-999999999-a", alive, other, "kept-seed-1-here-999999999-a", "cache"):
        (tmp_path / name).mkdir()
    worker.remove_what_is_abandoned(tmp_path, "here")
    assert {one.name for one in tmp_path.iterdir()} == {
        alive,
        other,
        "kept-seed-1-here-999999999-a",
        "cache",
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("a\nerror: bad row\nERROR: failed to reproduce 'fetch'\n", "error: bad row"),
        ("a\nERROR: failed to push\nb\n", "ERROR: failed to push"),
        ("fatal: no repository\n\n", "fatal: no repository"),
        ("", "it said nothing"),
    ],
)
def test_the_line_that_says_what_is_wrong(said: str, expected: str) -> None:
    assert worker.last_line(said) == expected
