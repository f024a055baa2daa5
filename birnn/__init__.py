"""What the stages call: one module a subject, none of which knows of DVC."""

import os

# Before TensorFlow is first imported: a keras.json in the home folder must not choose another
# backend, and TensorFlow's notices about the machine would bury a stage's own lines.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
