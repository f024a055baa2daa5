"""The configuration of the numerical libraries, which only programs may change."""

import json
import os
import subprocess
import sys

import pytest

from birnn.core import machine
from birnn.core.libraries import tensorflow_imports
from tests.projects import PROJECT

USERS = {"OPENBLAS_NUM_THREADS": "7", "OPENBLAS_CORETYPE": "SkylakeX", "KERAS_BACKEND": "jax"}
CONFIGURED = dict(zip(USERS, ["1", "Haswell", "tensorflow"], strict=True))


def changed_variables(code: str) -> dict[str, str]:
    """Return the environment variables that `code` changes in a process of a user."""
    own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | USERS
    script = f"import json, os\nold = dict(os.environ)\n{code}\n"
    script += "print(json.dumps(dict(os.environ.items() - old.items())))"
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, cwd=PROJECT, env=own, check=True, capture_output=True)
    variables: dict[str, str] = json.loads(result.stdout.splitlines()[-1])
    return variables


def test_imports_leave_the_users_variables_unchanged() -> None:
    assert changed_variables("import birnn, birnn.reviews.tokenizer, birnn_apps.__main__") == {}


@pytest.mark.skipif(not machine.has_x86_64_v3(), reason="only x86-64-v3 CPUs have the same bytes")
@pytest.mark.parametrize("code", ["import stages.pad", "import benchmarks"])
def test_programs_configure_the_libraries(code: str) -> None:
    assert changed_variables(code).items() >= CONFIGURED.items()


def test_imports_of_tensorflow_are_silent(capfd: pytest.CaptureFixture[str]) -> None:
    with tensorflow_imports():
        import tensorflow as tf  # noqa: PLC0415  # prints messages when it starts

        print("printed")
        os.write(2, b"hidden")
    os.write(2, b"shown")
    assert capfd.readouterr() == ("printed\n", "shown")
    assert tf.config.optimizer.get_experimental_options()["arithmetic_optimization"] is False
