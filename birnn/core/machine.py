"""The machine: its description, its usable cores, and the batch size that keeps them busy."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CPUINFO = Path("/proc/cpuinfo")

BATCH_SIZE = 2_000  # reviews in memory at a time: enough to keep all cores busy


def describe(accelerators: Sequence[str] = ()) -> dict[str, Any]:
    """Return the CPU, usable cores, accelerators, operating system and Python version."""
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "accelerators": list(accelerators),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def format_description(machine: dict[str, Any]) -> str:
    """Format a description of a machine as one phrase."""
    accelerators = ", ".join(machine["accelerators"]) or "no GPU"
    return (
        f"{machine['processor']} ({machine['cores']} cores, {accelerators}, {machine['system']}, "
        f"Python {machine['python']})"
    )


def timing(seconds: float) -> dict[str, Any]:
    """Return a measured time and the machine, in the format of the files in `timings/`."""
    return {"seconds": round(seconds, 3), "machine": describe()}


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    """Return the name of the CPU; on Linux only `/proc/cpuinfo` has it."""
    lines = CPUINFO.read_text(encoding="utf-8").splitlines() if CPUINFO.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
