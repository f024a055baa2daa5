"""Names of the models in files, and their titles in reports."""

from collections.abc import Container, Iterable, Mapping
from itertools import combinations
from typing import Any

from birnn.architectures import registry
from birnn.networks.definition import MINUS

NETWORKS = registry.NETWORKS
PAIRS = tuple(combinations(NETWORKS, 2))
BASELINE = "baseline"
DISAGREEMENT = "disagreement"
INFLUENCE_PARTS = {"first": [1], "middle": [10, 11], "last": [20]}  # twentieths, see `influence`
TITLES = {network.name: network.title for network in NETWORKS.values()}
TITLES |= {BASELINE: "Baseline"}

COMBINED = "combined"  # the mean of several models, in exported models

# Ensembles of several models.
ALL_NETWORKS, ALL_MODELS = "networks", "all"

CHOICES = (*TITLES, ALL_NETWORKS)  # models that predict new texts
ALL_TITLES = TITLES | {ALL_NETWORKS: "All networks", ALL_MODELS: "All models"}


def pair_name(first: str, second: str) -> str:
    """Return the name of a difference between two networks, in files."""
    return f"{first}{MINUS}{second}"


def pair_title(first: str, second: str) -> str:
    """Return the title of a difference between two networks."""
    return f"{TITLES[first]} minus {TITLES[second]}"


def comparisons(metrics: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the comparisons of networks in `evaluation.json`; none if they are not trained."""
    return {pair: metrics["pairs"][pair_name(*pair)] for pair in PAIRS if metrics["pairs"]}


def titles(trained: Container[Any], names: Iterable[str] = TITLES) -> dict[str, str]:
    """Return the titles of those models that are `trained`: keys of metrics, or columns."""
    return {name: ALL_TITLES[name] for name in names if name in trained}
