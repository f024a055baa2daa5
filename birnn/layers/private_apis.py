"""The private interfaces of Keras and Numba that have no public equivalent.

Tests check that they still exist. DVC's private interfaces are in
`birnn.experiments.private_apis`, so that an edit there does not retrain the networks.
"""

from typing import Any

from numba.core import cgutils

__all__ = ["apply_gradients_as_they_are", "cgutils", "skip_symbolic_build"]


def apply_gradients_as_they_are(optimizer: Any) -> None:
    """Stop a Keras optimizer from summing gradients over devices: its caller has done so."""
    _replace(optimizer, "_all_reduce_sum_gradients", lambda pairs: pairs)


def skip_symbolic_build(model: Any) -> None:
    """Stop Keras from building a model and its metrics from the mean of the first batches."""
    _replace(model, "_maybe_symbolic_build", lambda **_: None)


def _replace(owner: Any, name: str, function: Any) -> None:
    """Replace a method.

    Raises:
        AttributeError: the owner lacks the method, so Keras would ignore the new one.
    """
    getattr(owner, name)
    setattr(owner, name, function)
