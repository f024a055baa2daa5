"""The bidirectional GRU."""

from typing import Any

from birnn.networks.definition import Network, Units


def build(settings: Units) -> Any:
    """Return the Keras layer of one direction."""
    import keras  # noqa: PLC0415  # takes seconds, and only some commands need it

    return keras.layers.GRU(settings.units)


NETWORK = Network("bigru", title="BiGRU", color="vermilion", build=build, settings=Units)
