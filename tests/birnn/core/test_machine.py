"""The description of the machine."""

from pathlib import Path

import pytest

from birnn.core import machine


def test_description(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Some CPU: 9\nprocessor\t: 1\n")
    monkeypatch.setattr(machine, "CPUINFO", cpuinfo)
    described = machine.describe(["Some GPU"])
    assert described["processor"] == "Some CPU: 9"
    assert described["accelerators"] == ["Some GPU"]
    assert described["cores"] >= 1
    assert described["python"].startswith("3.")


def test_processor_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "none")
    assert machine.describe()["processor"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("abm avx2 bmi1 bmi2 f16c fma movbe avx512f", True), ("abm avx bmi1 bmi2", False)],
)
def test_x86_64_v3_is_recognized(
    flags: str,
    expected: bool,  # noqa: FBT001  # pytest passes it by name
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: {flags}\n")
    monkeypatch.setattr(machine, "CPUINFO", cpuinfo)
    assert machine.has_x86_64_v3() == expected
