"""Evaluate the networks, with the weights after the last epoch, and the baseline.

Reads data/corpus, data/padded and models. Writes metrics, plots/*.csv and data/evaluated. If some
reviews are held out, they choose thresholds, temperatures and the model that predicts.
"""

from typing import Any

import numpy as np
import pandas as pd

from birnn.core import paths, stage
from birnn.core.outputs import atomic_folder, read_json, write_json
from birnn.core.settings import Sections
from birnn.evaluation import (
    behavioral_runner,
    influence,
    mistakes,
    plot_data,
    predictor,
    summary,
    thresholds,
)
from birnn.evaluation import held_out as held_out_scores
from birnn.evaluation.model_names import (
    ALL_NETWORKS,
    ALL_TITLES,
    BASELINE,
    NETWORKS,
    comparisons,
    titles,
)
from birnn.evaluation.predictor import Predictor
from birnn.evaluation.selection import HELD_OUT, Report, choose, is_unequal, rarer_class
from birnn.evaluation.thresholds import Decision
from birnn.networks.log_odds import THRESHOLD, combine
from birnn.reviews import corpus_reader, corpus_statistics, encoding, sequences
from birnn.reviews.corpus import FILM_REVIEWS, SPLITS
from birnn.reviews.sequences import Pad, TrainedModels

REVIEWS = 500  # in which words are replaced


class Settings(Sections):
    """The settings of this stage."""

    pad: Pad
    report: Report
    train: TrainedModels


def main(settings: Settings) -> None:
    """Predict the test reviews and run the behavioral tests; write the results."""
    networks = [*NETWORKS] if settings.train.networks else []
    models = predictor.load([*networks, BASELINE])
    padded, labels = sequences.read(paths.PADDED_TEST)
    log_odds, costs = models.predict_split(paths.PADDED_TEST, paths.TEST_REVIEWS)
    histories = {name: pd.read_csv(paths.MODELS / name / "history.csv") for name in networks}
    table = pd.DataFrame(
        {
            "id": corpus_reader.column(paths.TEST_REVIEWS, "id"),
            "label": labels,
            "words": corpus_reader.lengths(paths.TEST_REVIEWS),
            "group": corpus_reader.groups(paths.TEST_REVIEWS),
            **log_odds,
        }
    )
    predictions = with_networks(table)
    held_out = None if settings.pad.validation == "test" else predict_held_out(models)
    corpus = describe(read_json(paths.CORPUS_DESCRIPTION), settings.pad.validation, held_out)
    decisions = decide(corpus, held_out, settings.report.threshold)
    in_training = np.isin(np.arange(len(table)), np.load(paths.OVERLAP))
    metrics = summary.summarize_models(
        predictions, costs, maxlen=padded.shape[1], in_training=in_training, decisions=decisions
    )
    if held_out is not None:
        label = corpus["rarer"]["label"]
        metrics = held_out_scores.add_scores(metrics, held_out, table, label, decisions)
    metrics = {"corpus": corpus} | metrics
    metrics["choice"] = choose(metrics, settings.report.select)
    influences = measure_influence(models, table)
    for name in networks:
        metrics[name] |= summary.rounded(influence.summarize(influences, name))
    write_json(paths.METRICS, summary.for_review(metrics))
    tables = plot_data.tables(table, metrics, histories) | {"influence": influences}
    for name in plot_data.PLOTS:
        rows = tables.pop(name).assign(corpus=corpus["name"])
        plot_data.write(rows, paths.PLOTS / f"{name}.csv")
    with atomic_folder(paths.EVALUATED) as folder:
        write_json(folder / paths.EVALUATION.name, metrics)
        tables["checklist"] = run_checklist(models, corpus["name"])
        for name, rows in tables.items():
            plot_data.write(rows, folder / f"{name}.csv")
        table.to_parquet(folder / "predictions.parquet", index=False)
        largest = mistakes.find(predictions, decisions)  # indexed by test review
        texts = corpus_reader.texts(paths.TEST_REVIEWS, largest.index.to_numpy())
        largest.assign(text=texts).to_parquet(folder / paths.MISTAKES.name, index=False)
        if held_out is not None:
            held_out.to_parquet(folder / paths.HELD_OUT_PREDICTIONS.name, index=False)
        write_json(folder / paths.COSTS.name, costs)
    for name in log_odds:
        print(f"{name}: accuracy {metrics[name]['accuracy']:.4f} on {len(labels):,} test reviews")
    for (first, second), compared in comparisons(metrics).items():
        print(f"{first} minus {second}: {compared['accuracy_difference']:+.4f}")


def predict_held_out(models: Predictor) -> pd.DataFrame:
    """Return the labels of the held-out reviews and the log-odds of each model."""
    _, labels = sequences.read(paths.PADDED_VALIDATION)
    log_odds, _ = models.predict_split(paths.PADDED_VALIDATION, paths.TRAIN_REVIEWS)
    return with_networks(pd.DataFrame({"label": labels} | log_odds))


def with_networks(table: pd.DataFrame) -> pd.DataFrame:
    """Add a column with the mean log-odds of all networks, if networks are trained."""
    networks = [*titles(table, NETWORKS)]
    combined = (
        {ALL_NETWORKS: combine([table[name].to_numpy() for name in networks])} if networks else {}
    )
    return table.assign(**combined)


def decide(
    corpus: dict[str, Any], held_out: pd.DataFrame | None, threshold: float | None
) -> dict[str, Decision]:
    """Return how each model decides: as held-out reviews show, or at a given threshold."""
    if held_out is None:
        return dict.fromkeys(ALL_TITLES, Decision(threshold=threshold or THRESHOLD))
    unequal = is_unequal(corpus["rarer"], corpus["train_reviews"])
    label = corpus["rarer"]["label"] if unequal else None
    log_odds = {name: held_out[name].to_numpy() for name in titles(held_out, ALL_TITLES)}
    return thresholds.fit(held_out["label"].to_numpy(), log_odds, label, threshold)


def measure_influence(models: Predictor, table: pd.DataFrame) -> pd.DataFrame:
    """Return the influence of words on each model, on REVIEWS test reviews."""
    rows = behavioral_runner.sample(np.arange(len(table)), REVIEWS)
    texts = corpus_reader.texts(paths.TEST_REVIEWS, rows)
    return influence.measure(models, encoding.read(paths.PADDED), texts, table)


def run_checklist(models: Predictor, corpus: str) -> pd.DataFrame:
    """Return one row per behavioral test, whose sentences are about films, and model."""
    if corpus not in FILM_REVIEWS:
        return pd.DataFrame(columns=behavioral_runner.COLUMNS)
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
