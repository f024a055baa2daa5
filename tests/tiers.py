"""Test tiers: `make test` adds tests to `make test-fast`, and `make test-all` adds the rest."""

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(values: Iterable[Any], *sample: Any) -> list[Any]:
    """Return test parameters, which may be tuples; `make test` runs only the sample."""
    all_values = list(values)
    assert all(value in all_values for value in sample)
    left = [value for value in all_values if value not in sample]
    rest = (value if isinstance(value, tuple) else (value,) for value in left)
    return [*sample, *(pytest.param(*value, marks=pytest.mark.exhaustive) for value in rest)]
