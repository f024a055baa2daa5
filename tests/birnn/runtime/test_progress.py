"""The progress of a training: a bar in a terminal, and a line per epoch."""

import io
import sys

import pytest

from birnn.runtime.progress import EpochProgress


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_each_epoch_has_a_bar_only_in_a_terminal(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    progress = EpochProgress("one", epochs=3)
    progress.set_params({"steps": 4})
    progress.on_epoch_begin(1)
    for batch in range(4):
        progress.on_train_batch_end(batch, logs={})
    progress.on_epoch_end(1, {"accuracy": 0.75, "loss": 0.5})
    progress.close()
    assert capsys.readouterr().out == "one  epoch 2/3  0 s  accuracy 0.7500  loss 0.5000\n"
    shown = stream.getvalue()
    assert ("one  epoch 2/3:   0%" in shown and "0/4" in shown) == stream.isatty()
    assert bool(shown) == stream.isatty()
