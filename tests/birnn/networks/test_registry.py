"""Tests of the registry: valid names, and no two networks that look the same."""

import pytest

from birnn.networks.definition import Network
from birnn.networks.registry import NETWORKS


def test_networks_differ() -> None:
    modules = {network.build.__module__ for network in NETWORKS.values()}
    assert modules == {f"birnn.networks.{name}" for name in NETWORKS}
    assert len({network.title for network in NETWORKS.values()}) == len(NETWORKS)
    assert len({network.color for network in NETWORKS.values()}) == len(NETWORKS)


@pytest.mark.parametrize("name", ["", "BiRNN", "a-b", "2layers", "baseline", "a_minus_b", "train"])
def test_names_with_another_meaning_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a network"):
        Network(name, title="x", color="gray", build=lambda _settings: None)
