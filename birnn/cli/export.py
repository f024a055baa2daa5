"""Export models to files that work without this project."""

from collections.abc import Callable
from pathlib import Path

from birnn.core.errors import InputError
from birnn.inference.predictor import Predictor


def run(file: Path, load: Callable[[], Predictor]) -> None:
    """Write a model to `file`, in the format that its name ends in.

    Raises:
        InputError: the name ends in no known format, the model cannot be expressed in it, a
            package is missing, or a file of the pipeline is missing or modified.
    """
    suffix = file.suffix.lower()
    if suffix == ".zip":
        from birnn.inference.saved_model import write  # noqa: PLC0415

        hint = "its README.txt shows how to use it"
    elif suffix == ".onnx":
        try:
            from birnn.inference.onnx_model import write  # noqa: PLC0415
        except ModuleNotFoundError as error:
            if error.name != "onnx":
                raise
            raise InputError(
                "onnx is not installed: run make setup, or install the extra 'export'"
            ) from None
        hint = f"{file.with_suffix('.json').name} next to it shows how to encode texts"
    elif suffix in {".html", ".htm"}:
        from birnn.cli.reader_page import write  # noqa: PLC0415

        hint = "open it in a browser"
    else:
        raise InputError(
            f"{file} is not a .zip, .onnx or .html file: choose a name that ends in one of these"
        )
    write(load(), file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB; {hint}")
