"""Export models to ONNX files, which work without this project."""

from collections.abc import Callable
from pathlib import Path

from birnn.core import libraries
from birnn.core.errors import InputError
from birnn.inference.predictor import Predictor


def run(file: Path, load: Callable[[], Predictor]) -> None:
    """Write a model to `file`."""
    if file.suffix.lower() != ".onnx":
        raise InputError(
            f"{file} is not an .onnx file: choose a name that ends in .onnx, or run birnn serve "
            "for a web page"
        )
    try:
        with libraries.tensorflow_imports():
            from birnn.inference import onnx_model  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise InputError(
            "onnx is not installed: run make setup, or install the extra 'export'"
        ) from None
    onnx_model.write(load(), file)
    size = f"{file.stat().st_size / 1e6:.1f} MB"
    print(f"{file}: {size}; {file.with_suffix('.json').name} next to it shows how to encode texts")
