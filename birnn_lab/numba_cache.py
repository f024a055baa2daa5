"""A cache of the code that Numba compiles, shared by the clones of all experiments.

By default, Numba caches compiled code next to the source, so each new clone compiles it again.
Stages do not import this module: the variable `NUMBA_CACHE_LOCATOR_CLASSES` names it to Numba.
"""

import hashlib
from pathlib import Path

from numba.core.caching import UserProvidedCacheLocator  # noqa: TID251  # a base class


class ByContent(UserProvidedCacheLocator):
    """A cache locator that identifies a module by its name and code instead of its path."""

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """Return the name of the module's folder in `NUMBA_CACHE_DIR`."""
        file = Path(py_file)
        packages = [folder.name for folder in file.parents if (folder / "__init__.py").exists()]
        name = ".".join([file.stem, *packages]).encode()
        return hashlib.sha256(name + b"\0" + file.read_bytes()).hexdigest()[:32]
