"""The private interfaces of other libraries still exist."""

from pathlib import Path

import keras
import pytest

from birnn.experiments import private_apis as experiments_apis
from birnn.layers import private_apis as layers_apis
from tests.projects import check_output


# If one of these tests fails, fix the modules `private_apis`.
def test_interfaces_for_several_devices_exist() -> None:
    layers_apis.apply_gradients_as_they_are(keras.optimizers.Adam())
    layers_apis.skip_symbolic_build(keras.Sequential())
    # An assignment alone would have no effect.
    with pytest.raises(AttributeError, match="_maybe_symbolic_build"):
        layers_apis.skip_symbolic_build(object())


# DVC raises this.
@pytest.mark.filterwarnings("ignore:_NoneStep.value will soon:DeprecationWarning")
def test_interfaces_for_stale_stages_and_missing_files_exist(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (reason,) = experiments_apis.stale_stages()
    assert reason.startswith("cannot be checked: you are not inside of a DVC repo")
    check_output(tmp_path, "dvc", "init", "--no-scm")
    Path("dvc.yaml").write_text("stages: {some: {cmd: 'true'}}", encoding="utf-8")
    assert experiments_apis.stale_stages() == ["some"]
    assert len(experiments_apis.reading_errors()) == 6
