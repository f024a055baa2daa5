"""Run a small pipeline with other instruction sets and threads, and compare the bytes.

    python -m tests.instruction_sets

Environment variables limit one library at a time, as an older CPU or a user would. The last run has
a single core. The pipeline uses the settings of the recipes, with smaller sizes and without
unlabelled reviews.
"""

import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

from birnn.core import machine
from birnn.experiments import recipes
from tests.projects import SMALL, new_clone, results, run

AVX2 = "+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+popcnt,+sse4.2"

# Adversarial training instead of self-training, which needs unlabelled reviews.
LABELLED = {
    "pad.maxlen": "30",
    "train.batch_size": "256",
    "word_vectors.reviews": "train",
    "train.self_training": "false",
    "train.adversarial_norm": "0.3",
}

NO_ONEDNN = {"TF_ENABLE_ONEDNN_OPTS": "0"}
LIMITS = {
    "oneDNN, SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "TensorFlow, 16 threads": {"TF_NUM_INTRAOP_THREADS": "16", "TF_NUM_INTEROP_THREADS": "16"},
    "OpenMP, 7 threads": {"OMP_NUM_THREADS": "7"},
    "Numba, Haswell": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": AVX2},
    "C library without AVX-512": {
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ"
    },
    "user's OpenBLAS settings": {"OPENBLAS_CORETYPE": "SkylakeX", "OPENBLAS_NUM_THREADS": "16"},
    "user's NumPy settings": {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"},
}


def another_machine() -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the start of a command that uses one core, and the variables of all LIMITS.

    Both are empty where results can depend on the machine.
    """
    if not machine.has_x86_64_v3():
        return (), {}
    core = min(os.sched_getaffinity(0))
    variables = {name: value for limits in LIMITS.values() for name, value in limits.items()}
    return ("taskset", "--cpu-list", str(core)), variables


def recipe_settings() -> dict[str, str]:
    """Return the settings of the last recipe with smaller sizes and without unlabelled reviews."""
    everything = [*recipes.read().values()][-1].settings
    return {name: str(value) for name, value in everything.items()} | SMALL | LABELLED


def main() -> None:
    """Print the digest of the results in each case; exit with 1 if they differ."""
    one_core, _ = another_machine()
    cases = {"this machine": {}, "TensorFlow without oneDNN": NO_ONEDNN} | LIMITS | {"one core": {}}
    digests = set()
    with tempfile.TemporaryDirectory() as folder:
        for name, variables in cases.items():
            clone = new_clone(Path(folder, name), recipe_settings())
            start = time.monotonic()
            prefix = one_core if name == "one core" else ()
            result = run(*prefix, "dvc", "repro", cwd=clone, warm=False, **variables)
            if result.returncode:
                sys.exit(result.stderr)
            digest = hashlib.sha256(repr(results(clone)).encode()).hexdigest()[:12]
            digests.add(digest)
            print(f"{name:30}  {digest}  {time.monotonic() - start:.0f} s", flush=True)
    sys.exit(len(digests) > 1)


if __name__ == "__main__":
    main()
