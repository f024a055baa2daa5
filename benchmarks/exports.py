"""Size, start-up time and speed of the exported networks: `make bench-exports`.

Run it in the project's folder after the pipeline. Each program loads all networks in its own
process and predicts texts; the programs alternate. The example in the docs runs the ONNX model.
"""

import json
import re
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow.parquet as pq
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.paired import run_command, spread
from benchmarks.project import PROJECT, require, run, variables
from birnn.core.outputs import write_json
from birnn.core.paths import TEST_REVIEWS

BATCHES = (1, 1_000)
REVIEWS = 5_000

PIPELINE = """
from birnn.core.libraries import tensorflow_imports
with tensorflow_imports():
    from birnn.evaluation.model_names import NETWORKS
    from birnn.inference import predictor
predict = predictor.load(NETWORKS).predict
"""
SAVED_MODEL = """
import tensorflow as tf
signature = tf.saved_model.load("model").signatures["serving_default"]
predict = lambda texts: signature(texts=tf.constant(texts))
"""
# Measures CPU seconds, which depend little on other load: of the start with the first text, and of
# each batch size after a batch that compiles the model for it.
MEASURE = """
import json, sys, time
file, *batches = sys.argv[1:]
texts = json.loads(open(file).read())
predict(texts[:1])
numbers = [time.process_time()]
for batch in map(int, batches):
    predict(texts[:batch])
    done, begin = 0, time.process_time()
    while (seconds := time.process_time() - begin) < 1:
        first = done % len(texts)
        predict(texts[first : first + batch])
        done += batch
    numbers.append(done / seconds)
print(json.dumps(numbers))
"""


def main(times: Annotated[int, typer.Option(help="measurements of each program")] = 5) -> None:
    """Print a table with one row per program."""
    require(TEST_REVIEWS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = pq.read_table(TEST_REVIEWS, columns=["text"])["text"].to_pylist()
        rows = np.random.default_rng(0).permutation(len(texts))[:REVIEWS]
        write_json(folder / "texts.json", [texts[row] for row in rows])
        for file in ("birnn.zip", "birnn.onnx"):
            export = [sys.executable, "-m", "birnn", "export", str(folder / file)]
            run_command(export, PROJECT, variables())
        zipfile.ZipFile(folder / "birnn.zip").extractall(folder / "model")
        page = Path("docs/predictions.md").read_text(encoding="utf-8")
        example = re.search(r"```python\n([^`]*onnxruntime[^`]*)```", page)
        programs = {
            "pipeline": (PIPELINE, PROJECT, ["models/*/network.json", "models/*/*.h5"]),
            "SavedModel": (SAVED_MODEL, folder, ["birnn.zip"]),
            "ONNX": (example[1] if example else "", folder, ["birnn.onnx", "birnn.json"]),
        }
        numbers: dict[str, list[list[float]]] = {program: [] for program in programs}
        for _ in range(times):
            for program, (code, where, _files) in programs.items():
                arguments = [str(folder / "texts.json"), *map(str, BATCHES)]
                command = [sys.executable, "-c", code + MEASURE, *arguments]
                printed = run_command(command, where, variables())
                numbers[program].append(json.loads(printed.splitlines()[-1]))
        table = Table(
            "", "MB", "CPU s, start", *(f"reviews per CPU s, {n:,} at a time" for n in BATCHES)
        )
        for program, (_, where, patterns) in programs.items():
            size = sum(file.stat().st_size for each in patterns for file in where.glob(each))
            columns = zip(*numbers[program], strict=True)
            cells = [
                spread(column, digits) for column, digits in zip(columns, (2, 0, 0), strict=True)
            ]
            table.add_row(program, f"{size / 1e6:.1f}", *cells)
    Console(width=120).print(table)


if __name__ == "__main__":
    run(main)
