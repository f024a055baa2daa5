"""The `birnn` command: predictions, explanations, results and experiments."""

import itertools
import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from birnn.cli import experiment_commands, model_options, project
from birnn.core import libraries
from birnn.core.errors import InputError
from birnn.runtime import signals
from birnn.runtime.terminal import replace_missing_characters

Model = Annotated[
    str | None,
    typer.Option(
        callback=model_options.check_model,
        autocompletion=model_options.model_choices,
        help="Model: a network, such as bilstm, baseline, or networks (mean of their log-odds). By "
        "default, held-out reviews choose it; if none are held out, networks predict.",
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        callback=model_options.check_threshold,
        help="Probability of the positive class above which a text belongs to it, between 0 and 1.",
        show_default="0.5",
    ),
]

GROUPS = {
    "Predict": "predict explain serve export",
    "Look at results": "results mistakes fresh",
    "Experiment": "sweep leaderboard study regimes recipes search tried review",
    "Data": "data",
}
WIDTH = 1_000  # letters; the help of a command is shorter


class GroupedCommands(TyperGroup):
    """The commands of `birnn`, listed in groups with their whole first sentence."""

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Write one section per group."""
        for title, names in GROUPS.items():
            chosen = {name: self.commands[name] for name in names.split()}
            rows = [(name, each.get_short_help_str(WIDTH)) for name, each in chosen.items()]
            with formatter.section(title):
                formatter.write_dl(rows, col_max=max(map(len, self.commands)))


app = typer.Typer(
    cls=GroupedCommands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(experiment_commands.app)
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
    project_folder: Annotated[
        Path | None,
        typer.Option(
            "--project", help="Folder of the project. By default, the one around this folder."
        ),
    ] = None,
) -> None:
    """Use the trained networks, look at results and run experiments."""
    if "--help" not in itertools.takewhile(lambda argument: argument != "--", sys.argv):
        project.enter(project_folder)


@data.command(epilog="Example: birnn data check data/own/reviews.csv")
def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="File of labelled reviews.", show_default="the setting csv.train"),
    ] = None,
    settings: Annotated[
        list[str],
        typer.Option(
            "--set-param", "-S", help="Setting, such as csv.label_column=stars. Repeatable."
        ),
    ] = [],
) -> None:
    """Show how your file would be read, its statistics, warnings, and settings that fit it.

    Exit with status 1 if the settings do not fit.
    """
    from birnn.cli import data as command

    if not command.check(file and project.located(file), settings):
        raise typer.Exit(1)


@app.command(epilog="Example: birnn results")
def results() -> None:
    """Print the test accuracy of each model in the last run."""
    from birnn.cli import results as command

    command.run()


@app.command(
    hidden=True, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def watch() -> None:
    """Say what replaces this command."""
    raise InputError("birnn watch was removed: dvc plots show live/bilstm.csv draws the curves")


@app.command(epilog="Example: birnn mistakes --model bilstm --count 3")
def mistakes(
    model: Model = None,
    count: Annotated[int, typer.Option(min=1, help="Number of reviews, worst first.")] = 5,
) -> None:
    """Show test reviews that a model gets wrong, or without --model, that networks disagree on."""
    from birnn.cli import mistakes as command

    command.run(model, count)


@app.command(epilog="Example: birnn predict 'A fine film.' --unknown")
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
        str, typer.Option(help="Column that contains the texts; not used for .txt files.")
    ] = "text",
    output: Annotated[
        Path | None,
        typer.Option(help="Output file instead of printing: .csv, .jsonl or .parquet."),
    ] = None,
    *,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Treat standard input and each .txt file as a single text."),
    ] = False,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="List the words that are not in the vocabulary.")
    ] = False,
) -> None:
    """Predict the sentiment of texts."""
    from birnn.cli import input_texts
    from birnn.cli import predict as command

    files = [project.located(path) for path in file or []]
    command.run(
        input_texts.read(texts or [], files, column, whole=whole),
        partial(model_options.load_model, model, threshold),
        output and project.located(output),
        partial(input_texts.columns, files, column),
        unknown=unknown,
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
    from birnn.cli import explain as command

    load = partial(model_options.load_model, model, threshold)
    command.run(text, load, html and project.page(html))


@app.command(epilog="Example: birnn serve --port 8080")
def serve(
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; the default is reachable only from this machine."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8_000,
    model: Model = None,
    threshold: Threshold = None,
    *,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="Print a line per request, without its text.")
    ] = False,
) -> None:
    """Serve a web page and a JSON API that classify reviews."""
    try:
        from birnn.cli import serve as command
    except ModuleNotFoundError as error:
        if error.name not in {"fastapi", "starlette", "uvicorn"}:
            raise
        raise InputError(
            f"{error.name} is not installed: run make setup, or install the extra 'serve'"
        ) from None
    load = partial(model_options.load_model, model, threshold)
    command.run(host, port, load, access_log=access_log)


@app.command(epilog="Example: birnn export birnn.onnx")
def export(
    file: Annotated[
        Path,
        typer.Argument(
            help="File to write: .onnx. A .json file of the vocabulary is put next to it."
        ),
    ],
    model: Model = None,
) -> None:
    """Export a model to an ONNX file, which works without this project."""
    from birnn.cli import export as command

    command.run(project.located(file), partial(model_options.load_model, model))


def run() -> None:
    """Run the command; print an error that the user can fix as one line."""
    signals.raise_on_signals()  # else SIGTERM would leave temporary files
    replace_missing_characters()
    libraries.configure()
    try:
        try:
            app()
        finally:
            print(end="", flush=True)  # Typer ends with SystemExit
    except (InputError, OSError) as error:
        # Python would fail again when it flushes standard output, whose descriptor is 1, at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        # The reader of a pipe, such as `head`, may close it.
        sys.exit(1 if isinstance(error, BrokenPipeError) else f"error: {error}")


if __name__ == "__main__":
    run()
