"""The speed of the pipeline, compared with other programs that do the same work: `make bench`.

Run `python -m benchmarks.speed --help` in the project's folder, after the pipeline.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.paired import Cost, alternate, measure_command, ratios, spread
from benchmarks.project import (
    PROJECT,
    clone,
    clone_with_results,
    require,
    run,
    stage_folder,
    use_archive,
    variables,
)
from birnn.core.paths import PADDED_TRAIN
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.model_names import TITLES
from birnn.reviews import corpus_reader, encoding, sequences, tokenizer
from birnn_lab.launcher import KERNELS, environment

NOTEBOOK = PROJECT / "benchmarks" / "notebook.py"
# Skips TensorFlow's shutdown.
START = "import os; import stages.{}; os._exit(0)"
STAGES = [file.stem for file in (PROJECT / "stages").glob("[a-z]*.py")]
COLUMNS = ("CPU seconds, ratio", "wall seconds, ratio", "CPU s", "other's", "wall s", "other's")

Row = tuple[str, ...]
Part = StrEnum("Part", ["STARTUP", "STEPS", "TEXTS", "WHOLE"])


def row(name: str, ours: list[Cost], others: list[Cost]) -> Row:
    """Return a table row: the ratios of CPU and wall seconds, and their medians."""
    medians = [
        f"{median(getattr(cost, kind) for cost in costs):.3g}"
        for kind in ("cpu", "wall")
        for costs in (ours, others)
    ]
    return (name, ratios(ours, others, "cpu"), ratios(ours, others, "wall"), *medians)


def whole(times: int) -> Iterator[Row]:
    """The whole pipeline compared with a plain script, on the same reviews."""
    with tempfile.TemporaryDirectory() as name:
        copy, arrays = Path(name, "copy"), Path(name, "imdb.npz")

        def pipeline() -> Cost:
            shutil.rmtree(copy, ignore_errors=True)
            clone(PROJECT, copy)
            (copy / "dvc.lock").unlink()
            return dvc(["repro"], copy)

        def notebook() -> Cost:
            write_arrays(copy / "data" / "corpus", arrays)
            epochs = read_yaml(copy / "params.yaml")["train"]["epochs"]
            return python([str(NOTEBOOK), "train", str(arrays), name, str(epochs)])

        measured = alternate({"pipeline": pipeline, "notebook": notebook}, times)
    yield row("dvc repro / notebook", measured["pipeline"], measured["notebook"])


def texts(times: int) -> Iterator[Row]:
    """The stages fetch and pad compared with Keras's preprocessing."""
    archive = str(use_archive())
    with stage_folder({"fetch.source": "imdb"}) as folder:

        def stages() -> Cost:
            costs = [python(["-m", f"stages.{stage}"], folder) for stage in ("fetch", "pad")]
            return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs))

        def preprocess_with_keras() -> Cost:
            with tempfile.TemporaryDirectory() as unpacked:
                return python([str(NOTEBOOK), "preprocess", archive, unpacked])

        measured = alternate({"stages": stages, "Keras": preprocess_with_keras}, times)
    yield row("fetch and pad / Keras", measured["stages"], measured["Keras"])


def steps(times: int) -> Iterator[Row]:
    """The kernel compared with Keras's and PyTorch's layers, and its share of the CPU's peak."""
    from benchmarks import steps as work  # noqa: PLC0415  # importing TensorFlow takes seconds

    ids, labels = work.sample(*sequences.read(PADDED_TRAIN))
    peak = work.peak(times)
    for name in work.GATES:
        measured = work.compare(name, ids, labels, times)
        title = TITLES[name]
        for kind, engines in measured.items():
            one = engines.pop(work.ONE_DIRECTION)
            yield row(f"{title}, {kind}, one direction / both", one, engines["this"])
            for other in [engine for engine in engines if engine != "this"]:
                yield row(f"{title}, {kind} / {other}", engines["this"], engines[other])
            if "PyTorch" not in engines:
                yield (f"{title}, {kind} / PyTorch", "not installed: pip install torch")
        executed = work.executed_multiply_adds(name, ids)
        speeds = [executed / cost.cpu for cost in measured["training step"]["this"]]
        yield (f"{title}, share of the peak", spread([speed / median(peak) for speed in speeds], 2))
    yield ("peak, 10⁹ multiply-adds per CPU second", spread([speed / 1e9 for speed in peak], 1))


def startup(times: int) -> Iterator[Row]:
    """The time before work begins."""
    with tempfile.TemporaryDirectory() as folder:
        # A clone, because `dvc exp run` leaves an experiment in its repository.
        copy = clone_with_results(PROJECT, Path(folder, "copy"))
        works: dict[str, Callable[[], Cost]] = {
            f"start of {stage}": lambda stage=stage: python(["-c", START.format(stage)])  # type: ignore[misc]
            for stage in STAGES
        }
        works["dvc repro, nothing to do"] = lambda: dvc(["repro"], copy)
        works["dvc exp run, nothing to do"] = lambda: dvc(["exp", "run"], copy)
        for name, measured in alternate(works, times).items():
            wall = spread([cost.wall for cost in measured], 2)
            yield (name, "", "", f"{median(cost.cpu for cost in measured):.2f}", "", wall)


PARTS = dict(zip(Part, (startup, steps, texts, whole), strict=True))


def main(
    part: Annotated[list[Part] | None, typer.Option(help="part to measure; repeatable")] = None,
    times: Annotated[int, typer.Option(help="measurements of each")] = 5,
) -> None:
    """Measure each part and print one table per part."""
    chosen = part or list(PARTS)
    # Before the first measurement, which takes minutes.
    if {Part.TEXTS, Part.WHOLE} & set(chosen):
        use_archive()
    if Part.STEPS in chosen:
        require(PADDED_TRAIN)
    for name in chosen:
        table = Table("", *COLUMNS, title=PARTS[name].__doc__)
        for cells in PARTS[name](times):
            table.add_row(*cells)
        Console(width=140).print(table)


def python(arguments: list[str], folder: Path = PROJECT) -> Cost:
    """Return the cost of running Python in a folder, with this project's modules."""
    return measure_command([sys.executable, *arguments], folder, variables())


def dvc(arguments: list[str], folder: Path) -> Cost:
    """Return the cost of running DVC in a folder, which has its own cache of compiled code."""
    command = [sys.executable, "-m", "dvc", *arguments]
    return measure_command(command, folder, environment(folder / KERNELS))


def write_arrays(corpus: Path, output: Path) -> None:
    """Write the ids of each review and the labels, in the format of Keras's `imdb.npz`."""
    words = encoding.limit(tokenizer.read(corpus / "vocabulary.txt"), 20_000)
    word_ids = {word: rank + sequences.FIRST_WORD for rank, word in enumerate(words)}
    arrays: dict[str, Any] = {}
    for split in ("train", "test"):
        file = corpus / f"{split}.parquet"
        lists = [
            [sequences.START, *(word_ids.get(word, sequences.OUT_OF_VOCABULARY) for word in review)]
            for batch in corpus_reader.words(file)
            for review in batch
        ]
        arrays[f"x_{split}"] = np.array(lists, object)
        arrays[f"y_{split}"] = corpus_reader.column(file, "label")
    np.savez(output, **arrays)


if __name__ == "__main__":
    run(main)
