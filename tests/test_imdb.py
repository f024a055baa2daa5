"""Test the pipeline on IMDB: unlabelled reviews, and predictions and behavior after two epochs."""

import os
import re
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from birnn.core.outputs import read_json
from birnn.evaluation import behavioral_tests, predictor
from birnn.evaluation.model_names import BASELINE, NETWORKS
from tests.projects import PROJECT, check_output, copy, set_settings

# Highest allowed failure rates.
BOUNDS = {
    "plain praise is positive": 0.15,
    "plain blame is negative": 0.15,
    "people get other first names": 0.1,
    "a neutral sentence before": 0.2,
    "a neutral sentence after": 0.2,
    "praise added at the end": 0.1,
    "blame added at the end": 0.1,
}

UNBOUNDED = ("negated praise is negative", "negated blame is not negative")

# How networks classify short texts depends on the seed: they call from none to all of plain blame
# positive. The ranking does not depend on the seed.
SEED_DEPENDENT = ("plain praise is positive", "plain blame is negative")


@pytest.mark.exhaustive
def test_unlabelled_reviews_of_imdb(imdb: Path, tmp_path: Path) -> None:
    project = copy(imdb, tmp_path / "copy")
    set_settings(project, {"word_vectors.reviews": "all"})
    archive = str(Path(os.environ["IMDB_ARCHIVE"]).resolve())
    check_output(project, "python", "-m", "stages.fetch_unlabelled", IMDB_ARCHIVE=archive)
    # 270 of the 50,000 have the text of a test review, and 371 of a training review.
    folder = project / "data" / "unlabelled"
    assert read_json(folder / "unlabelled.json") == {"reviews": 49_359, "left_out": 641}
    assert pq.ParquetFile(folder / "reviews.parquet").metadata.num_rows == 49_359


def test_committed_failure_rates_are_bounded() -> None:
    report = (PROJECT / "report" / "report.md").read_text(encoding="utf-8").replace(",", "")
    rows = re.findall(r"(?m)^\| (?:MFT|INV|DIR): (.*?) \| (\d+).*? \| (.*) \|$", report)
    rates = pd.DataFrame(
        {
            # Percentages with intervals, or numbers of failures.
            test: [
                float(cell.split()[0]) / (100 if "(" in cell else int(cases))
                for cell in cells.split(" | ")
            ]
            for test, cases, cells in rows
        },
        index=["bilstm", "bigru", BASELINE],
    ).T
    assert set(rates.index) == {*BOUNDS, *UNBOUNDED}
    for test, bound in BOUNDS.items():
        models = [BASELINE] if test in SEED_DEPENDENT else rates.columns
        assert (rates.loc[test, models] <= bound).all(), test
    # All models fail nearly all cases of negation.
    assert (rates.loc[list(UNBOUNDED)] > 0.5).all(axis=None)
    # A network that gives all short texts the same class would have 0.5.
    networks = rates.columns.drop(BASELINE)
    assert (rates.loc[list(SEED_DEPENDENT), networks].mean() <= 0.35).all()


@pytest.mark.exhaustive
def test_networks_rank_plain_praise_above_plain_blame(
    imdb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(imdb)
    behaviors = {each.description: each for each in behavioral_tests.all_behaviors([], [])}
    plain = [behaviors[name] for name in SEED_DEPENDENT]
    labels = [behavior.expected for behavior in plain for _ in behavior.texts]
    networks = predictor.load([*NETWORKS])
    tokens = networks.tokenize(text for behavior in plain for text in behavior.texts)
    for log_odds in networks.predict_log_odds(tokens).values():
        assert roc_auc_score(labels, log_odds) >= 0.99
