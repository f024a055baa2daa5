"""Score both networks, as they are after the last epoch, on the same test reviews.

Reads data/padded/test and models, writes metrics/metrics.json and plots/*.csv.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from birnn import command, networks, scoring, sequences
from birnn.batches import batches
from birnn.files import read_json, whole_file, write_json
from birnn.settings import Settings

CORPUS = Path("data/corpus/corpus.json")
TEST = Path("data/padded/test")
MODELS = {"bilstm": Path("models/bilstm"), "bigru": Path("models/bigru")}
METRICS = Path("metrics/metrics.json")
PLOTS = Path("plots")

BATCH = 1_000  # reviews
DIGITS = 4


def main(settings: Settings) -> None:
    """Write the metrics and the data of the plots."""
    corpus = read_json(CORPUS)
    test_sequences, labels = sequences.read(TEST)
    metrics: dict[str, Any] = {"corpus": describe(corpus, settings.pad.validation)}
    curves, roc, confusion = [], [], []
    for name, folder in MODELS.items():
        model = networks.load(folder)
        probabilities = model.predict(batches(test_sequences, labels, BATCH), verbose=0)[:, 0]
        history = pd.read_csv(folder / "history.csv")
        best = history.iloc[int(history["val_accuracy"].argmax())]
        metrics[name] = {
            **{
                key: round(score, DIGITS)
                for key, score in scoring.scores(labels, probabilities).items()
            },
            "best_val_accuracy": round(best["val_accuracy"], DIGITS),
            "best_val_epoch": int(best["epoch"]),
            "parameters": model.count_params(),
        }
        curves.append(learning_curves(history).assign(network=name))
        roc.append(pd.DataFrame(scoring.roc_points(labels, probabilities)).assign(network=name))
        counts = scoring.confusion_counts(labels, probabilities)
        confusion.append(pd.DataFrame(counts).assign(network=name))
        print(f"{name}: accuracy {metrics[name]['accuracy']:.4f} on {len(labels):,} test reviews")
    write_json(METRICS, metrics)
    for name, tables in {"curves": curves, "roc": roc, "confusion": confusion}.items():
        table = pd.concat(tables).assign(corpus=corpus["name"])
        with whole_file(PLOTS / f"{name}.csv") as part:
            table.to_csv(part, index=False, float_format=f"%.{DIGITS}f", lineterminator="\n")


def describe(corpus: dict[str, Any], validation: str | float) -> dict[str, Any]:
    """Return what the metrics say of the corpus."""
    return {
        "name": corpus["name"],
        "requested": corpus["requested"],
        "train_reviews": corpus["train"]["reviews"],
        "test_reviews": corpus["test"]["reviews"],
        "vocabulary": corpus["vocabulary"],
        "validation": validation,
    }


def learning_curves(history: pd.DataFrame) -> pd.DataFrame:
    """Return a row an epoch and split: accuracy and loss, on `training` and `validation`."""
    training = history[["epoch", "accuracy", "loss"]].assign(split="training")
    validation = history[["epoch", "val_accuracy", "val_loss"]].assign(split="validation")
    return pd.concat([training, validation.set_axis(training.columns, axis="columns")])


if __name__ == "__main__":
    command.run(main)
