"""The configuration of the numerical libraries, which only programs may change."""

import json
import os
import subprocess
import sys

import pytest

from birnn.core import machine
from tests.projects import PROJECT

USERS = {"OPENBLAS_NUM_THREADS": "7", "OPENBLAS_CORETYPE": "SkylakeX", "KERAS_BACKEND": "jax"}
CONFIGURED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OPENBLAS_CORETYPE": "Haswell",
    "KERAS_BACKEND": "tensorflow",
}
SCRIPT = "{}\nimport json, os\nprint(json.dumps(dict(os.environ)))"
COMMAND = """
import contextlib, sys
from birnn.__main__ import run
sys.argv = ["birnn", "--help"]
with contextlib.suppress(SystemExit):
    run()
"""


def variables_after(code: str) -> dict[str, str]:
    """Return the environment variables of a process of a user after it has run `code`."""
    own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | USERS
    command = [sys.executable, "-c", SCRIPT.format(code)]
    result = subprocess.run(command, cwd=PROJECT, env=own, check=True, capture_output=True)
    variables: dict[str, str] = json.loads(result.stdout.splitlines()[-1])
    return variables


@pytest.mark.parametrize("module", ["birnn", "birnn.text.tokenizer", "birnn.__main__"])
def test_import_leaves_the_users_variables_unchanged(module: str) -> None:
    assert variables_after(f"import {module}") == variables_after("pass")


@pytest.mark.skipif(not machine.has_x86_64_v3(), reason="only x86-64-v3 CPUs have the same bytes")
@pytest.mark.parametrize("code", ["import stages.pad", "import benchmarks", COMMAND])
def test_programs_configure_the_libraries(code: str) -> None:
    variables = variables_after(code)
    assert {name: variables[name] for name in CONFIGURED} == CONFIGURED


TENSORFLOW = """
import tensorflow as tf
before = tf.config.optimizer.get_experimental_options()
import birnn.networks.network
assert tf.config.optimizer.get_experimental_options() == before
from birnn.core.libraries import tensorflow_imports
with tensorflow_imports():
    import birnn.inference.predictor
assert tf.config.optimizer.get_experimental_options()["arithmetic_optimization"] is False
"""


@pytest.mark.slow
def test_only_programs_change_the_options_of_tensorflow() -> None:
    environment = os.environ | {"KERAS_BACKEND": "tensorflow"}
    subprocess.run([sys.executable, "-c", TENSORFLOW], cwd=PROJECT, env=environment, check=True)
