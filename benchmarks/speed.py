"""How fast the pipeline is, each figure beside what else does the work: `make bench`.

python -m benchmarks.speed --help, in the project's folder, with the corpus in data/.
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

from benchmarks.paired import Cost, in_turn, of_command, ratios, spread
from birnn.core.errors import InputError
from birnn.evaluation import costs
from birnn.evaluation.model_names import TITLES
from birnn.text import encoding, reviews, sequences, tokenizer

PROJECT = Path.cwd()
CORPUS = Path("data/corpus")
NOTEBOOK = PROJECT / "benchmarks" / "notebook.py"
# Without what TensorFlow does when it ends.
START = "import os; import stages.{}; os._exit(0)"
STAGES = [file.stem for file in (PROJECT / "stages").glob("[a-z]*.py")]
COLUMNS = ("CPU seconds, ratio", "wall seconds, ratio", "CPU s", "other's", "wall s", "other's")

Row = tuple[str, ...]


def row(name: str, ours: list[Cost], others: list[Cost]) -> Row:
    """Return the ratios of both kinds of seconds, and the medians that they are of."""
    medians = [
        f"{median(getattr(cost, kind) for cost in costs):.3g}"
        for kind in ("cpu", "wall")
        for costs in (ours, others)
    ]
    return (name, ratios(ours, others, "cpu"), ratios(ours, others, "wall"), *medians)


def whole(times: int) -> Iterator[Row]:
    """The whole pipeline beside a plain script, on the same reviews."""
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

        found = in_turn({"pipeline": pipeline, "notebook": notebook}, times)
    yield row("dvc repro / notebook", found["pipeline"], found["notebook"])


def texts(times: int) -> Iterator[Row]:
    """The stages fetch and pad beside Keras's preprocessing."""
    archive = os.environ.get("IMDB_ARCHIVE") or str(PROJECT / "data" / "raw" / "aclImdb_v1.tar.gz")
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(PROJECT / "params.yaml", name)

        def stages() -> Cost:
            costs = [python(["-m", f"stages.{stage}"], Path(name)) for stage in ("fetch", "pad")]
            return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs))

        def of_keras() -> Cost:
            with tempfile.TemporaryDirectory() as unpacked:
                return python([str(NOTEBOOK), "preprocess", archive, unpacked])

        found = in_turn({"stages": stages, "Keras": of_keras}, times)
    yield row("fetch and pad / Keras", found["stages"], found["Keras"])


def steps(times: int) -> Iterator[Row]:
    """The kernel beside Keras's layers and PyTorch's, and the share of the processor's peak."""
    from benchmarks import steps as work  # noqa: PLC0415  # TensorFlow takes seconds

    padded, every_label = sequences.read(Path("data/padded/train"))
    chosen = np.random.default_rng(0).permutation(len(padded))[: work.REVIEWS]
    ids, labels = padded[chosen], every_label[chosen]
    peak = work.peak(times)
    for layer in costs.PRODUCTS:
        found = work.compare(layer, ids, labels, times)
        title = TITLES[f"bi{layer}"]
        for kind, engines in found.items():
            for other in [engine for engine in engines if engine != "this"]:
                yield row(f"{title}, {kind} / {other}", engines["this"], engines[other])
            if "PyTorch" not in engines:
                yield (f"{title}, {kind} / PyTorch", "not installed: pip install torch")
        for what, adds in (
            ("named by the formulas", work.named(layer)),
            ("carried out", work.carried_out(layer, ids)),
        ):
            for engine in ("this", "Keras"):
                if engine == "this" or what.startswith("named"):
                    speeds = [adds / cost.cpu for cost in found["training step"][engine]]
                    share = [speed / median(peak) for speed in speeds]
                    yield (
                        f"{title}, multiply-adds {what}, of the peak: {engine}",
                        spread(share, 2),
                    )
    yield ("peak, 10⁹ multiply-adds a CPU second", spread([speed / 1e9 for speed in peak], 1))


def startup(times: int) -> Iterator[Row]:
    """What passes before work begins."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(PROJECT / "params.yaml", name)
        works: dict[str, Callable[[], Cost]] = {
            f"start of {stage}": lambda stage=stage: python(["-c", START.format(stage)])  # type: ignore[misc]
            for stage in STAGES
        }
        works["dvc repro, nothing to do"] = lambda: dvc(["repro"], PROJECT)
        works["dvc exp run, nothing to do"] = lambda: dvc(["exp", "run"], PROJECT)
        for what, found in in_turn(works, times).items():
            wall = spread([cost.wall for cost in found], 2)
            yield (what, "", "", f"{median(cost.cpu for cost in found):.2f}", "", wall)


PARTS = {"whole": whole, "steps": steps, "startup": startup, "texts": texts}


def main(
    part: Annotated[list[str] | None, typer.Option(help=f"of {', '.join(PARTS)}")] = None,
    times: Annotated[int, typer.Option(help="how often each is measured")] = 5,
) -> None:
    """Measure, and print a table a part."""
    for name in part or PARTS:
        table = Table("", *COLUMNS, title=PARTS[name].__doc__)
        for cells in PARTS[name](times):
            table.add_row(*cells)
        Console(width=140).print(table)


def python(arguments: list[str], folder: Path = PROJECT) -> Cost:
    """Run Python in a folder, with this project's modules."""
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return of_command([sys.executable, *arguments], folder, environment)


def dvc(arguments: list[str], folder: Path) -> Cost:
    """Run DVC in a folder."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return of_command(
        [sys.executable, "-m", "dvc", *arguments], folder, os.environ | {"PATH": path}
    )


def fresh_clone(folder: Path) -> Path:
    """Clone the last commit, without results."""
    of_command(["git", "clone", "--quiet", str(PROJECT), str(folder)], PROJECT, dict(os.environ))
    (folder / "dvc.lock").unlink()
    return folder


def write_arrays(file: Path) -> None:
    """Write the ids of all reviews, one after another, and where each ends."""
    if not CORPUS.exists():
        raise InputError(f"{CORPUS} is missing: run dvc repro first")
    words = encoding.limit(tokenizer.read(CORPUS / "vocabulary.txt"), 20_000)
    ids = {word: rank + encoding.FIRST_WORD for rank, word in enumerate(words)}
    arrays: dict[str, Any] = {}
    for split in ("train", "test"):
        of_split = CORPUS / f"{split}.parquet"
        lists = [
            [encoding.START, *(ids.get(word, encoding.OUT_OF_VOCABULARY) for word in review)]
            for batch in reviews.words(of_split)
            for review in batch
        ]
        arrays[f"x_{split}"] = np.concatenate([np.array(one, np.int32) for one in lists])
        arrays[f"ends_{split}"] = np.cumsum([len(one) for one in lists])
        arrays[f"y_{split}"] = reviews.column(of_split, "label")
    np.savez(file, **arrays)


if __name__ == "__main__":
    typer.run(main)
