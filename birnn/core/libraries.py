"""The configuration of NumPy, OpenBLAS and TensorFlow with which every CPU computes the same bytes.

It applies to the whole process, so programs call it, and importing a module never does.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from birnn.core import machine


def configure() -> None:
    """Set the environment variables of the libraries, before NumPy is imported.

    Otherwise NumPy and OpenBLAS would choose other implementations on a CPU with AVX-512, and with
    more cores OpenBLAS would add in another order. So the user's own values are replaced.
    """
    # A keras.json in the home folder must not choose another backend, and TensorFlow's log messages
    # must not bury the output of a stage.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if machine.has_x86_64_v3():
        os.environ.pop("NPY_DISABLE_CPU_FEATURES", None)  # NumPy rejects both variables together
        os.environ["NPY_ENABLE_CPU_FEATURES"] = "X86_V3"
        os.environ["OPENBLAS_CORETYPE"] = "Haswell"
        os.environ["OPENBLAS_NUM_THREADS"] = "1"


@contextmanager
def tensorflow_imports() -> Iterator[None]:
    """Import and configure TensorFlow, and hide start-up messages while the block imports others.

    No setting hides the messages, so standard error is discarded. Exceptions still propagate.
    """
    sys.stderr.flush()
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        import tensorflow as tf  # noqa: PLC0415  # takes seconds, and only some programs need it

        # It would replace x / sqrt(y), as in RMSprop, by a multiplication with an approximation of
        # 1 / sqrt(y), which differs between CPUs.
        tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
        # Prediction is traced twice per network, for full batches and for the last one. With
        # several networks, TensorFlow would warn about it.
        tf.get_logger().addFilter(lambda record: "tf.function retracing" not in record.getMessage())
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)
