"""The stages of the pipeline, one script each: `python -m stages.pad` runs one."""

import sys

from birnn.core import libraries
from birnn.runtime import signals

libraries.configure()
# Python has this argument while it looks for the script of `python -m`. It is before the slow
# imports of the stage, and not if another program imports a stage.
if sys.argv[0] == "-m":
    signals.end_early()
