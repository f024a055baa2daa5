"""Test that exported models predict 1,000 test reviews as the pipeline did."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser

from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE, NETWORKS, TITLES
from birnn.networks.decision import probability
from tests.birnn.inference.test_onnx_model import python_example
from tests.browser import opened
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


@pytest.fixture(params=[ALL_NETWORKS, BASELINE])
def model(request: pytest.FixtureRequest) -> str:
    """Return the model that is exported."""
    return request.param


def check(computed: dict[str, np.ndarray], reviews: pd.DataFrame, tolerance: float) -> None:
    names = computed.keys() & TITLES.keys()
    assert names
    for name in names:
        expected = probability(reviews[name].to_numpy())
        assert np.ptp(expected) > 0.1
        assert np.abs(computed[name] - expected).max() <= tolerance


def test_onnx_model_agrees_with_evaluate(
    project: Path,
    reviews: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
) -> None:
    check_output(project, *BIRNN, "export", str(tmp_path / "birnn.onnx"), "--model", model)
    (tmp_path / "example.py").write_text(python_example(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    predict = runpy.run_path("example.py")["predict"]
    texts = np.array_split(reviews["text"], 10)  # the baseline takes 2 MB per text
    parts = pd.concat(pd.DataFrame(predict(part.tolist())) for part in texts)
    check({name: parts[name].to_numpy() for name in parts}, reviews, 1e-5)


def test_page_agrees_with_evaluate(
    project: Path, reviews: pd.DataFrame, tmp_path: Path, browser: Browser, model: str
) -> None:
    file = tmp_path / "reader.html"
    check_output(project, *BIRNN, "export", str(file), "--model", model)
    assert file.stat().st_size < 12e6
    with opened(browser, file.as_uri(), offline=True) as page:
        log_odds = page.evaluate(f"texts => texts.map({LOG_ODDS})", reviews["text"].tolist())
    names = NETWORKS if model == ALL_NETWORKS else [BASELINE]
    computed = dict(zip(names, probability(np.array(log_odds).T), strict=True))
    check(computed, reviews, 0.01)
