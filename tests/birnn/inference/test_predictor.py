"""Loading models; tests/birnn/cli/test_commands.py checks what they predict."""

from pathlib import Path

import pytest

from birnn.core.errors import InputError
from birnn.core.paths import METRICS, MODELS, VOCABULARY
from birnn.inference import predictor
from birnn.networks.registry import NETWORKS
from tests.birnn.predictors import small_predictor, write_project


def test_changed_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, small_predictor())
    monkeypatch.chdir(tmp_path)
    first, *_, last = NETWORKS
    (MODELS / last / "network.json").unlink()
    assert predictor.load_verified(first).models.keys() == {first}
    with pytest.raises(InputError, match=f"{last} differs"):
        predictor.load_verified(last)
    with VOCABULARY.open("a") as file:
        file.write("more\n")
    with pytest.raises(InputError, match=r"vocabulary\.txt differs"):
        predictor.load_verified(first)
    METRICS.unlink()  # without it, another model would predict
    with pytest.raises(InputError, match=r"metrics\.json is missing"):
        predictor.load_verified(first)
