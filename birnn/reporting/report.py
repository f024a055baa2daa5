"""The report as Markdown for pull requests, and as an HTML page with the same content."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from birnn.checklist.behavioral_tests import TOLERANCE
from birnn.core.outputs import write_text
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.evaluation.plot_data import TEST
from birnn.networks import decision
from birnn.reporting import page, sentences, tables, templating
from birnn.reporting.references import NOTEBOOK, PUBLISHED
from birnn.studies.regimes import COMPARISONS
from birnn.studies.store import find_over_seeds, group_kind
from birnn.studies.table import rows
from birnn.style.formatting import code

MOST = 0.5  # a model fails a behavioral test in most cases if more than this share fail
SUBJECTS = {
    "imdb": "IMDB film reviews",
    "rotten-tomatoes": "Rotten Tomatoes film reviews",
}
FIGURES = ("accuracy", "loss", "reliability", "lengths")


def write(content: dict[str, Any], drawings: dict[str, str], folder: Path) -> None:
    """Write `report.md`, which links to the figures, and `report.html`, which contains them.

    Args:
        content: data of the report, as `stages.report` collects it, and the values of `common`.
        drawings: an `svg` element per figure, by its address in the Markdown.
        folder: output folder.
    """
    metrics, settings = content["metrics"], content["settings"]
    corpus, study = metrics["corpus"]["name"], content["over_seeds"]
    markdown = templating.render(
        "report.md.j2",
        **content,
        network_names=[TITLES[name] for name in NETWORKS],
        same_code=study is not None and study.contains(metrics, settings),
        others=[each for each in content["studies"] if each is not study],
        notebook=NOTEBOOK if corpus == "imdb" else {},
        published=PUBLISHED if corpus == "imdb" else (),
        watched=TEST if metrics["corpus"]["validation"] == "test" else "held-out reviews",
        short={name: metrics[name]["by_truncation"][0] for name in TITLES},
        without_copies={name: metrics[name]["by_overlap"][0] for name in TITLES},
        calibration_errors={name: metrics[name]["ece"] for name in TITLES},
        changed=tables.changed_settings(settings),
        threshold=decision.THRESHOLD,
        tolerance=TOLERANCE,
        comparisons=COMPARISONS,
    )
    markdown = page.add_contents(markdown)
    html = page.render(markdown, drawings)
    for name, text in {"report.md": markdown, "report.html": html}.items():
        write_text(folder / name, text)


def common(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the templates of the report and of the model card share."""
    corpus = content["metrics"]["corpus"]["name"]
    complete = (each for each in content["studies"] if each.networks == list(NETWORKS))
    study = find_over_seeds(complete)
    row = rows(study)[0] if study else None
    failed = {
        name: [test for test in content["checklist"] if test["models"][name]["failure_rate"] > MOST]
        for name in TITLES
    }
    return {
        "titles": TITLES,
        "networks": list(NETWORKS),
        "sentences": sentences,
        "tables": tables,
        "groups": group_kind(corpus),
        "subject": SUBJECTS.get(corpus, f"the texts in {code(corpus)}"),
        "over_seeds": study,
        "row": row,
        "means": {name: {"accuracy": row.means[name].mean} for name in NETWORKS} if row else {},
        "failed": failed,
        "failed_counts": {name: len(tests) for name, tests in failed.items()},
    }
