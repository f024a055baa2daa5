"""Test that exported networks predict 1,000 test reviews as the pipeline did."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser

from birnn.evaluation.model_names import NETWORKS
from birnn.networks.decision import probability
from tests.birnn.inference.test_onnx_model import python_example
from tests.projects import BIRNN, check_output
from tests.test_reader_in_browser import LOG_ODDS

pytestmark = pytest.mark.slow


@pytest.fixture(params=["finished", pytest.param("imdb", marks=pytest.mark.exhaustive)])
def project(request: pytest.FixtureRequest) -> Path:
    """Return a project in which the pipeline has run. Do not modify it."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def reviews(project: Path) -> pd.DataFrame:
    """Return the texts of random test reviews and the log-odds from each network."""
    texts = pd.read_parquet(project / "data" / "corpus" / "test.parquet", columns=["id", "text"])
    evaluated = pd.read_parquet(project / "data" / "evaluated" / "predictions.parquet")
    return texts.merge(evaluated, on="id", validate="1:1").sample(1_000, random_state=0)


def check(computed: dict[str, np.ndarray], reviews: pd.DataFrame, tolerance: float) -> None:
    for name in NETWORKS:
        expected = probability(reviews[name].to_numpy())
        assert np.ptp(expected) > 0.1
        assert np.abs(computed[name] - expected).max() <= tolerance


def test_onnx_model_agrees_with_evaluate(
    project: Path, reviews: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_output(project, *BIRNN, "export", str(tmp_path / "birnn.onnx"))
    (tmp_path / "example.py").write_text(python_example(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    predict = runpy.run_path("example.py")["predict"]
    check(predict(reviews["text"].tolist()), reviews, 1e-5)


def test_page_agrees_with_evaluate(
    project: Path, reviews: pd.DataFrame, tmp_path: Path, browser: Browser
) -> None:
    file = tmp_path / "reader.html"
    check_output(project, *BIRNN, "export", str(file))
    assert file.stat().st_size < 10e6
    page = browser.new_page(offline=True)
    page.goto(file.as_uri())
    log_odds = page.evaluate(f"texts => texts.map({LOG_ODDS})", reviews["text"].tolist())
    computed = dict(zip(NETWORKS, probability(np.array(log_odds).T), strict=True))
    check(computed, reviews, 0.01)
