"""The start of training and the seconds that it took, which `birnn.runtime.times` recorded."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from birnn.core import paths
from birnn.evaluation.model_names import ALL_MODELS, ALL_NETWORKS, BASELINE, NETWORKS, TITLES
from birnn_lab.experiments import Run

WORD_VECTORS, SELF_LABELLED, NGRAMS = (
    path.as_posix() for path in (paths.WORD_VECTORS, paths.SELF_LABELLED, paths.NGRAMS)
)
MODEL_FOLDERS = {model: (paths.MODELS / model).as_posix() for model in TITLES}
TIMED = (WORD_VECTORS, SELF_LABELLED, NGRAMS, *MODEL_FOLDERS.values())


def measure(run: Run) -> dict[str, Any]:
    """Return the seconds of training of all models (`bigru.seconds`), the `machine` and the start.

    The seconds include the stages before training, and are NaN if they are unknown. `started` is
    when the first network started to train, in UTC, or empty.
    """
    times = _read()
    timed = {path: times[md5] for path in TIMED if (md5 := run.hashes.get(path)) in times}
    seconds = {path: timed[path][0] if path in timed else math.nan for path in TIMED}
    before = seconds[WORD_VECTORS] + seconds[SELF_LABELLED] + seconds[NGRAMS]
    own = {model: seconds[folder] for model, folder in MODEL_FOLDERS.items()}
    combined = before + sum(own[network] for network in NETWORKS)
    # The networks that label reviews need the word vectors; the baseline alone does not.
    labels = seconds[WORD_VECTORS] + seconds[SELF_LABELLED] if seconds[SELF_LABELLED] else 0
    totals = {
        **{network: before + own[network] for network in NETWORKS},
        BASELINE: labels + own[BASELINE],
        ALL_NETWORKS: combined,
        ALL_MODELS: combined + own[BASELINE],
    }
    machine = " and ".join(dict.fromkeys(machine for _, machine, _ in timed.values()))
    networks = (MODEL_FOLDERS[network] for network in NETWORKS)
    started = min((timed[path][2] for path in networks if path in timed), default="")
    origin = {"machine": machine, "started": started}
    return {f"{model}.seconds": value for model, value in totals.items()} | origin


def _read() -> dict[str, tuple[float, str, str]]:
    """Return the newest seconds, machine and start of each output with recorded times, by md5.

    Lines that cannot be read are skipped: a killed process may leave half a line.
    """
    file, newest = paths.times_file(), {}
    for line in file.read_bytes().splitlines() if file.exists() else ():
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            seconds = sum(entry["seconds"])
            start = datetime.fromisoformat(entry["date"]) - timedelta(seconds=seconds)
            started = f"{start:%Y-%m-%dT%H:%M:%SZ}"
            newest[entry["md5"]] = seconds, _format(entry["machine"]), started
    return newest


def _format(machine: Mapping[str, Any]) -> str:
    """Format a description of a machine as one phrase."""
    accelerators = ", ".join(machine["accelerators"]) or "no GPU"
    return (
        f"{machine['processor']} ({machine['cores']} cores, {accelerators}, {machine['system']}, "
        f"Python {machine['python']})"
    )
