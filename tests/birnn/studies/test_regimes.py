"""Comparisons of two networks in training regimes."""

from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from birnn.core.errors import InputError
from birnn.evaluation.model_names import NETWORKS
from birnn.studies import differences, regimes, store
from birnn.studies.regimes import Runs
from tests.birnn.studies.test_store import REVIEWS, log_odds, make_study

FIRST, SECOND = list(NETWORKS)[:2]
SHORT, LONG = Runs("lengths", 2, {"pad.maxlen": 50}), Runs("others", 2, {"pad.maxlen": 100})


def test_runs_of_two_networks_are_paired_by_seed(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    tables = log_odds(study)
    store.write(study, tables)
    # The same runs in another order.
    other = replace(make_study(tmp_path / "others"), runs=study.runs[::-1])
    store.write(other, tables)
    pairs = {
        "lengths": {FIRST: SHORT, SECOND: LONG},
        "later": {FIRST: SHORT, SECOND: Runs("none", 2)},
    }
    (regime,) = regimes.compare([study, other], pairs)
    first, second = (
        np.array([tables[f"{length}-{seed}"][network] for seed in (0, 1)], np.float16)
        for length, network in ((50, FIRST), (100, SECOND))
    )
    expected = differences.compute_differences(
        first.astype(np.float32),
        second.astype(np.float32),
        REVIEWS["label"].to_numpy(),
        REVIEWS["group"].to_numpy(),
        regimes.COMPARISONS,
    )
    # As tuples, which are equal if both have the same NaN.
    assert astuple(regime.difference) == astuple(expected["accuracy"])
    assert [list(each) for each in regime.accuracies.values()] == [[0.5, 0.75], [0.75, 1]]
    # Other seeds, or an unfinished study.
    for runs in (Runs("others", 2), replace(LONG, seeds=3)):
        with pytest.raises(InputError, match="few: each network needs runs with the same 2 seeds"):
            regimes.compare([study, other], {"few": {FIRST: SHORT, SECOND: runs}})


def test_luck_is_the_mean_distance_of_two_seeds(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    store.write(study, log_odds(study))
    study.runs["train.seed"] = range(4)
    (regime,) = regimes.compare([study], {"": dict.fromkeys((FIRST, SECOND), Runs("lengths", 4))})
    # Of the six pairs of 0.5, 0.75, 0.75 and 1, four differ by 0.25, one by 0.5, and one by 0.
    assert regime.luck == pytest.approx((4 * 0.25 + 0.5) / 6)
