"""Test a user's own corpus, from a CSV file to predictions and the web page."""

import shlex
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser

from birnn.core.outputs import read_json
from birnn.core.paths import EVALUATION
from birnn.sources import rotten_tomatoes
from tests.browser import opened
from tests.projects import (
    BIRNN,
    SMALL,
    Build,
    check_output,
    commit,
    contents,
    copy,
    error_line,
    new_clone,
    run,
    set_settings,
    stages_run,
    watched,
)

pytestmark = pytest.mark.slow

LAYOUT = {
    "fetch.source": "csv",
    "csv.text_column": "review",
    "csv.label_column": "verdict",
    "csv.positive": "Fresh",
    "csv.negative": "Rotten",
}
ROWS = 2_000


@pytest.fixture(scope="module")
def own(shared: Callable[[str, Build], Path]) -> Path:
    """Return a clone in which the pipeline has run on a user's file. Do not modify it."""

    def build(folder: Path) -> None:
        new_clone(folder, SMALL | LAYOUT)
        table = pd.DataFrame(islice(rotten_tomatoes.read(), 0, 6 * ROWS, 6))
        table["verdict"] = np.where(table["label"] == 1, "fresh", "rotten")
        table["split"] = np.where(table.index % 3 == 0, "test", "train")
        table = table.rename(columns={"text": "review"})[["review", "verdict", "split"]]
        table.to_csv(folder / "data" / "own" / "reviews.csv")
        check_output(folder, "dvc", "repro")
        commit(folder)

    return shared("own", build)


@pytest.fixture
def own_copy(own: Path, tmp_path: Path) -> Path:
    return copy(own, tmp_path / "copy")


def test_pipeline_runs_on_own_corpus(own: Path) -> None:
    metrics = read_json(own / EVALUATION)
    assert metrics["corpus"]["name"] == metrics["corpus"]["requested"] == "reviews.csv"
    report = (own / "report" / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# Fresh or Rotten? The texts in `reviews.csv`\n")
    assert "\n| share of Fresh | " in report
    assert "| reviews | 1,333 | 667 |" in report
    # The user's text stays out of git.
    assert run("git", "ls-files", "data", cwd=own).stdout == "data/own/README.md\n"


def test_baseline_alone_needs_no_tensorflow_and_gets_a_threshold(own_copy: Path) -> None:
    (own_copy / "tensorflow.py").write_text("raise ImportError")
    settings = {"train.networks": "false", "pad.validation": "0.2", "csv.positive": "Fresh"}
    set_settings(own_copy, settings)
    file = own_copy / "data" / "own" / "reviews.csv"
    table = pd.read_csv(file)
    rare = table[(table["verdict"] == "rotten") | (table.index % 8 == 0)]  # few are fresh
    rare.to_csv(file, index=False)
    check_output(own_copy, "dvc", "repro")
    metrics = read_json(own_copy / EVALUATION)
    assert metrics["choice"]["model"] == "baseline"
    assert not {"bilstm", "bigru", "networks"} & metrics.keys()
    assert metrics["baseline"]["threshold"] < 0.5
    report = (own_copy / "report" / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# Fresh or Rotten? The texts in `reviews.csv`\n\n**Baseline at")
    assert "behavioral" not in report
    kept = check_output(own_copy, *BIRNN, "results").partition("  dvc exp run ")[2].splitlines()[0]
    check_output(own_copy, "dvc", "exp", "run", *shlex.split(kept))
    again = read_json(own_copy / EVALUATION)["baseline"]
    assert "temperature" not in again
    assert f"report.threshold={again['threshold']}" in kept
    (line,) = check_output(own_copy, *BIRNN, "predict", "Fine.").splitlines()[1:]
    assert line.startswith("  Baseline")


def test_changed_or_deleted_file_reruns_fetch(own_copy: Path) -> None:
    assert stages_run(check_output(own_copy, "dvc", "repro")) == []
    file = own_copy / "data" / "own" / "reviews.csv"
    content = file.read_bytes()
    file.write_bytes(content + b"9999,One more review.,fresh,train\n")
    assert "fetch" in stages_run(check_output(own_copy, "dvc", "repro", "--dry"))

    shutil.rmtree(own_copy / "data")
    check_output(own_copy, "git", "checkout", "--", "data/own")  # as `make repro` does
    result = run("dvc", "repro", "fetch", cwd=own_copy)
    assert result.returncode != 0
    assert error_line(result.stderr) == (
        "error: data/own/reviews.csv does not exist or is not a file: check the path"
    )
    file.write_bytes(content)
    check_output(own_copy, "dvc", "repro", "fetch")
    assert check_output(own_copy, "git", "status", "--porcelain") == ""


def test_error_is_one_line_after_the_skipped_rows_that_may_be_its_reason(own_copy: Path) -> None:
    set_settings(own_copy, {"csv.unusable": "skip", "csv.positive": "good"})
    before = contents(own_copy / "data" / "corpus")
    lines = "review,verdict,split\na,fresh,train\nb,rotten,train\nb,fresh,test\nd,rotten,test\n"
    (own_copy / "data" / "own" / "reviews.csv").write_text(lines, encoding="utf-8")
    result = run("python", "-m", "stages.fetch", cwd=own_copy)
    assert result.returncode == 1
    assert "has 0 good and 1 Rotten reviews" in error_line(result.stderr)
    assert "skipped rows: 2 (2 labelled 'fresh')" in result.stdout
    assert contents(own_copy / "data" / "corpus") == before


def test_unlabelled_texts_are_read_if_a_setting_needs_them(own_copy: Path) -> None:
    command, folder = ("dvc", "repro", "fetch_unlabelled"), own_copy / "data" / "unlabelled"
    labelled = pd.read_csv(own_copy / "data" / "own" / "reviews.csv")["review"][0]
    new = own_copy / "data" / "own" / "new.csv"
    pd.DataFrame({"review": [labelled, "Not labelled.", None]}).to_csv(new)
    counts = folder / "unlabelled.json"
    check_output(own_copy, *command)
    assert read_json(counts) == {"reviews": 0, "left_out": 0}
    set_settings(own_copy, {"word_vectors.reviews": "all"})
    expected = "error: reviews.csv has no unlabelled reviews: set word_vectors.reviews to train and"
    assert error_line(run(*command, cwd=own_copy).stderr).startswith(expected)
    set_settings(own_copy, {"csv.unlabelled": "new.csv"})
    check_output(own_copy, *command)
    assert read_json(counts) == {"reviews": 1, "left_out": 1}


def test_predict_from_a_pipe_into_a_closed_one(own: Path) -> None:
    text = "A warm and wonderful film."
    command = "python -m birnn_apps predict --model networks | head -n 2"
    result = run("bash", "-c", command, cwd=own, stdin=f"{text}\n" * ROWS, warm=False)
    assert (result.returncode, result.stdout.count(f")  {text}\n")) == (0, 2)
    # No messages of TensorFlow.
    assert result.stderr == "All networks, Fresh above 0.5\n"


@pytest.fixture
def address(own: Path) -> Iterator[str]:
    """Return the address of a running `birnn serve` with the user's networks."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    line = f"running on http://127.0.0.1:{port}"
    command = (*BIRNN, "serve", "--port", port)
    with watched(own, *command, until=lambda _, log: line in log) as (server, _):
        yield f"http://127.0.0.1:{port}"
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 0


def test_predict_in_browser(own: Path, browser: Browser, address: str) -> None:
    text = "A warm and wonderful film,\n<b>not</b> a dull one."
    with opened(browser, address, viewport={"width": 390, "height": 800}) as page:
        page.get_by_label("Text").fill(text)
        page.get_by_role("button", name="Predict").click()
        result = page.get_by_label("result")
        result.wait_for()
        printed = run(*BIRNN, "predict", cwd=own, stdin=text.replace("\n", " ")).stdout
        assert printed.partition("  ")[0] in result.inner_text()
        # The typed text is shown word by word, and its HTML is escaped.
        assert page.locator(".text").first.inner_text() == text
        colors = page.locator(".text span").evaluate_all(
            "spans => spans.map(span => getComputedStyle(span).backgroundColor)"
        )
        assert len(set(colors)) > 2
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
