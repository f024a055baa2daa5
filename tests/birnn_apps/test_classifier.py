"""Loading the models that classify."""

import shutil
from pathlib import Path

import pytest

from birnn.architectures.registry import NETWORKS
from birnn.core.paths import EVALUATION, MODELS, PADDED
from birnn.runtime.errors import InputError
from birnn_apps.classifier import load_chosen
from tests.birnn.predictors import small_predictor, write_project


def test_missing_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, small_predictor())
    monkeypatch.chdir(tmp_path)
    first, *_, last = NETWORKS
    shutil.rmtree(MODELS / last)
    assert load_chosen(first).models.keys() == {first}
    with pytest.raises(InputError, match=rf"models/{last} is missing or damaged .*: run dvc repro"):
        load_chosen(last)
    (PADDED / "encoding.json").write_text("{")
    with pytest.raises(InputError, match=r"one of data/padded, .* is missing or damaged"):
        load_chosen(first)
    EVALUATION.unlink()  # without it, another model would predict
    with pytest.raises(InputError, match=r"evaluation\.json is missing"):
        load_chosen(first)
