"""Searches compared with random trials: `python -m benchmarks.search --model bigru`.

A search on the fallback corpus, compared with random searches of the same size, which are drawn
from one pool of random trials. Trials are trained in this process, without DVC. Run it in the
project's folder.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from typing import Annotated
from unittest import mock

import numpy as np
import optuna
import pandas as pd
import typer
from numpy.typing import NDArray
from optuna.trial import FrozenTrial

from benchmarks.project import PROJECT, run, variables, write_settings
from birnn.core.libraries import tensorflow_imports
from birnn.core.settings import load
from birnn.core.yaml_files import read_yaml, write_yaml
from birnn.evaluation.metrics import is_correct
from birnn.evaluation.model_names import BASELINE
from birnn.experiments import grid, runs, search
from birnn.networks import bigru
from birnn.networks.config import NetworkConfig
from birnn.text import reviews
from birnn.training import baseline
from birnn.training.splits import watched_split

with tensorflow_imports():
    import keras

    from birnn.training.fit import Paths, train
STAGES = ("fetch", "pad", "train_word_vectors", "weigh_ngrams")
# A training takes a few seconds.
FIXED = (
    "fetch.source=rotten-tomatoes",
    "pad.num_words=2000",
    "pad.maxlen=20",
    "pad.validation=0.2",
    "network.embedding_dim=8",
    "train.epochs=3",
    "train.batch_size=512",
)
SPACES = {
    "bigru": (
        "train.learning_rate=log:1e-4..1e-1",
        "network.dropout=0..0.7",
        "network.word_dropout=0..0.5",
        "bigru.units=2..16",
    ),
    "baseline": (
        "baseline.inverse_regularization=log:1e-4..1e2",
        "baseline.smoothing=log:1e-2..1e2",
        "baseline.min_reviews=1..50",
        "baseline.ngrams=1..3",
    ),
}
RANDOM_SEED = 1000


def main(
    model: Annotated[str, typer.Option(help="bigru or baseline, whose trials take a second")],
    trials: Annotated[int, typer.Option(help="trials of each search")] = 30,
    pool: Annotated[int, typer.Option(help="random trials to draw from")] = 60,
    draws: Annotated[int, typer.Option(help="random searches")] = 5,
) -> None:
    """Print the best held-out accuracies of a search and of random searches."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.chdir(folder)
        prepare()
        chosen = search.parse("bench", SPACES[model], None, f"{model}.holdout_accuracy")
        # Without a lock file of DVC; the code does not change while this runs.
        with mock.patch.object(runs, "fingerprint", return_value=""):
            found = search.run(chosen, trials, execute)
        finished = [trial.value for trial in found.trials if trial.value is not None]
        print(f"search: best {found.best_value:.4f}, after {found.best_trial.number + 1} trials")
        print(f"search: median of its trials {median(finished):.4f}")
        sampler = optuna.samplers.RandomSampler(seed=RANDOM_SEED)
        proposals = optuna.create_study(sampler=sampler)
        values = []
        for number in range(pool):
            params = proposals.ask(dict(chosen.space)).params
            values.append(list(evaluate(chosen, params).values())[-1])
            print(f"random trial {number + 1} of {pool}: {values[-1]:.4f}", flush=True)
        rng = np.random.default_rng(RANDOM_SEED)
        best = sorted(rng.choice(values, trials, replace=False).max() for _ in range(draws))
        print(f"random searches: best {', '.join(f'{value:.4f}' for value in best)}")
        print(f"random searches: median of the best {median(best):.4f}")
        os.chdir(PROJECT)


def prepare() -> None:
    """Write the settings and the inputs of the training to the current folder."""
    params = read_yaml(PROJECT / "params.yaml")
    for option in FIXED:
        name, _, text = option.partition("=")
        section, key = name.split(".")
        params[section][key] = grid.values(text)[0]
    write_settings(params, Path())
    Path("data/own").mkdir(parents=True)
    for stage in STAGES:
        subprocess.run([sys.executable, "-m", f"stages.{stage}"], env=variables(), check=True)


def execute(
    chosen: search.Search, study: optuna.Study, proposed: Sequence[search.Params]
) -> Iterator[FrozenTrial]:
    """Run trials in this process; those that fall behind the median count as stopped."""
    for params in proposed:
        curve = evaluate(chosen, params)
        yield search.finish(chosen, params, curve[max(curve)], curve, study)


def evaluate(chosen: search.Search, params: search.Params) -> search.Curve:
    """Train a trial and return its held-out accuracy by epoch; the baseline has one epoch."""
    file = Path("trial.yaml")
    write_yaml(file, chosen.point(params).params)
    settings = load(file)
    if chosen.model == BASELINE:
        (words, labels), (held_out, held_out_labels) = read("train"), read("validation")
        predictor = baseline.Predictor(baseline.fit(words, labels, settings.baseline))
        return {1: float(is_correct(held_out_labels, predictor(held_out)).mean())}
    keras.backend.clear_session()
    config = NetworkConfig.from_settings(bigru.NETWORK, settings)
    paths = Paths.of(bigru.NETWORK.name, settings.train)
    train(bigru.NETWORK, config, settings.train, watched_split(settings.pad.validation), paths)
    history = pd.read_csv(paths.model / "history.csv")["val_accuracy"]
    return dict(enumerate(history, start=1))


@cache
def read(split: str) -> tuple[list[list[str]], NDArray[np.uint8]]:
    """Return the words and the labels of the reviews of a split."""
    folder = Path("data/padded", split)
    batches = reviews.words(Path("data/corpus/train.parquet"), rows=np.load(folder / "rows.npy"))
    return [words for batch in batches for words in batch], np.load(folder / "labels.npy")


if __name__ == "__main__":
    run(main)
