"""Which tests run when: `make test-fast`, `make test` and `make test-all` each add to the last."""

from collections.abc import Iterable
from typing import Any

import pytest

slow = pytest.mark.slow
exhaustive = pytest.mark.exhaustive


def sampled(values: Iterable[Any], *sample: Any) -> list[Any]:
    """Return parameters of which `make test` runs those of the sample alone."""
    rest = [value for value in values if value not in sample]
    as_tuples = (value if isinstance(value, tuple) else (value,) for value in rest)
    return [*sample, *(pytest.param(*one, marks=exhaustive) for one in as_tuples)]
