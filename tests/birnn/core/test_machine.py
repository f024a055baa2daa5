"""The description of the machine."""

import os
from pathlib import Path

import pytest

from birnn.core import machine


def test_description(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    monkeypatch.setattr(machine, "CPUINFO", cpuinfo)
    assert machine.describe()["processor"]  # also without a name
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Some CPU: 9\nprocessor\t: 1\n")
    assert machine.describe(["Some GPU"])["processor"] == "Some CPU: 9"
    flags = "abm avx2 bmi1 bmi2 f16c fma movbe"
    for found, is_v3 in ((flags, True), (f"{flags} avx512f", True), ("abm avx fma", False)):
        cpuinfo.write_text(f"model name\t: Some CPU\nflags\t\t: {found}\n")
        assert machine.has_x86_64_v3() == is_v3


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux restricts a process")
def test_only_cores_that_this_process_may_use_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = os.sched_getaffinity(0)
    for limit, expected in (
        ("1", 1),
        ("0", len(allowed)),
        ("many", len(allowed)),
        ("999", len(allowed)),
    ):
        monkeypatch.setenv("OMP_NUM_THREADS", limit)
        assert machine.usable_cores() == expected
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert machine.usable_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
