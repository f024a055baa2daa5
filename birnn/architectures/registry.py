"""All networks of the pipeline, in the order of tables and figures."""

from typing import Any

from pydantic import create_model

from birnn.architectures import bigru, bilstm
from birnn.core.settings import SectionsType

NETWORKS = {module.NETWORK.name: module.NETWORK for module in (bilstm, bigru)}


def with_networks(kind: type[SectionsType]) -> type[SectionsType]:
    """Return settings of this kind that also have the section of each network that has one."""
    sections: dict[str, Any] = {
        name: (network.settings, ... if network.settings.model_fields else network.settings())
        for name, network in NETWORKS.items()
    }
    return create_model(kind.__name__, __base__=kind, **sections)
