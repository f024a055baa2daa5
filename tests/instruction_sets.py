"""Run a small pipeline with different instruction sets and cores, and compare the bytes.

Environment variables hide instructions from one library at a time, as an older CPU would. The
pipeline uses the settings of all recipes.
"""

import hashlib
import sys
import tempfile
import time
from pathlib import Path

from birnn.experiments import recipes
from tests.projects import SMALL, new_clone, results, run

AVX2 = "+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+popcnt,+sse4.2"

LIMITS = {
    "this machine": {},
    "oneDNN, SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "oneDNN, AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "TensorFlow without oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "TensorFlow, 16 threads": {"TF_NUM_INTRAOP_THREADS": "16", "TF_NUM_INTEROP_THREADS": "16"},
    "OpenMP, 7 threads": {"OMP_NUM_THREADS": "7"},
    "OpenBLAS, AVX-512, 16 threads": {
        "OPENBLAS_CORETYPE": "SkylakeX",
        "OPENBLAS_NUM_THREADS": "16",
    },
    "NumPy, SSE4.2": {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"},
    "Numba, Haswell": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": AVX2},
    "C library without AVX-512": {
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ"
    },
}
OTHER_CPU = {name: value for limits in LIMITS.values() for name, value in limits.items()}
ONE_CORE = ("taskset", "--cpu-list", "0")


def recipe_settings() -> dict[str, str]:
    """Return the settings of all recipes, with the sizes of the small pipeline."""
    everything = [*recipes.read().values()][-1].settings
    small = SMALL | {"pad.maxlen": "30", "word_vectors.reviews": "train", "train.batch_size": "256"}
    return {name: str(value) for name, value in everything.items()} | small


def main() -> None:
    """Print the digest of the results for each instruction set; exit with 1 if they differ."""
    digests = set()
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, limits) in enumerate([*LIMITS.items(), ("one core", {})]):
            clone = new_clone(Path(folder, str(number)), recipe_settings())
            start = time.monotonic()
            command = (*(ONE_CORE if name == "one core" else ()), "dvc", "repro")
            result = run(*command, cwd=clone, warm=False, **limits)
            if result.returncode:
                sys.exit(result.stderr)
            digest = hashlib.sha256(repr(results(clone)).encode()).hexdigest()[:12]
            digests.add(digest)
            print(f"{name:30}  {digest}  {time.monotonic() - start:.0f} s", flush=True)
    sys.exit(len(digests) > 1)


if __name__ == "__main__":
    main()
