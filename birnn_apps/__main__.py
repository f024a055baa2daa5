"""The `birnn` command: predictions, explanations, results and experiments."""

import io
import itertools
import os
import signal
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from birnn.core import libraries
from birnn.runtime.errors import InputError
from birnn_apps import project, result_commands
from birnn_apps.model_options import Model, Threshold

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(result_commands.app)
# The commands of experiments, if their package is there.
with suppress(ModuleNotFoundError):
    app.add_typer(import_module("birnn_lab.commands").app)
data = typer.Typer(no_args_is_help=True)
app.add_typer(
    data,
    name="data",
    help="Check your own data.",
    epilog="Example: birnn data check data/own/reviews.csv",
)

# Commands are imported when they run: TensorFlow, pandas and DVC take seconds to import.


@app.callback()
def main(
    context: typer.Context,
    project_folder: Annotated[
        Path | None,
        typer.Option(
            "--project", help="Folder of the project. By default, the one around this folder."
        ),
    ] = None,
) -> None:
    """Use the trained networks, look at results and run experiments."""
    if "--help" not in itertools.takewhile(lambda argument: argument != "--", sys.argv):
        context.obj = project.enter(project_folder)


@data.command(epilog="Example: birnn data check data/own/reviews.csv")
def check(
    file: Annotated[Path, typer.Argument(help="File of labelled texts.")],
    settings: Annotated[
        list[str],
        typer.Option(
            "--set-param", "-S", help="Setting, such as csv.label_column=stars. Repeatable."
        ),
    ] = [],
) -> None:
    """Show how your file will be read, warnings, and the command that trains on it."""
    from birnn_apps import check_data as command

    command.check(project.located(file), settings)


@app.command(epilog="Example: birnn predict 'A fine film.'")
def predict(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            help="Texts. Without texts and --file, read standard input, one text per line."
        ),
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option(
            help="File of texts: .txt (one per line), .csv, .tsv, .jsonl or .parquet. Repeatable."
        ),
    ] = None,
    model: Model = None,
    threshold: Threshold = None,
    column: Annotated[
        str | None,
        typer.Option(help="Column of the texts in tables. By default csv.text_column."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Output file instead of printing: .csv or .jsonl."),
    ] = None,
) -> None:
    """Predict the class of texts: with each model, or of files and standard input with one."""
    from birnn_apps import classifier, input_texts
    from birnn_apps import predict as command

    files = [project.located(path) for path in file or []]
    column = column or (input_texts.default_column() if files else "text")
    contents = input_texts.read(texts or [], files, column)
    if not (files or output or model) and texts:
        command.compare(contents, classifier.load_each(threshold))
        return
    command.run(
        contents,
        partial(classifier.load_chosen, model, threshold),
        output and project.located(output),
        partial(input_texts.columns, files),
    )


@app.command(epilog="Example: birnn explain 'A fine film.' --html explanation.html")
def explain(
    text: Annotated[
        str | None, typer.Argument(help="Text to explain. Without it, read standard input.")
    ] = None,
    model: Model = None,
    threshold: Threshold = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a self-contained HTML page to this file.")
    ] = None,
) -> None:
    """Show how each word of a text affects its prediction."""
    from birnn.core.outputs import write_text
    from birnn_apps import explanation_display, input_texts
    from birnn_apps.classifier import load_chosen
    from birnn_apps.explanation import explain

    page = html and project.output_file(html, ".html")
    if text is None:
        text = "\n".join(line.content for line in input_texts.read([], [], ""))
    explanation = explain(load_chosen(model, threshold), text)
    if page:
        write_text(page, explanation_display.render_page(explanation, explanation.classes))
        print(f"wrote {page}")
    else:
        explanation_display.print_explanation(explanation)


@app.command(epilog="Example: birnn serve --port 8080")
def serve(
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; the default is reachable only from this machine."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8_000,
    model: Model = None,
    threshold: Threshold = None,
) -> None:
    """Serve a web page and a JSON API that classify texts."""
    from birnn_apps import serve as command
    from birnn_apps.classifier import load_chosen

    command.run(host, port, partial(load_chosen, model, threshold))


@app.command(epilog="Example: birnn export birnn.onnx")
def export(
    file: Annotated[
        Path,
        typer.Argument(
            help="File to write: .onnx. A .json file of the vocabulary is put next to it."
        ),
    ],
    model: Model = None,
    threshold: Threshold = None,
) -> None:
    """Export a model to an ONNX file, which works without this project."""
    file = project.output_file(file, ".onnx")
    with libraries.tensorflow_imports():
        from birnn_apps import onnx_model
    from birnn_apps.classifier import load_chosen

    onnx_model.write(load_chosen(model, threshold), file)
    size = f"{file.stat().st_size / 1e6:.1f} MB"
    print(f"{file}: {size}; {file.with_suffix('.json').name} next to it shows how to encode texts")


def run() -> None:
    """Run the command; print an error that the user can fix as one line."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else it leaves temporary files
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # characters that its encoding lacks
    libraries.configure()
    try:
        try:
            app()
        except ModuleNotFoundError as error:
            if str(error.name).startswith("birnn"):
                raise
            raise InputError(
                f"{error.name} is not installed: run make setup, or make cluster for Ray; with "
                "pip, install birnn[lab,serve,export,cluster]"
            ) from error
        finally:
            print(end="", flush=True)  # Typer ends with SystemExit
    except (InputError, OSError) as error:
        # Python would fail again when it flushes standard output, whose descriptor is 1, at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        # The reader of a pipe, such as `head`, may close it.
        sys.exit(1 if isinstance(error, BrokenPipeError) else f"error: {error}")


if __name__ == "__main__":
    run()
