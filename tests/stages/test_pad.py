"""Tests of the hold-out: whole films, close to the fraction, determined by the seed."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.runtime.errors import InputError
from stages.pad import choose_held_out

choose = partial(choose_held_out, stratified=False)

FILMS = np.arange(2000, dtype=np.int32) % 97
LABELS = ((np.arange(2000) // 97) % 2).astype(np.uint8)


@given(st.floats(0.05, 0.95), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_films_are_whole_and_fraction_is_close(fraction: float, seed: int) -> None:
    held_out = choose(FILMS, LABELS, fraction, seed)
    assert not set(FILMS[held_out]) & set(FILMS[~held_out])
    largest_film = 21
    assert fraction * 2000 - largest_film <= held_out.sum() <= fraction * 2000
    assert (choose(FILMS, LABELS, fraction, seed) == held_out).all()
    assert (choose(FILMS, LABELS, fraction, seed + 1) != held_out).any()


@pytest.mark.parametrize(("fraction", "size"), [(0.25, 20), (0.5, 50)])
def test_fraction_is_exact_if_films_add_up(fraction: float, size: int) -> None:
    films = np.arange(100, dtype=np.int32) % 10
    assert choose(films, (np.arange(100, dtype=np.uint8) // 10) % 2, fraction, 0).sum() == size


@pytest.mark.parametrize(("fraction", "size"), [(0.1, 1), (0.9, 9)])
def test_parts_without_a_class_are_refused(fraction: float, size: int) -> None:
    films = np.arange(10, dtype=np.int32)
    with pytest.raises(InputError, match=rf"pad\.validation is {fraction}: with {size} of the 10 "):
        choose(films, (films % 2).astype(np.uint8), fraction, 0)


def test_hold_out_of_own_texts_has_the_same_shares() -> None:
    labels = (np.arange(200) % 20 == 0).astype(np.uint8)
    for seed in range(5):
        held_out = choose(np.arange(200, dtype=np.int32), labels, 0.2, seed, stratified=True)
        assert (held_out.sum(), labels[held_out].sum()) == (40, 2)
