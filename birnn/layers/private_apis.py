"""The private interfaces of Keras and Numba that have no public equivalent.

A test checks that they still exist. Those of DVC are in `birnn.experiments.private_apis`, so that a
change of DVC does not train the networks again.
"""

from typing import Any

from numba.core import cgutils

__all__ = ["apply_gradients_as_they_are", "cgutils", "skip_symbolic_build"]


def apply_gradients_as_they_are(optimizer: Any) -> None:
    """Let a Keras optimizer not sum gradients over devices, because its caller has done so."""
    _replace(optimizer, "_all_reduce_sum_gradients", lambda pairs: pairs)


def skip_symbolic_build(model: Any) -> None:
    """Let Keras not build a model and its metrics from the mean of the devices' first batches."""
    _replace(model, "_maybe_symbolic_build", lambda **_: None)


def _replace(owner: Any, name: str, function: Any) -> None:
    """Replace a method.

    Raises:
        AttributeError: the owner lacks the method, so Keras would ignore the new one.
    """
    getattr(owner, name)
    setattr(owner, name, function)
