"""A script a stage of the pipeline, named after it; `python -m stages.pad` runs one."""

import os

from birnn.core import signals

if stage := os.environ.get("DVC_STAGE"):
    # Before the imports of a stage, which take seconds. A DVC that is killed leaves it running.
    signals.end_with_parent()
    signals.exit_on_signals(f"{stage} was interrupted: go on with dvc repro")
