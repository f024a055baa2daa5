"""Classifiers with small models."""

from typing import Any

from birnn_apps.classifier import Classifier
from tests.birnn.predictors import small_baseline, small_predictor


def network_classifier(*arguments: Any, **options: Any) -> Classifier:
    return Classifier(**vars(small_predictor(*arguments, **options)))


def baseline_classifier(*arguments: Any, **options: Any) -> Classifier:
    return Classifier(**vars(small_baseline(*arguments, **options)))
