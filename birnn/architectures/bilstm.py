"""The bidirectional LSTM."""

from typing import Any

from birnn.networks.definition import Network, Units


def build(settings: Units) -> Any:
    """Return the Keras layer of one direction."""
    import keras  # noqa: PLC0415  # takes seconds, and only some commands need it

    return keras.layers.LSTM(settings.units)


NETWORK = Network("bilstm", title="BiLSTM", color="blue", build=build, settings=Units)
