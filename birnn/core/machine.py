"""The machine: its description and its usable cores."""

import ctypes
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CPUINFO = Path("/proc/cpuinfo")
X86_64_V3 = {"abm", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}

# Options of glibc's mallopt: M_MMAP_THRESHOLD, above which an array is returned to the system when
# it is freed, and M_TRIM_THRESHOLD, the freed memory to keep. In bytes.
MALLOC_OPTIONS = {-3: 2**25, -1: 2**30}


def describe(accelerators: Sequence[str] = ()) -> dict[str, Any]:
    """Return the CPU, usable cores, accelerators, operating system and Python version."""
    return {
        # On Linux, only /proc/cpuinfo has the name.
        "processor": _cpuinfo("model name") or platform.processor() or platform.machine(),
        "cores": usable_cores(),
        "accelerators": list(accelerators),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def usable_cores() -> int:
    """Return the number of cores that this process may use, at most `OMP_NUM_THREADS`."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(limit) or cores) if limit.isdigit() else cores


def keep_freed_memory() -> None:
    """Let glibc keep the memory of arrays that are freed.

    By default it returns memory to the system at every training step. Getting it back, with zeros,
    took 30% of the CPU time of a training of the BiLSTM.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        for option, size in MALLOC_OPTIONS.items():
            library.mallopt(option, size)


def has_x86_64_v3() -> bool:
    """Return whether this is Linux on an x86-64-v3 CPU.

    On these machines, results have the same bytes (docs/reproducibility.md).
    """
    return set(_cpuinfo("flags").split()) >= X86_64_V3


def _cpuinfo(field: str) -> str:
    """Return a field of the first CPU in `/proc/cpuinfo`, or an empty string."""
    if not CPUINFO.exists():
        return ""
    with CPUINFO.open(encoding="utf-8") as lines:
        fields = (line.partition(":") for line in lines)
        return next((value.strip() for name, _, value in fields if name.strip() == field), "")
