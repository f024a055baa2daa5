"""Size, start-up time and speed of the exported networks: `make bench-exports`.

Run it in the project's folder after the pipeline. The pipeline and the example in the docs, which
runs the ONNX model, alternate. Each loads all networks in its own process and predicts texts.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.paired import run_command, spread
from benchmarks.project import PROJECT, require, run, variables
from birnn.core.outputs import write_json
from birnn.core.paths import TEST_REVIEWS
from birnn.reviews import corpus_reader

BATCHES = (1, 1_000)
REVIEWS = 5_000

PIPELINE = """
from birnn.core.libraries import tensorflow_imports
with tensorflow_imports():
    from birnn.evaluation.model_names import NETWORKS
    from birnn.evaluation import predictor
    from birnn_apps.classifier import Classifier
predict = Classifier(**vars(predictor.load(NETWORKS))).predict
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
    """Print the size of the export, and one line per program and measurement."""
    require(TEST_REVIEWS)
    example = Path("docs/use_onnx.py").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = np.random.default_rng(0).permutation(corpus_reader.count(TEST_REVIEWS))[:REVIEWS]
        write_json(folder / "texts.json", corpus_reader.texts(TEST_REVIEWS, rows))
        export = [sys.executable, "-m", "birnn", "export", str(folder / "birnn.onnx")]
        print(run_command(export, PROJECT, variables()), end="")
        programs = {"pipeline": (PIPELINE, PROJECT), "ONNX": (example, folder)}
        numbers: dict[str, list[list[float]]] = {program: [] for program in programs}
        for _ in range(times):
            for program, (code, where) in programs.items():
                arguments = [str(folder / "texts.json"), *map(str, BATCHES)]
                command = [sys.executable, "-c", code + MEASURE, *arguments]
                printed = run_command(command, where, variables())
                numbers[program].append(json.loads(printed.splitlines()[-1]))
    for program, measured in numbers.items():
        start, *speeds = zip(*measured, strict=True)
        print(f"{program}: start and first text, {spread(start, 2)} CPU seconds")
        for batch, speed in zip(BATCHES, speeds, strict=True):
            print(f"{program}: {spread(speed, 0)} texts per CPU second, {batch:,} at a time")


if __name__ == "__main__":
    run(main)
