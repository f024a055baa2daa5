"""Where Numba keeps what it compiles of experiments: in one folder for the clones of all of them.

By itself it keeps that beside the code, so that each new clone compiles it again. Stages do not
import this module: the variable `NUMBA_CACHE_LOCATOR_CLASSES` names it to Numba.
"""

import hashlib
from pathlib import Path

from numba.core.caching import UserProvidedCacheLocator


class ByContent(UserProvidedCacheLocator):
    """Finds what was compiled of a module by its name and its code, in whichever clone it lies."""

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """Return the name of a folder in `NUMBA_CACHE_DIR`."""
        file = Path(py_file)
        packages = [one.name for one in file.parents if (one / "__init__.py").exists()]
        name = ".".join([file.stem, *packages]).encode()
        return hashlib.sha256(name + b"\0" + file.read_bytes()).hexdigest()[:32]
