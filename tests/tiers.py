"""Which tests run when: `make test-fast`, `make test` and `make test-all` each add to the last."""

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(values: Iterable[Any], *sample: Any) -> list[Any]:
    """Return parameters of which `make test` runs those of the sample alone.

    Tuples are the values of several parameters.
    """
    every = list(values)
    assert all(one in every for one in sample)
    rest = [
        value if isinstance(value, tuple) else (value,) for value in every if value not in sample
    ]
    return [*sample, *(pytest.param(*one, marks=pytest.mark.exhaustive) for one in rest)]
