"""Export models to files that work without this project."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from birnn.core import libraries
from birnn.core.errors import InputError
from birnn.inference.predictor import Predictor

# The module that writes each format, which is imported only if it is chosen, and how to use a file.
FORMATS = {
    ".zip": ("birnn.inference.saved_model", "its README.txt shows how to use it"),
    ".onnx": ("birnn.inference.onnx_model", "{} next to it shows how to encode texts"),
    ".html": ("birnn.cli.reader_page", "open it in a browser"),
}


def run(file: Path, load: Callable[[], Predictor]) -> None:
    """Write a model to `file`, in the format that its name ends in."""
    if file.suffix.lower() not in FORMATS:
        raise InputError(
            f"{file} is not a .zip, .onnx or .html file: choose a name that ends in one of these"
        )
    module, hint = FORMATS[file.suffix.lower()]
    try:
        with libraries.tensorflow_imports():
            writer = import_module(module)
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise InputError(
            "onnx is not installed: run make setup, or install the extra 'export'"
        ) from None
    writer.write(load(), file)
    size = f"{file.stat().st_size / 1e6:.1f} MB"
    print(f"{file}: {size}; {hint.format(file.with_suffix('.json').name)}")
