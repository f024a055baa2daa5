"""Evaluate the networks, with the weights after the last epoch, and the baseline.

Reads data/corpus, data/padded and models. Writes metrics, plots/*.csv and data/evaluated. If some
reviews are held out, ensembles and temperature scaling are evaluated as well.
"""

from typing import Any

import numpy as np
import pandas as pd

from birnn.core import paths, stage
from birnn.core.outputs import atomic_folder, read_json, write_json
from birnn.core.settings import Sections
from birnn.evaluation import (
    behavioral_runner,
    ensembles,
    influence,
    mistakes,
    plot_data,
    predictor,
    summary,
)
from birnn.evaluation.model_names import NETWORKS, TITLES, comparisons
from birnn.evaluation.predictor import Predictor
from birnn.evaluation.selection import HELD_OUT, Report, choose, rarer_class
from birnn.reviews import corpus_reader, corpus_statistics, encoding, sequences
from birnn.reviews.corpus import SPLITS
from birnn.reviews.sequences import Pad

REVIEWS = 500  # in which words are replaced
SAMPLE = 500  # training reviews of each class that show if a model predicts only one


class Settings(Sections):
    """The settings of this stage."""

    pad: Pad
    report: Report


def main(settings: Settings) -> None:
    """Predict the test reviews and run the behavioral tests; write the results."""
    models = predictor.load([*TITLES])
    padded, labels = sequences.read(paths.PADDED_TEST)
    log_odds, costs = models.predict_split(paths.PADDED_TEST, paths.TEST_REVIEWS)
    histories = {name: pd.read_csv(paths.MODELS / name / "history.csv") for name in NETWORKS}
    table = pd.DataFrame(
        {
            "id": corpus_reader.column(paths.TEST_REVIEWS, "id"),
            "label": labels,
            "words": corpus_reader.lengths(paths.TEST_REVIEWS),
            "group": corpus_reader.groups(paths.TEST_REVIEWS),
            **log_odds,
        }
    )
    held_out = None if settings.pad.validation == "test" else predict_held_out(models)
    corpus = describe(read_json(paths.CORPUS_DESCRIPTION), settings.pad.validation, held_out)
    in_training = np.isin(np.arange(len(table)), np.load(paths.OVERLAP))
    metrics = summary.summarize_models(
        table, costs, maxlen=padded.shape[1], in_training=in_training
    )
    if held_out is not None:
        metrics = ensembles.add_held_out(metrics, held_out, table, corpus["rarer"]["label"])
    metrics = {"corpus": corpus} | metrics
    seen = predict_training_sample(models) if held_out is None else held_out
    metrics["choice"] = choose(metrics, settings.report.select, summary.constant_models(seen))
    influences = measure_influence(models, table)
    for name in NETWORKS:
        metrics[name] |= summary.rounded(influence.summarize(influences, name))
    write_json(paths.METRICS, summary.for_review(metrics))
    tables = plot_data.tables(table, metrics, histories) | {"influence": influences}
    for name in plot_data.PLOTS:
        rows = tables.pop(name).assign(corpus=corpus["name"])
        plot_data.write(rows, paths.PLOTS / f"{name}.csv")
    with atomic_folder(paths.EVALUATED) as folder:
        write_json(folder / paths.EVALUATION.name, metrics)
        for name, rows in (tables | {"checklist": run_checklist(models)}).items():
            plot_data.write(rows, folder / f"{name}.csv")
        table.to_parquet(folder / "predictions.parquet", index=False)
        largest = mistakes.find(table)  # indexed by test review
        texts = corpus_reader.texts(paths.TEST_REVIEWS, largest.index.to_numpy())
        largest.assign(text=texts).to_parquet(folder / paths.MISTAKES.name, index=False)
        if held_out is not None:
            held_out.to_parquet(folder / "held_out.parquet", index=False)
        write_json(folder / paths.COSTS.name, costs)
    for name in log_odds:
        print(f"{name}: accuracy {metrics[name]['accuracy']:.4f} on {len(labels):,} test reviews")
    for (first, second), compared in comparisons(metrics).items():
        print(f"{first} minus {second}: {compared['accuracy_difference']:+.4f}")


def predict_held_out(models: Predictor) -> pd.DataFrame:
    """Return the labels of the held-out reviews and each model's log-odds."""
    _, labels = sequences.read(paths.PADDED_VALIDATION)
    log_odds, _ = models.predict_split(paths.PADDED_VALIDATION, paths.TRAIN_REVIEWS)
    return pd.DataFrame({"label": labels} | log_odds)


def predict_training_sample(models: Predictor) -> pd.DataFrame:
    """Return each model's log-odds of up to SAMPLE training reviews of each class."""
    by_label = np.argsort(corpus_reader.column(paths.TRAIN_REVIEWS, "label"), kind="stable")
    rows = np.union1d(by_label[:SAMPLE], by_label[-SAMPLE:])
    tokens = models.tokenize(corpus_reader.texts(paths.TRAIN_REVIEWS, rows))
    return pd.DataFrame(models.predict_log_odds(tokens))


def measure_influence(models: Predictor, table: pd.DataFrame) -> pd.DataFrame:
    """Return the influence of words on each model, on REVIEWS test reviews."""
    rows = behavioral_runner.sample(np.arange(len(table)), REVIEWS)
    texts = corpus_reader.texts(paths.TEST_REVIEWS, rows)
    return influence.measure(models, encoding.read(paths.PADDED), texts, table)


def run_checklist(models: Predictor) -> pd.DataFrame:
    """Return one row per behavioral test and model."""
    table = behavioral_runner.run_tests(models)
    for model, rows in table.groupby("model", sort=False):
        print(f"{model}: {rows['failures'].sum():,} of {rows['cases'].sum():,} cases fail")
    return table


def describe(
    corpus: dict[str, Any], validation: str | float, held_out: pd.DataFrame | None
) -> dict[str, Any]:
    """Return the part of the corpus description that belongs in the metrics."""
    share = corpus["test"]["positive"] / corpus["test"]["reviews"]
    parts = {split: corpus[split] for split in SPLITS}
    if held_out is not None:
        parts[HELD_OUT] = {"reviews": len(held_out), "positive": int(held_out["label"].sum())}
    return {
        "name": corpus["name"],
        "requested": corpus["requested"],
        "digest": corpus_statistics.digest(paths.CORPUS),
        **{f"{part}_reviews": counts["reviews"] for part, counts in parts.items()},
        "classes": corpus["classes"],
        "majority_class_share": summary.rounded(max(share, 1 - share)),
        "vocabulary": corpus["vocabulary"],
        "validation": validation,
        "rarer": rarer_class(parts),
    }


if __name__ == "__main__":
    stage.run(main, Settings)
