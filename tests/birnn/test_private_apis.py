"""The private interfaces of other libraries still exist."""

from collections.abc import Callable

import keras
import pytest

from birnn.experiments import private_apis as experiments_apis
from birnn.layers import private_apis as layers_apis
from tests.projects import PROJECT


def use_keras() -> None:
    layers_apis.apply_gradients_as_they_are(keras.optimizers.Adam())
    layers_apis.skip_symbolic_build(keras.Sequential())
    # An assignment alone would have no effect.
    with pytest.raises(AttributeError, match="_maybe_symbolic_build"):
        layers_apis.skip_symbolic_build(object())


def use_numba() -> None:
    for name in ("alloca_once_value", "for_range", "unpack_tuple"):
        getattr(layers_apis.cgutils, name)
    assert experiments_apis.cache_locator().get_suitable_cache_subpath("module.py")


def use_dvc() -> None:
    assert len(experiments_apis.hash_dependency("pad", "code/pad.txt")) == 32
    assert isinstance(experiments_apis.stale_stages(), list)
    experiments_apis.list_experiments()
    config = experiments_apis.dvc_config()
    assert config.load_file(config.files["repo"])["core"]
    assert config["remote"] is not None
    assert config.edit  # used by `birnn.experiments.worker`
    assert len(experiments_apis.reading_errors()) == 3


# DVC raises this.
@pytest.mark.filterwarnings("ignore:_NoneStep.value will soon:DeprecationWarning")
@pytest.mark.parametrize("use", [use_keras, use_numba, use_dvc])
def test_private_interfaces_exist(use: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    # If this fails, fix the modules `private_apis`.
    monkeypatch.chdir(PROJECT)
    use()
