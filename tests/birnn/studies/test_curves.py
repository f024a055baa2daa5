"""Curves of studies."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from birnn.evaluation.model_names import NETWORKS
from birnn.studies import curves
from tests.birnn.studies.small_study import make_study


def test_best_of_trials_is_the_mean_over_all_draws() -> None:
    accuracies = [0.8, 0.5, 0.9, 0.8]
    numbers, means, lows, highs = curves.best_of_trials(accuracies)
    assert list(numbers) == [1, 2, 3, 4]
    for number, mean, low, high in zip(numbers, means, lows, highs, strict=True):
        best = [max(draw) for draw in product(accuracies, repeat=int(number))]
        assert mean == pytest.approx(np.mean(best))
        assert [mean - low, high - mean] == pytest.approx([np.std(best)] * 2)


def test_accuracy_over_time_has_a_point_per_number_of_epochs() -> None:
    study = make_study(Path("study/epochs"), varied=["train.epochs"])
    assert curves.draw(make_study(Path("study/lengths"))) is None
    study.runs["train.epochs"] = study.runs["pad.maxlen"]
    for name in NETWORKS:
        study.runs[f"{name}.seconds"] = [1, 2, 8, 10]
    seconds, means, *_ = curves.over_time(study, next(iter(NETWORKS)))
    assert (list(seconds), list(means)) == ([1.5, 9], [0.625, 0.875])
    drawn = curves.draw(study)
    assert drawn is not None
    assert len(drawn.axes[0].lines) == len(NETWORKS)
