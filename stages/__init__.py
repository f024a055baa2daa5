"""The stages of the pipeline, one script each: `python -m stages.pad` runs one."""

import os

from birnn.core import signals

if stage := os.environ.get("DVC_STAGE"):
    # Before a stage's imports, which take seconds: if DVC is killed, its stage keeps running.
    signals.end_with_parent()
    signals.exit_on_signals(signals.interrupted(stage))
