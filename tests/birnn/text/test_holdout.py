"""Tests of the hold-out: whole films, close to the fraction, determined by the seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn.core.errors import InputError
from birnn.text.holdout import hold_out

FILMS = np.arange(2000, dtype=np.int32) % 97
LABELS = (np.arange(2000) // 97 % 2).astype(np.uint8)


@given(st.floats(0.05, 0.95), st.integers(0, 2**32 - 1))
def test_films_are_whole_and_fraction_is_close(fraction: float, seed: int) -> None:
    held_out = hold_out(FILMS, LABELS, fraction, seed)
    assert not set(FILMS[held_out]) & set(FILMS[~held_out])
    largest_film = 21
    assert fraction * 2000 - largest_film <= held_out.sum() <= fraction * 2000


def test_fraction_is_exact_if_films_add_up() -> None:
    films = np.arange(100, dtype=np.int32) % 10
    assert hold_out(films, LABELS[np.arange(100) * 20], 0.25, 0).sum() == 20
    assert hold_out(films, LABELS[np.arange(100) * 20], 0.5, 0).sum() == 50


def test_seed_determines_the_films() -> None:
    assert (hold_out(FILMS, LABELS, 0.1, 1) == hold_out(FILMS, LABELS, 0.1, 1)).all()
    assert (hold_out(FILMS, LABELS, 0.1, 1) != hold_out(FILMS, LABELS, 0.1, 2)).any()


def test_hold_out_without_a_class_is_refused() -> None:
    with pytest.raises(InputError, match=r"pad\.validation is 0\.001"):
        hold_out(FILMS, LABELS, 0.001, 0)
