"""Evaluate the networks, with the weights after the last epoch, and the baseline.

Reads data/corpus, data/padded and models. Writes metrics/metrics.json, plots/*.csv and
data/evaluated. If reviews are held out, ensembles and temperature scaling are evaluated as well.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.core import machine, stage
from birnn.core.libraries import tensorflow_imports
from birnn.core.outputs import atomic_folder, read_json, write_json
from birnn.core.settings import Settings
from birnn.evaluation import ensembles, mistakes, plot_data, summary, temperature
from birnn.evaluation.model_names import BASELINE, NETWORKS, comparisons
from birnn.networks import registry
from birnn.text import reviews, sequences

with tensorflow_imports():
    from birnn.evaluation.predictions import (
        Predictions,
        predict_with_baseline,
        predict_with_network,
    )
    from birnn.networks.network import accelerators

CORPUS = Path("data/corpus/corpus.json")
REVIEWS = Path("data/corpus/test.parquet")
TRAINING_REVIEWS = Path("data/corpus/train.parquet")
PADDED = Path("data/padded/test")
HELD_OUT = Path("data/padded/validation")
MODELS = Path("models")
METRICS = Path("metrics/metrics.json")
PLOTS = Path("plots")
EVALUATED = Path("data/evaluated")


def main(settings: Settings) -> None:
    """Predict the test reviews; write the metrics, the data of the plots and the predictions."""
    padded, labels = sequences.read(PADDED)
    predicted = predict(PADDED, REVIEWS)
    histories = {name: pd.read_csv(MODELS / name / "history.csv") for name in NETWORKS}
    table = pd.DataFrame(
        {
            "id": reviews.column(REVIEWS, "id"),
            "label": labels,
            "words": reviews.lengths(REVIEWS),
            "group": reviews.groups(REVIEWS),
            **{name: model.log_odds for name, model in predicted.items()},
        }
    )
    corpus = describe(read_json(CORPUS), settings.pad.validation)
    metrics = summary.summarize_models(table, predicted, histories, maxlen=padded.shape[1])
    for name, accuracies in summary.by_overlap(table, find_overlap()).items():
        metrics[name]["by_overlap"] = accuracies
    held_out = None if settings.pad.validation == "test" else predict_held_out()
    if held_out is not None:
        metrics = ensembles.add_ensembles(metrics, held_out, table)
        metrics = temperature.add_scaled(metrics, held_out, table)
    metrics = {"corpus": corpus} | metrics
    write_json(METRICS, metrics)
    plot_data.write_all(table, metrics, histories, PLOTS)
    with atomic_folder(EVALUATED) as folder:
        table.to_parquet(folder / "predictions.parquet", index=False)
        add_texts(mistakes.find(table)).to_parquet(folder / "mistakes.parquet", index=False)
        if held_out is not None:
            held_out.to_parquet(folder / "held_out.parquet", index=False)
        costs = {name: model.cost for name, model in predicted.items()}
        devices = machine.describe(accelerators())
        write_json(
            folder / "costs.json", costs | {"batch_size": machine.BATCH_SIZE, "machine": devices}
        )
    for name in predicted:
        print(f"{name}: accuracy {metrics[name]['accuracy']:.4f} on {len(labels):,} test reviews")
    for (first, second), compared in comparisons(metrics).items():
        print(f"{first} minus {second}: {compared['accuracy_difference']:+.4f}")


def predict(padded: Path, corpus_file: Path) -> dict[str, Predictions]:
    """Return the predictions of each model; the baseline reads all words of the reviews."""
    padded_reviews, _ = sequences.read(padded)
    predicted = {
        name: predict_with_network(network, MODELS / name, padded_reviews)
        for name, network in registry.NETWORKS.items()
    }
    rows = np.load(padded / "rows.npy")
    return predicted | {BASELINE: predict_with_baseline(MODELS / BASELINE, corpus_file, rows)}


def predict_held_out() -> pd.DataFrame:
    """Return the labels of the held-out reviews and each model's log-odds."""
    _, labels = sequences.read(HELD_OUT)
    predicted = predict(HELD_OUT, TRAINING_REVIEWS)
    log_odds = {name: model.log_odds for name, model in predicted.items()}
    return pd.DataFrame({"label": labels} | log_odds)


def find_overlap() -> NDArray[np.bool_]:
    """Return which test reviews have the text of a training review, shape (reviews,)."""
    # Hashes, because the texts may not fit in memory.
    test, training = (
        np.fromiter(map(hash, reviews.all_texts(file)), np.int64)
        for file in (REVIEWS, TRAINING_REVIEWS)
    )
    return np.isin(test, training)


def describe(corpus: dict[str, Any], validation: str | float) -> dict[str, Any]:
    """Return the part of the corpus description that belongs in the metrics."""
    return {
        "name": corpus["name"],
        "requested": corpus["requested"],
        "train_reviews": corpus["train"]["reviews"],
        "test_reviews": corpus["test"]["reviews"],
        "vocabulary": corpus["vocabulary"],
        "validation": validation,
    }


def add_texts(rows: pd.DataFrame) -> pd.DataFrame:
    """Add a column `text` to rows that are indexed by test review."""
    return rows.assign(text=reviews.texts(REVIEWS, rows.index.to_numpy()))


if __name__ == "__main__":
    stage.run(main)
