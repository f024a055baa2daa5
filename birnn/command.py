"""How a stage starts and how it fails: checked settings in, one clear line out."""

import argparse
import sys
from collections.abc import Callable

from birnn import settings
from birnn.errors import InputError
from birnn.settings import Settings


def run(main: Callable[[Settings], None]) -> None:
    """Call `main` with the checked settings of `params.yaml`.

    A mistake in the settings, the input or the file system ends the process with exit status 1
    and one line on standard error; `--verbose` adds the traceback.
    """
    parser = argparse.ArgumentParser(description=sys.modules[main.__module__].__doc__)
    parser.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    arguments = parser.parse_args()
    try:
        main(settings.load())
    except (InputError, OSError) as error:
        if arguments.verbose:
            raise
        sys.exit(f"error: {error}")
