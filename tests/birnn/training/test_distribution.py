"""Test of training on several devices, which share every batch."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from birnn.networks.config import NetworkConfig
from birnn.training import fit
from tests.birnn.training import test_fit
from tests.birnn.training.test_fit import IMPROVED, NETWORK, paths, settings, train

# Devices draw different dropout masks.
NO_DROPOUT = {"kernel": "keras", "dropout": 0, "embedding_dropout": 0, "word_dropout": 0}


def train_on_two_devices(network: str, changes: str, padded: str) -> None:
    """Train on two logical CPUs, with an interruption after the second epoch."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    arguments = (
        NetworkConfig.model_validate_json(network),
        settings(**json.loads(changes)),
        paths(Path(padded)),
    )
    with pytest.MonkeyPatch.context() as context:
        context.setattr(fit, "choose_strategy", lambda: strategy)  # it chooses only GPUs
        test_fit.train_until("epoch 2/3", *arguments)
        train(*arguments)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("network", "changes"),
    [
        (NETWORK, {"optimizer": "adam"}),
        (IMPROVED, {"optimizer": "sgd", "learning_rate": 2, "clipnorm": 0.1}),
        (IMPROVED, {"optimizer": "sgd", "learning_rate": 2, "adversarial_norm": 0.3}),
    ],
)
def test_two_devices_train_and_resume_like_one(
    padded: Path, tmp_path: Path, network: NetworkConfig, changes: dict[str, Any]
) -> None:
    network = network.model_copy(update=NO_DROPOUT)
    changes = changes | {"epochs": 3}
    # An odd number of reviews gives the devices shares of different sizes.
    for file in (padded / "validation").iterdir():
        np.save(file, np.load(file)[:99])
    train(network, settings(**changes), paths(padded, "one device"))
    script = f"import sys, {__name__} as test; test.train_on_two_devices(*sys.argv[1:])"
    arguments = [network.model_dump_json(), json.dumps(changes), str(padded)]
    command = [sys.executable, "-c", script, *arguments]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert f"{network.name}  resumes after epoch 2" in output
    histories = (test_fit.read_history(tmp_path / folder) for folder in ("model", "one device"))
    for epoch, expected in zip(*histories, strict=True):
        for name, value in expected.items():
            assert float(epoch[name]) == pytest.approx(float(value), abs=1e-5)
