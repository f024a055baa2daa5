"""Tests of the settings of the user's own files, and the names of the classes."""

from typing import Any

import pytest
from pydantic import ValidationError

from birnn.reviews.corpus import CLASSES
from birnn.sources.settings import Csv
from tests.projects import DEFAULTS


@pytest.mark.parametrize("name", ["delimiter", "encoding"])
def test_formats_are_named(name: str) -> None:
    with pytest.raises(ValidationError, match=r"1 validation error(.|\n)* birnn data check"):
        Csv.model_validate(DEFAULTS.csv.model_dump() | {name: "auto"})


@pytest.mark.parametrize("negative", ["ham", ["ham"], "0", 1, False, "TRUE", "a|b"])
def test_only_single_text_labels_name_the_classes(negative: Any) -> None:
    csv = Csv.model_construct(negative=negative, positive="Spam ")
    assert csv.classes == (("ham", "Spam") if negative == "ham" else CLASSES)


@pytest.mark.parametrize("positive", ["acq", ["acq", "earn"], 4, ">3", True])
def test_other_labels_are_not_the_positive_one(positive: Any) -> None:
    csv = Csv.model_construct(negative=None, positive=positive)
    assert csv.classes == (("not acq", "acq") if positive == "acq" else CLASSES)
