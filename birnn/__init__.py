"""Library of the pipeline: corpora, networks, training, evaluation, reporting and predictions."""

import os

from birnn.core import machine

# Set before TensorFlow is imported: a keras.json in the home folder must not choose another
# backend, and TensorFlow's log messages must not bury the output of a stage.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Set before NumPy is imported, even if the user has set them, so that every CPU rounds alike. On a
# CPU with AVX-512, NumPy and OpenBLAS would choose other implementations, and with more cores
# OpenBLAS adds in another order.
if machine.has_x86_64_v3():
    os.environ.pop("NPY_DISABLE_CPU_FEATURES", None)  # NumPy rejects both variables together
    os.environ["NPY_ENABLE_CPU_FEATURES"] = "X86_V3"
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
