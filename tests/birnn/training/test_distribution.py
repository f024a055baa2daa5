"""Test of training on several devices, which share every batch."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from birnn.core.settings import Train
from birnn.networks.config import NetworkConfig
from birnn.training import fit
from tests.birnn.training import test_fit
from tests.birnn.training.test_fit import IMPROVED, NETWORK, paths, settings, train

# Devices draw different dropout masks.
NO_DROPOUT = {"kernel": "keras", "dropout": 0, "embedding_dropout": 0, "word_dropout": 0}


TRAININGS: list[tuple[NetworkConfig, dict[str, Any]]] = [
    (NETWORK, {"optimizer": "adam"}),
    (IMPROVED, {"optimizer": "sgd", "learning_rate": 2, "clipnorm": 0.1}),
]


def arguments(number: int) -> tuple[NetworkConfig, Train]:
    network, changes = TRAININGS[number]
    return network.model_copy(update=NO_DROPOUT), settings(epochs=3, **changes)


def train_on_two_devices(number: str, padded: str) -> None:
    """Train on two logical CPUs, with an interruption after the second epoch."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with pytest.MonkeyPatch.context() as context:
        context.setattr(fit, "choose_strategy", lambda: strategy)  # it chooses only GPUs
        test_fit.train_until("epoch 2/3", *arguments(int(number)), paths(Path(padded)))
        train(*arguments(int(number)), paths(Path(padded)))


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", range(len(TRAININGS)))
def test_two_devices_train_and_resume_like_one(padded: Path, tmp_path: Path, number: int) -> None:
    # An odd number of reviews gives the devices shares of different sizes.
    for file in (padded / "validation").iterdir():
        np.save(file, np.load(file)[:99])
    train(*arguments(number), paths(padded, "one device"))
    script = f"import sys, {__name__} as test; test.train_on_two_devices(*sys.argv[1:])"
    command = [sys.executable, "-c", script, str(number), str(padded)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert "  resumes after epoch 2" in output
    histories = (test_fit.read_history(tmp_path / folder) for folder in ("model", "one device"))
    for epoch, expected in zip(*histories, strict=True):
        for name, value in expected.items():
            assert float(epoch[name]) == pytest.approx(float(value), abs=1e-5)
