"""Export models to files that work without this project."""

from collections.abc import Callable
from pathlib import Path

from birnn.core import libraries
from birnn.core.errors import InputError
from birnn.inference.predictor import Predictor


def run(file: Path, load: Callable[[], Predictor]) -> None:
    """Write a model to `file`, in the format that its name ends in.

    Raises:
        InputError: the name ends in no known format, the model cannot be expressed in it, a
            package is missing, or a file of the pipeline is missing or modified.
    """
    write, hint = _format(file)
    write(load(), file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB; {hint}")


def _format(file: Path) -> tuple[Callable[[Predictor, Path], None], str]:
    """Return the function that writes the format of `file`, and how to use it."""
    suffix = file.suffix.lower()
    if suffix not in {".zip", ".onnx", ".html", ".htm"}:
        raise InputError(
            f"{file} is not a .zip, .onnx or .html file: choose a name that ends in one of these"
        )
    with libraries.tensorflow_imports():
        if suffix == ".zip":
            from birnn.inference import saved_model  # noqa: PLC0415

            return saved_model.write, "its README.txt shows how to use it"
        if suffix == ".onnx":
            try:
                from birnn.inference import onnx_model  # noqa: PLC0415
            except ModuleNotFoundError as error:
                if error.name != "onnx":
                    raise
                raise InputError(
                    "onnx is not installed: run make setup, or install the extra 'export'"
                ) from None
            description = file.with_suffix(".json").name
            return onnx_model.write, f"{description} next to it shows how to encode texts"
        from birnn.cli import reader_page  # noqa: PLC0415

        return reader_page.write, "open it in a browser"
