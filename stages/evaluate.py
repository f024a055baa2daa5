"""Score both networks, as they are after the last epoch, and the baseline on the test reviews.

Reads data/corpus, data/padded and models, writes metrics/metrics.json, plots/*.csv and
data/evaluated. Where reviews are held out, the mean of the networks, and of all, is scored as well.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from birnn.core import machine, stage
from birnn.core.outputs import read_json, whole_folder, write_json
from birnn.core.settings import Settings
from birnn.evaluation import ensembles, mistakes, plot_data, predictions, summary
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.evaluation.predictions import Predictions
from birnn.networks import network
from birnn.text import reviews, sequences

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
    """Predict the test reviews, and write what that shows."""
    padded, labels = sequences.read(PADDED)
    predicted = predict(PADDED, REVIEWS)
    histories = {name: pd.read_csv(MODELS / name / "history.csv") for name in NETWORKS}
    table = pd.DataFrame(
        {
            "id": reviews.column(REVIEWS, "id"),
            "label": labels,
            "words": reviews.lengths(REVIEWS),
            **{name: model.probabilities for name, model in predicted.items()},
        }
    )
    corpus = read_json(CORPUS)
    metrics = measure(table, predicted, histories, maxlen=padded.shape[1])
    held_out = None if settings.pad.validation == "test" else held_out_table()
    if held_out is not None:
        metrics = ensembles.measure(held_out, table, metrics)
    write_json(METRICS, {"corpus": describe(corpus, settings.pad.validation)} | metrics)
    write_plots(table, metrics, histories, corpus["name"])
    with whole_folder(EVALUATED) as folder:
        table.to_parquet(folder / "predictions.parquet", index=False)
        worst(table).to_parquet(folder / "mistakes.parquet", index=False)
        if held_out is not None:
            held_out.to_parquet(folder / "held_out.parquet", index=False)
        costs = {name: model.cost for name, model in predicted.items()}
        here = machine.describe(network.accelerators())
        write_json(folder / "costs.json", costs | {"machine": here})
    for name in predicted:
        print(f"{name}: accuracy {metrics[name]['accuracy']:.4f} on {len(labels):,} test reviews")
    print(f"bilstm and bigru: {metrics['pair']['verdict']}")


def predict(padded: Path, corpus_file: Path) -> dict[str, Predictions]:
    """Return what each model says of reviews, from their sequences or their words."""
    padded_reviews, _ = sequences.read(padded)
    said = {name: predictions.of_network(MODELS / name, padded_reviews) for name in NETWORKS}
    rows = np.load(padded / "rows.npy")
    return said | {BASELINE: predictions.of_baseline(MODELS / BASELINE, corpus_file, rows)}


def held_out_table() -> pd.DataFrame:
    """Return the labels of the reviews that were held out, and each model's probabilities."""
    _, labels = sequences.read(HELD_OUT)
    said = predict(HELD_OUT, TRAINING_REVIEWS)
    return pd.DataFrame({"label": labels} | {name: of.probabilities for name, of in said.items()})


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


def measure(
    table: pd.DataFrame,
    predicted: dict[str, Predictions],
    histories: dict[str, pd.DataFrame],
    maxlen: int,
) -> dict[str, Any]:
    """Return the metrics of each model, of the pair, and of the baseline beside each network."""
    labels, lengths = table["label"].to_numpy(), table["words"].to_numpy()
    probabilities = {name: model.probabilities for name, model in predicted.items()}
    metrics: dict[str, Any] = {
        name: summary.of_model(labels, of_one, lengths, maxlen)
        | (summary.of_history(histories[name]) if name in histories else {})
        | {"parameters": predicted[name].cost["parameters"]}
        for name, of_one in probabilities.items()
    }
    metrics["pair"] = summary.of_pair(labels, {name: probabilities[name] for name in NETWORKS})
    metrics[BASELINE]["against"] = [
        {"network": name}
        | summary.of_pair(labels, {other: probabilities[other] for other in (BASELINE, name)})
        for name in NETWORKS
    ]
    return metrics


def write_plots(
    table: pd.DataFrame,
    metrics: dict[str, Any],
    histories: dict[str, pd.DataFrame],
    corpus: str,
) -> None:
    """Write the data of the plots."""
    models = [*NETWORKS, BASELINE]
    probabilities = {name: table[name].to_numpy() for name in models}
    tables = plot_data.of_predictions(table["label"].to_numpy(), probabilities) | {
        "curves": plot_data.of_histories(histories),
        "lengths": plot_data.of_lengths({name: metrics[name] for name in models}),
    }
    for name, rows in tables.items():
        plot_data.write(rows, corpus, PLOTS / f"{name}.csv")


def worst(table: pd.DataFrame) -> pd.DataFrame:
    """Return the reviews that the networks read worst, of each kind the worst first, with texts."""
    kinds = {name: mistakes.most_wrong(table, name) for name in NETWORKS}
    kinds["disagreement"] = mistakes.most_disagreed(table, *NETWORKS)
    found = pd.concat(rows.assign(kind=kind) for kind, rows in kinds.items())
    return found.assign(text=reviews.texts(REVIEWS, found.index.to_numpy()))


if __name__ == "__main__":
    stage.run(main)
