"""Test statistics over seeds: worked examples and coverage."""

import math

import numpy as np
import pytest

from birnn.reporting import statistics


def test_worked_example() -> None:
    spread = statistics.spread([0.81, 0.82, 0.84])
    assert spread.mean == pytest.approx(0.8233333)
    assert spread.deviation == pytest.approx(0.0152753, abs=1e-7)
    # 4.302653 is Student's t for 95% and two degrees of freedom.
    margin = 4.302653 * 0.0152753 / math.sqrt(3)
    assert spread.interval == pytest.approx((0.8233333 - margin, 0.8233333 + margin), abs=1e-6)


def test_single_seed_has_no_spread() -> None:
    spread = statistics.spread([0.8])
    assert (spread.seeds, spread.mean, spread.deviation, spread.interval) == (1, 0.8, None, None)


def test_equal_values_have_no_spread() -> None:
    assert statistics.spread([0.5, 0.5]).interval == (0.5, 0.5)


def test_interval_coverage() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for values in rng.normal(0.82, 0.003, (1_000, 10)):
        low, high = statistics.spread(values).interval or (1, 0)
        covered += low <= 0.82 <= high
    assert 930 <= covered <= 970
