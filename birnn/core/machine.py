"""The machine that a time was taken on."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CPUINFO = Path("/proc/cpuinfo")


def describe(accelerators: Sequence[str] = ()) -> dict[str, Any]:
    """Return its processor, the cores this process may use, its `accelerators` and its system."""
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "accelerators": list(accelerators),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def timing(seconds: float) -> dict[str, Any]:
    """Return how long something took on this machine, as stages write it."""
    return {"seconds": round(seconds, 3), "machine": describe()}


def _processor() -> str:
    """Return the processor's name: Linux alone keeps it where `platform` does not look."""
    lines = CPUINFO.read_text(encoding="utf-8").splitlines() if CPUINFO.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
