"""What a reader does with the results: python -m birnn --help."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from birnn.core.errors import InputError
from birnn.evaluation.model_names import NETWORKS
from birnn.networks.quiet import quiet_imports


class Kind(StrEnum):
    """Whose mistakes, or where the two networks disagree."""

    BILSTM = "bilstm"
    BIGRU = "bigru"
    DISAGREEMENT = "disagreement"


class Chosen(StrEnum):
    """Which networks read a text."""

    BILSTM = "bilstm"
    BIGRU = "bigru"
    BOTH = "both"

    @property
    def names(self) -> tuple[str, ...]:
        """The networks."""
        return NETWORKS if self is Chosen.BOTH else (self.value,)


Network = Annotated[Chosen, typer.Option(help="which network reads; of both, the mean counts")]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

# The commands are imported when they run: TensorFlow and pandas take seconds.


@app.callback()
def main() -> None:
    """Look into what the pipeline made, and read texts with it."""


@app.command()
def results() -> None:
    """Print the result of the last run."""
    from birnn.cli import results as command  # noqa: PLC0415

    command.run()


@app.command()
def mistakes(
    kind: Annotated[
        Kind, typer.Argument(help="the network whose mistakes, or where the two disagree")
    ] = Kind.DISAGREEMENT,
    count: Annotated[int, typer.Option(min=1, help="reviews, the worst first")] = 5,
) -> None:
    """Show the test reviews that the networks got most wrong, with their texts."""
    from birnn.cli import mistakes as command  # noqa: PLC0415

    command.run(kind, count)


@app.command()
def predict(  # noqa: PLR0913
    texts: Annotated[
        list[str] | None,
        typer.Argument(help="texts; without any, and without --file, a text a line is read"),
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option(help="file of texts: .txt (a text a line), .csv, .tsv, .jsonl, .parquet"),
    ] = None,
    network: Network = Chosen.BOTH,
    column: Annotated[str, typer.Option(help="column of the texts, in files that have one")] = (
        "text"
    ),
    output: Annotated[
        Path | None, typer.Option(help="file to write: .csv, .jsonl or .parquet")
    ] = None,
    *,
    whole: Annotated[
        bool, typer.Option("--whole", help="standard input and each .txt file are one text")
    ] = False,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="name the words that the networks do not know")
    ] = False,
) -> None:
    """Tell the sentiment of texts, and its probability."""
    with quiet_imports():
        from birnn.cli import input_texts  # noqa: PLC0415
        from birnn.cli import predict as command  # noqa: PLC0415

    given = input_texts.read(texts or [], file or [], column, whole=whole)
    command.run(given, network.names, output, unknown=unknown)


@app.command()
def explain(
    text: Annotated[str | None, typer.Argument(help="a text; without, standard input")] = None,
    network: Network = Chosen.BOTH,
    html: Annotated[Path | None, typer.Option(help="page to write")] = None,
) -> None:
    """Show which words moved the networks, in colour, or on a page that needs no other file."""
    with quiet_imports():
        from birnn.cli import explain as command  # noqa: PLC0415

    command.run(text, network.names, html)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="address to listen on; this machine alone can reach the default")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8_000,
) -> None:
    """Serve a page on which a review is typed, and its reading as JSON."""
    try:
        with quiet_imports():
            from birnn.cli import serve as command  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in {"fastapi", "starlette", "uvicorn"}:
            raise
        raise InputError(
            f"{error.name} is not installed: install the extra 'serve', as make setup does"
        ) from None
    command.run(host, port)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="file to write: .zip")],
) -> None:
    """Write the networks as one file that runs without this project."""
    with quiet_imports():
        from birnn.cli import export as command  # noqa: PLC0415

    command.run(file)


def run() -> None:
    """Run the command that was asked for; a mistake that the user can mend is one line."""
    try:
        app()
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output has enough; Python would complain when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    run()
