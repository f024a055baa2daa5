"""The stages of the pipeline, one script each: `python -m stages.pad` runs one."""

import os

from birnn.core import libraries
from birnn.runtime import signals

libraries.configure()
if stage := os.environ.get("DVC_STAGE"):
    # Before the slow imports of the stage: without this, a stage outlives a killed DVC.
    signals.end_with_parent()
    signals.exit_on_signals(signals.interruption_message(stage))
