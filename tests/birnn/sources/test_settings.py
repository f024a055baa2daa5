"""Tests of the names of the classes."""

from typing import Any

import pytest

from birnn.reviews.corpus import CLASSES
from birnn.sources.settings import Csv


@pytest.mark.parametrize("negative", ["ham", ["ham"], "0", 1, False, "TRUE", "a|b"])
def test_only_single_text_labels_name_the_classes(negative: Any) -> None:
    csv = Csv.model_construct(negative=negative, positive="Spam ")
    assert csv.classes == (("ham", "Spam") if negative == "ham" else CLASSES)


@pytest.mark.parametrize("positive", ["acq", ["acq", "earn"], 4, ">3", True])
def test_other_labels_are_not_the_positive_one(positive: Any) -> None:
    csv = Csv.model_construct(negative=None, positive=positive)
    assert csv.classes == (("not acq", "acq") if positive == "acq" else CLASSES)
