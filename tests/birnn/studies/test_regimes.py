"""Comparisons of two networks in training regimes."""

from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from birnn.core.errors import InputError
from birnn.core.yaml_files import write_yaml
from birnn.evaluation.model_names import NETWORKS
from birnn.studies import differences, regimes, store
from tests.birnn.studies.test_store import REVIEWS, log_odds, make_study

FIRST, SECOND = list(NETWORKS)[:2]
TITLE = "short against long"


def entry(**second: Any) -> dict[str, Any]:
    short = {"study": "lengths", "settings": {"pad.maxlen": 50}}
    return {"title": TITLE, "networks": {FIRST: short, SECOND: second}}


@pytest.fixture
def lengths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> store.Study:
    monkeypatch.chdir(tmp_path)
    study = make_study(Path("study/lengths"))
    store.write(study, log_odds(study))
    return study


def test_runs_of_two_networks_are_paired_by_seed(lengths: store.Study) -> None:
    # Runs in another order, of another study.
    other = make_study(Path("study/others"))
    other.runs[:] = other.runs.iloc[::-1].to_numpy()
    store.write(other, log_odds(lengths))
    long = entry(study="others", settings={"pad.maxlen": 100})
    write_yaml(regimes.FILE, [long, entry(study="lengths")])
    with pytest.raises(InputError, match=f"{TITLE}: give runs with the same seeds"):
        regimes.read(store.read_all())
    write_yaml(regimes.FILE, [long, entry(study="unfinished")])
    (regime,) = regimes.read(store.read_all())
    tables = log_odds(lengths)
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
    assert regime.luck == pytest.approx(0.25)


def test_luck_is_the_mean_distance_of_two_seeds(lengths: store.Study) -> None:
    lengths.runs["pad.maxlen"] = 50
    lengths.runs["train.seed"] = range(4)
    store.write(lengths, log_odds(lengths))
    write_yaml(regimes.FILE, [entry(study="lengths")])
    (regime,) = regimes.read(store.read_all())
    # Of the six pairs of 0.5, 0.75, 0.75 and 1, four differ by 0.25, one by 0.5, and one by 0.
    assert regime.luck == pytest.approx((4 * 0.25 + 0.5) / 6)
    assert regime.difference.seeds == 4
