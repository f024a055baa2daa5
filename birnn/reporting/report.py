"""The report as Markdown for pull requests, and as an HTML page with the same content."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from birnn.checklist.behavioral_tests import SAMPLE_SIZE
from birnn.checklist.runner import TOLERANCE
from birnn.core.outputs import atomic_file
from birnn.evaluation.calibration import BINS
from birnn.evaluation.costs import matched_gru_units
from birnn.evaluation.model_names import (
    BASELINE,
    NETWORKS,
    TITLES,
    comparisons,
)
from birnn.evaluation.slices import LENGTHS
from birnn.networks import decision
from birnn.reporting import conclusions, leaderboard_figure, page, templating
from birnn.reporting.formatting import NOTHING, number, score
from birnn.reporting.references import NOTEBOOK, published_on
from birnn.reporting.study import Study
from birnn.training.splits import TEST, watched_split

MOST = 0.5  # a model fails a behavioral test in most cases if more than this share fail
SUBJECTS = {
    "imdb": "IMDB film reviews",
    "imdb-npz": "IMDB film reviews (imdb-npz)",
    "rotten-tomatoes": "Rotten Tomatoes film reviews",
}
FILMS = {"imdb", "rotten-tomatoes"}  # corpora whose groups are films
SCORES = {
    "accuracy": "Accuracy",
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "loss": "Loss",
    "brier": "Brier score",
}
WATCHED_SCORES = {
    "best_val_accuracy": "Highest accuracy of all epochs, {}",
    "best_val_epoch": "Epoch of the highest accuracy, {}",
}


def write(content: dict[str, Any], drawings: dict[str, str], folder: Path) -> None:
    """Write `report.md`, which links to the figures, and `report.html`, which contains them.

    Args:
        content: data of the report: `metrics`, `costs`, `source` (the description of
            the corpus), `unlabelled` (the description of its unlabelled reviews), `statistics` and
            `distinctive_words` (see `corpus_statistics`), `vocabulary` (its size), `held_out`
            (training reviews), `confusion`, `best_loss_epoch`, `checklist`, `settings`, `studies`,
            `ladder` and `leaderboard`.
        drawings: an `svg` element per figure, by its address in the Markdown.
        folder: output folder.
    """
    environment = templating.environment()
    metrics, settings = content["metrics"], content["settings"]
    corpus, over_seeds = metrics["corpus"]["name"], study_over_seeds(content["studies"])
    watched = watched_split(metrics["corpus"]["validation"])
    watched_scores = {key: title.format(watched) for key, title in WATCHED_SCORES.items()}
    notebook = NOTEBOOK if corpus == "imdb" else {}
    notebook_watched = notebook if watched == TEST else {}  # the notebook watched the test split
    markdown = environment.get_template("report.md.j2").render(
        content,
        titles=TITLES,
        networks=list(NETWORKS),
        conclusions=conclusions,
        groups=group_kind(corpus),
        compared=comparisons(metrics),
        subject=subject(corpus),
        over_seeds=over_seeds,
        same_code=bool(over_seeds and over_seeds.contains(metrics, settings)),
        most=MOST,
        published=published_on(corpus),
        notebook=bool(notebook),
        scores=score_rows(metrics, notebook, SCORES, list(TITLES)),
        watched=watched,
        watched_scores=score_rows(metrics, notebook_watched, watched_scores, list(NETWORKS)),
        counted=counted(content["costs"]),
        cost_rows=cost_rows(content["costs"]),
        matched_units=matched_units(settings),
        threshold=decision.THRESHOLD,
        bins=BINS,
        lengths=LENGTHS,
        tolerance=TOLERANCE,
        sample_size=SAMPLE_SIZE,
        most_rows=leaderboard_figure.MOST,
    )
    markdown = page.add_contents(markdown)
    html = page.render(markdown, drawings)
    for name, text in {"report.md": markdown, "report.html": html}.items():
        with atomic_file(folder / name) as part:
            part.write_text(text, encoding="utf-8", newline="\n")


def subject(corpus: str) -> str:
    """Describe the texts of a corpus."""
    return SUBJECTS.get(corpus, f"the texts in {corpus}")


def group_kind(corpus: str) -> str:
    """Return what the groups of a corpus are called."""
    return "films" if corpus in FILMS else "groups of texts"


def study_over_seeds(studies: Sequence[Study]) -> Study | None:
    """Return the first study that varies only the seed and has all networks, None without one."""
    return next(
        (
            study
            for study in studies
            if study.comparison is not None
            and not study.varied
            and study.networks == list(NETWORKS)
        ),
        None,
    )


def score_rows(
    metrics: dict[str, Any],
    notebook: dict[str, dict[str, Any]],
    titles: dict[str, str],
    models: list[str],
) -> list[dict[str, Any]]:
    """Return one row per score, with its title and each model's value and interval.

    If the notebook has the score, its values follow in the next row.
    """
    return [
        {
            "title": title + suffix,
            "values": [_score(source.get(model, {}), key) for model in models],
        }
        for key, title in titles.items()
        for suffix, source in {"": metrics, ", notebook": notebook}.items()
        if any(key in source.get(model, {}) for model in models)
    ]


def _score(scores: dict[str, Any], key: str) -> str:
    """Format a score with its interval, if there is one."""
    interval = scores.get(f"{key}_interval")
    return score(scores.get(key)) + (f" ({score(interval)})" if interval else "")


def cost_rows(costs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row per cost, with its title and the value of each model."""
    rows = {
        "Parameters": {model: number(costs[model]["parameters"]) for model in TITLES},
        "Recurrent parameters": {
            network: number(costs[network]["recurrent_parameters"]) for network in NETWORKS
        },
        "Multiply-adds per review": {
            model: number(costs[model]["multiply_adds"]) for model in [*counted(costs), BASELINE]
        },
    }
    return [
        {"title": title, "values": [values.get(model, NOTHING) for model in TITLES]}
        for title, values in rows.items()
    ]


def counted(costs: dict[str, Any]) -> list[str]:
    """Return the networks whose multiply-adds are known."""
    return [network for network in NETWORKS if costs[network]["multiply_adds"] is not None]


def matched_units(settings: dict[str, Any]) -> int | None:
    """Return the number of GRU units that matches the LSTM, None without one of the two."""
    if not {"bilstm", "bigru"} <= set(NETWORKS):
        return None
    inputs = settings["network.embedding_dim"] + settings["ngrams.longest"]
    return matched_gru_units(inputs, settings["bilstm.units"])
