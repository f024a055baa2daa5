"""Comparisons of two networks in training regimes."""

from dataclasses import astuple, replace
from pathlib import Path

import pytest

from birnn.evaluation.model_names import NETWORKS
from birnn.studies import differences, planned_comparisons, writing
from birnn.studies.planned_comparisons import Selection
from tests.birnn.studies.small_study import REVIEWS, log_odds, make_study

FIRST, SECOND = list(NETWORKS)[:2]
SHORT = Selection("lengths", range(2), {"pad.maxlen": 50})
LONG = Selection("others", range(2), {"pad.maxlen": 100})


def test_runs_of_two_networks_are_paired_by_seed(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    tables = log_odds(study)
    writing.write_files(study, tables)
    other = replace(make_study(tmp_path / "others"), runs=study.runs[::-1])
    writing.write_files(other, tables)
    planned = {"lengths": {FIRST: SHORT, SECOND: LONG}}
    (regime,) = planned_comparisons.compare([study, other], planned)
    expected = differences.compute_differences(
        study.log_odds(study.runs[:2])[FIRST],
        study.log_odds(study.runs[2:])[SECOND],
        REVIEWS["label"].to_numpy(),
        REVIEWS["group"].to_numpy(),
        planned_comparisons.COMPARISONS,
    )
    assert astuple(regime.difference) == astuple(expected["accuracy"])
    assert [list(each) for each in regime.accuracies.values()] == [[0.5, 0.75], [0.75, 1]]
    # Of the six pairs of 0.5, 0.75, 0.75 and 1, four differ by 0.25, one by 0.5, and one by 0.
    both = replace(study, runs=study.runs.assign(**{"train.seed": range(4)}))
    networks = dict.fromkeys((FIRST, SECOND), Selection("lengths", range(4)))
    (over_all,) = planned_comparisons.compare([both], {"": networks})
    assert over_all.seed_difference == pytest.approx((4 * 0.25 + 0.5) / 6)
    for unfinished in (
        Selection("none", range(2)),
        Selection("others", range(2)),  # each seed occurs twice
        replace(LONG, seeds=range(3)),
        replace(LONG, settings={"train.epochs": 3}),
    ):
        planned = {"": {FIRST: SHORT, SECOND: unfinished}}
        assert planned_comparisons.compare([study, other], planned) == []
    for changed in (replace(other, reviews=REVIEWS[::-1]), replace(other, folder=tmp_path)):
        planned = {"": {FIRST: SHORT, SECOND: replace(LONG, study=changed.name)}}
        assert planned_comparisons.compare([study, changed], planned) == []
