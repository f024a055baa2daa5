"""The speed of the pipeline, compared with other programs that do the same work: `make bench`.

Run `python -m benchmarks.speed --help` in the project's folder, with the corpus in data/.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.paired import Cost, alternate, measure_command, ratios, spread
from birnn.core.errors import InputError
from birnn.evaluation.model_names import TITLES
from birnn.text import encoding, reviews, sequences, tokenizer

PROJECT = Path.cwd()
CORPUS = Path("data/corpus")
NOTEBOOK = PROJECT / "benchmarks" / "notebook.py"
# Skips TensorFlow's shutdown.
START = "import os; import stages.{}; os._exit(0)"
STAGES = [file.stem for file in (PROJECT / "stages").glob("[a-z]*.py")]
COLUMNS = ("CPU seconds, ratio", "wall seconds, ratio", "CPU s", "other's", "wall s", "other's")

Row = tuple[str, ...]


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
        folder = Path(name)
        arrays = folder / "imdb.npz"
        write_arrays(arrays)

        def pipeline() -> Cost:
            clone = fresh_clone(folder / "clone")
            cost = dvc(["repro"], clone)
            shutil.rmtree(clone)
            return cost

        def notebook() -> Cost:
            return python([str(NOTEBOOK), "train", str(arrays), name, "10"])

        measured = alternate({"pipeline": pipeline, "notebook": notebook}, times)
    yield row("dvc repro / notebook", measured["pipeline"], measured["notebook"])


def texts(times: int) -> Iterator[Row]:
    """The stages fetch and pad compared with Keras's preprocessing."""
    archive = os.environ.get("IMDB_ARCHIVE") or str(PROJECT / "data" / "raw" / "aclImdb_v1.tar.gz")
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(PROJECT / "params.yaml", name)

        def stages() -> Cost:
            costs = [python(["-m", f"stages.{stage}"], Path(name)) for stage in ("fetch", "pad")]
            return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs))

        def preprocess_with_keras() -> Cost:
            with tempfile.TemporaryDirectory() as unpacked:
                return python([str(NOTEBOOK), "preprocess", archive, unpacked])

        measured = alternate({"stages": stages, "Keras": preprocess_with_keras}, times)
    yield row("fetch and pad / Keras", measured["stages"], measured["Keras"])


def steps(times: int) -> Iterator[Row]:
    """The kernel compared with Keras's and PyTorch's layers, and its share of the CPU's peak."""
    from benchmarks import steps as work  # noqa: PLC0415  # importing TensorFlow takes seconds

    all_ids, all_labels = sequences.read(Path("data/padded/train"))
    chosen = np.random.default_rng(0).permutation(len(all_ids))[: work.REVIEWS]
    ids, labels = all_ids[chosen], all_labels[chosen]
    peak = work.peak(times)
    for name in work.GATES:
        measured = work.compare(name, ids, labels, times)
        title = TITLES[name]
        for kind, engines in measured.items():
            for other in [engine for engine in engines if engine != "this"]:
                yield row(f"{title}, {kind} / {other}", engines["this"], engines[other])
            if "PyTorch" not in engines:
                yield (f"{title}, {kind} / PyTorch", "not installed: pip install torch")
        by_formulas = work.multiply_adds_by_formulas(name)
        for counted, adds, engine in (
            ("by the formulas", by_formulas, "this"),
            ("by the formulas", by_formulas, "Keras"),
            ("executed", work.executed_multiply_adds(name, ids), "this"),
        ):
            speeds = [adds / cost.cpu for cost in measured["training step"][engine]]
            share = [speed / median(peak) for speed in speeds]
            yield (f"{title}, share of the peak, {counted}: {engine}", spread(share, 2))
    yield ("peak, 10⁹ multiply-adds per CPU second", spread([speed / 1e9 for speed in peak], 1))


def startup(times: int) -> Iterator[Row]:
    """The time before work begins."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(PROJECT / "params.yaml", folder)
        works: dict[str, Callable[[], Cost]] = {
            f"start of {stage}": lambda stage=stage: python(["-c", START.format(stage)])  # type: ignore[misc]
            for stage in STAGES
        }
        works["dvc repro, nothing to do"] = lambda: dvc(["repro"], PROJECT)
        works["dvc exp run, nothing to do"] = lambda: dvc(["exp", "run"], PROJECT)
        for name, measured in alternate(works, times).items():
            wall = spread([cost.wall for cost in measured], 2)
            yield (name, "", "", f"{median(cost.cpu for cost in measured):.2f}", "", wall)


PARTS = {"whole": whole, "steps": steps, "startup": startup, "texts": texts}


def main(
    part: Annotated[list[str] | None, typer.Option(help=f"one of {', '.join(PARTS)}")] = None,
    times: Annotated[int, typer.Option(help="measurements of each")] = 5,
) -> None:
    """Measure each part and print one table per part."""
    for name in part or PARTS:
        table = Table("", *COLUMNS, title=PARTS[name].__doc__)
        for cells in PARTS[name](times):
            table.add_row(*cells)
        Console(width=140).print(table)


def python(arguments: list[str], folder: Path = PROJECT) -> Cost:
    """Return the cost of running Python in a folder, with this project's modules."""
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return measure_command([sys.executable, *arguments], folder, environment)


def dvc(arguments: list[str], folder: Path) -> Cost:
    """Return the cost of running DVC in a folder."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return measure_command(
        [sys.executable, "-m", "dvc", *arguments], folder, os.environ | {"PATH": path}
    )


def fresh_clone(folder: Path) -> Path:
    """Clone the last commit, without results."""
    command = ["git", "clone", "--quiet", str(PROJECT), str(folder)]
    measure_command(command, PROJECT, dict(os.environ))
    (folder / "dvc.lock").unlink()
    return folder


def write_arrays(output: Path) -> None:
    """Write the concatenated ids of all reviews, the end of each review, and the labels."""
    if not CORPUS.exists():
        raise InputError(f"{CORPUS} is missing: run dvc repro first")
    words = encoding.limit(tokenizer.read(CORPUS / "vocabulary.txt"), 20_000)
    word_ids = {word: rank + encoding.FIRST_WORD for rank, word in enumerate(words)}
    arrays: dict[str, Any] = {}
    for split in ("train", "test"):
        file = CORPUS / f"{split}.parquet"
        lists = [
            [encoding.START, *(word_ids.get(word, encoding.OUT_OF_VOCABULARY) for word in review)]
            for batch in reviews.words(file)
            for review in batch
        ]
        arrays[f"x_{split}"] = np.concatenate([np.array(ids, np.int32) for ids in lists])
        arrays[f"ends_{split}"] = np.cumsum([len(ids) for ids in lists])
        arrays[f"y_{split}"] = reviews.column(file, "label")
    np.savez(output, **arrays)


if __name__ == "__main__":
    typer.run(main)
