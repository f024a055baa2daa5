"""Test a user's own corpus, from a CSV file to prediction, explanation, export and web page."""

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import httpx2
import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page

from birnn.core.outputs import read_json
from birnn.corpora import rotten_tomatoes
from birnn.networks.decision import probability
from tests.browser import CHROMIUM, open_chromium
from tests.projects import (
    PROJECT,
    SMALL,
    Build,
    check_output,
    commit,
    contents,
    copy,
    environment,
    error_line,
    new_clone,
    repro,
    resolve,
    run,
    set_settings,
    stages_run,
)

pytestmark = pytest.mark.slow

LAYOUT = {
    "fetch.source": "csv",
    "csv.text_column": "review",
    "csv.label_column": "stars",
    "csv.positive": "5",
    "csv.negative": "1",
}
ROWS = 2_000


def write_reviews(file: Path) -> None:
    """Write real reviews to a CSV file in the layout of a user."""
    reviews = list(islice(rotten_tomatoes.read(), 0, None, 6))[:ROWS]
    assert len(reviews) == ROWS
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(["n", "review", "stars", "split"])
        for number, review in enumerate(reviews):
            split = "test" if number % 3 == 0 else "train"
            writer.writerow([number, review.text, 5 if review.label else 1, split])


@pytest.fixture(scope="module")
def own(shared: Callable[[str, Build], Path]) -> Path:
    """Return a clone in which the pipeline has run on a user's file. Do not modify it."""

    def build(folder: Path) -> None:
        new_clone(folder, SMALL | LAYOUT)
        write_reviews(folder / "data" / "own" / "reviews.csv")
        repro(folder)
        commit(folder)

    return shared("own", build)


@pytest.fixture
def own_copy(own: Path, tmp_path: Path) -> Path:
    """Return a copy of that clone, which tests may modify."""
    return copy(own, tmp_path / "copy")


def birnn(
    *arguments: str, cwd: Path, stdin: bytes = b"", warm: bool = True
) -> subprocess.CompletedProcess[bytes]:
    """Run a `birnn` command."""
    own = environment(warm=warm)
    return subprocess.run(
        resolve(["python", "-m", "birnn", *arguments], own),
        cwd=cwd,
        env=own,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=300,
    )


def test_pipeline_runs_on_own_corpus(own: Path) -> None:
    metrics = read_json(own / "metrics" / "metrics.json")
    assert metrics["corpus"]["name"] == metrics["corpus"]["requested"] == "reviews.csv"
    assert metrics["corpus"]["train_reviews"] + metrics["corpus"]["test_reviews"] == ROWS
    report = (own / "report" / "report.md").read_text(encoding="utf-8")
    assert "Sentiment of the texts in reviews.csv" in report.partition("\n")[0]
    assert "## Behavior" in report
    assert "| reviews | 1,333 | 667 |" in report
    assert "groups, such as films" not in report
    # The user's text stays out of git.
    assert run("git", "ls-files", "data", cwd=own).stdout == "data/own/README.md\n"


def test_file_in_git_is_the_same_in_every_clone(clone: Path, tmp_path: Path) -> None:
    name = "data/own/reviews.csv"
    write_reviews(clone / name)
    assert b"\r\n" in (clone / name).read_bytes()
    check_output(clone, "git", "add", "--force", name)
    commit(clone)
    check_output(tmp_path, "git", "clone", "-q", str(clone), "other")
    assert (tmp_path / "other" / name).read_bytes() == (clone / name).read_bytes()


def test_changed_file_reruns_fetch(own_copy: Path) -> None:
    assert stages_run(run("dvc", "repro", cwd=own_copy)) == []
    with (own_copy / "data" / "own" / "reviews.csv").open("a", encoding="utf-8") as output:
        output.write("9999,One more review.,5,train\n")
    result = run("dvc", "repro", "--dry", cwd=own_copy)
    assert "fetch" in stages_run(result)


def test_pipeline_runs_after_data_is_deleted(own_copy: Path) -> None:
    file = own_copy / "data" / "own" / "reviews.csv"
    content = file.read_bytes()
    shutil.rmtree(own_copy / "data")
    check_output(own_copy, "git", "checkout", "--", "data/own")  # as `make repro` does
    result = run("dvc", "repro", "fetch", cwd=own_copy)
    assert result.returncode != 0
    assert error_line(result.stderr) == (
        "error: data/own/reviews.csv does not exist or is not a file: check the path"
    )
    file.write_bytes(content)
    result = run("dvc", "repro", "fetch", cwd=own_copy)
    assert result.returncode == 0, result.stderr
    assert run("git", "status", "--porcelain", cwd=own_copy).stdout == ""


@pytest.mark.exhaustive
def test_temporary_experiment_has_the_file(own_copy: Path) -> None:
    added = run("dvc", "add", "data/own/reviews.csv", cwd=own_copy)
    assert added.returncode == 0, added.stderr
    commit(own_copy)
    options = ("--temp", "--name", "other", "-S", "baseline.ngrams=1")
    result = run("dvc", "exp", "run", *options, cwd=own_copy)
    assert result.returncode == 0, result.stderr
    assert "train_baseline" in stages_run(result)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "reviews.csv has no column 'review'. Its columns are: none"),
        (b"n,review,stars,split\n1,Good.,5\n", "reviews.csv, line 2: expected 4 columns, found 3"),
        (
            b"n,review,stars,split\n1,Good.,5,train,x\n",
            "reviews.csv, line 2: expected 4 columns, found 5",
        ),
        (
            b"n,review,stars,split\n1,\xc3\xa9\xf6.,5,train\n",
            "reviews.csv, line 2, byte 5 is not UTF-8",
        ),
        (b"n,review,stars,split\n1,Go\0od.,5,train\n", "reviews.csv, line 2, byte 5 is a NUL"),
        (b"n,review,stars,split\n1,Good.,4,train\n", "line 2, column 'stars' is '4', neither"),
        (b"n,review,stars,split\n1,Good.,,train\n", "line 2, column 'stars' is empty"),
        (b"n,review,stars,split\n1,,5,train\n", "line 2, column 'review' is empty"),
        (b"n,review,stars,split\n1,Good.,5,dev\n", "line 2, column 'split' is 'dev'"),
        (b'n,review,stars,split\n1,"Good.,5,train\n', "line 2 is not valid CSV (unexpected end"),
        (
            b"n,review,stars,split\n1,Good.,5,train\n",
            "the train split of reviews.csv has 1 positive and 0 negative reviews",
        ),
        (
            b"n,review,stars,split\n1,a,5,train\n1,b,1,train\n3,c,5,test\n4,d,1,test\n",
            "reviews.csv, line 3: the id '1' is already used in data/own/reviews.csv, line 2",
        ),
        (
            b"n,review,stars,split\n1,a,5,train\n2,b,1,train\n3,b,5,test\n4,d,1,test\n",
            "reviews.csv, line 4: the text of this test review is also in the training split",
        ),
        (
            b"n,review,stars,split\n1," + b"a" * 100_000_000 + b",5,train\n",
            "reviews.csv, line 2 is longer than 20,000,000 characters",
        ),
    ],
)
def test_invalid_file_gives_one_line_error(own_copy: Path, content: bytes, expected: str) -> None:
    set_settings(own_copy, {"csv.id_column": "n", "fetch.overlap": "refuse"})
    before = contents(own_copy / "data" / "corpus")
    (own_copy / "data" / "own" / "reviews.csv").write_bytes(content)
    result = run("python", "-m", "stages.fetch", cwd=own_copy)
    assert result.returncode == 1
    assert expected in error_line(result.stderr)
    assert contents(own_copy / "data" / "corpus") == before


def test_predict_agrees_with_evaluate(own: Path, tmp_path: Path) -> None:
    output = tmp_path / "predicted.parquet"
    options = ("--file", "data/corpus/test.parquet", "--output", str(output))
    result = birnn("predict", *options, cwd=own)
    assert result.returncode == 0, result.stderr
    evaluated = pd.read_parquet(own / "data" / "evaluated" / "predictions.parquet")
    predicted = pd.read_parquet(output)
    assert len(predicted) == len(evaluated)
    for name in ("bilstm", "bigru"):
        assert np.abs(predicted[name] - probability(evaluated[name].to_numpy())).max() <= 1e-6


def test_predict_accepts_all_inputs(own: Path, tmp_path: Path) -> None:
    text = "A warm and wonderful film."
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    (tmp_path / "a.csv").write_text(f'review\n"{text}"\n', encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(json.dumps({"review": text}), encoding="utf-8")
    files = [str(tmp_path / name) for name in ("a.txt", "a.csv", "a.jsonl")]
    from_files = [part for file in files for part in ("--file", file)]
    for arguments, stdin, count in (
        ((text, *from_files, "--column", "review"), b"", 4),
        ((), f"{text}\r\n{text}".encode(), 2),
    ):
        # Not forked: TensorFlow prints its messages when it is imported.
        result = birnn("predict", *arguments, cwd=own, stdin=stdin, warm=False)
        assert result.returncode == 0, result.stderr
        lines = result.stdout.decode().splitlines()
        assert len(lines) == count
        assert len(set(lines)) == 1
        assert re.fullmatch(
            r"(positive|negative)  0\.\d{4}  \(BiLSTM 0\.\d{4}, BiGRU 0\.\d{4}\)  " + text, lines[0]
        )
        # No messages of TensorFlow.
        assert result.stderr == b""


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"zxqv qqqq",
        "🎬🎬 🍿".encode(),
        "映画はとても良かった".encode(),
        "\u0645\u0631\u062d\u0628\u0627 \u202e".encode(),
        b"a" * 10_000_000,
        b"word " * 2_000_000,
        b"\x1b[2J\x07",
    ],
    ids=["empty", "unknown", "emoji", "Japanese", "right to left", "10 MB", "2 M words", "control"],
)
def test_predict_accepts_any_text(own: Path, text: bytes) -> None:
    result = birnn("predict", "--unknown", cwd=own, stdin=text + b"\n")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith((b"positive  0.", b"negative  0.", b"nothing to go on"))
    assert b"\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "stdin", "expected"),
    [
        ((), b"good\n\xff\xfe\n", "standard input, line 2, byte 1 is not UTF-8"),
        ((), b"a" * 20_000_001, "standard input, line 1 is longer than 20,000,000 characters"),
        (("--file", "none.csv"), b"", "none.csv does not exist or is not a file"),
        (
            ("--file", "dvc.yaml"),
            b"",
            "dvc.yaml has an unsupported extension: use one of .csv, .tsv",
        ),
        (("x", "--output", "table.xlsx"), b"", "table.xlsx has an unsupported extension"),
    ],
)
def test_predict_errors(own: Path, arguments: tuple[str, ...], stdin: bytes, expected: str) -> None:
    result = birnn("predict", *arguments, cwd=own, stdin=stdin)
    assert result.returncode == 1
    assert expected in error_line(result.stderr.decode())


def test_predict_creates_output_folder(own: Path, tmp_path: Path) -> None:
    output = tmp_path / "new" / "folder" / "predicted.csv"
    assert birnn("predict", "x", "--output", str(output), cwd=own).returncode == 0
    assert output.is_file()


def test_predict_into_closed_pipe(own: Path) -> None:
    command = "python -m birnn predict --file data/corpus/test.parquet | head -n 2"
    result = run("bash", "-c", command, cwd=own, warm=False)
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 2)
    assert result.stderr == ""


def test_modified_model_is_refused(own_copy: Path) -> None:
    weights = own_copy / "models" / "bigru" / "model.weights.h5"
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes() + b"\0")
    for command in (("predict", "x"), ("explain", "x"), ("export", "x.zip"), ("serve",)):
        result = birnn(*command, cwd=own_copy)
        assert result.returncode == 1
        line = error_line(result.stderr.decode())
        assert "models/bigru differs from the last run" in line
    # The other network is unchanged.
    unchanged = ("--network", "bilstm")
    assert birnn("predict", "x", *unchanged, cwd=own_copy).returncode == 0
    assert birnn("export", "x.html", *unchanged, cwd=own_copy).returncode == 0
    with serving(own_copy, *unchanged) as address:
        answer = httpx2.post(f"{address}/predict", json={"texts": ["film"]}, timeout=60)
    assert answer.json()["predictions"][0]["networks"].keys() == {"bilstm"}


def test_predict_after_new_encoding_needs_training(own_copy: Path) -> None:
    set_settings(own_copy, {"pad.maxlen": "9"})
    assert run("dvc", "repro", "pad", cwd=own_copy).returncode == 0
    result = birnn("predict", "x", cwd=own_copy)
    assert result.returncode == 1
    assert "data/padded/encoding.json differs from the last run" in result.stderr.decode()


def test_export_runs_without_the_project(own: Path, tmp_path: Path) -> None:
    result = birnn("export", str(tmp_path / "own.zip"), cwd=own)
    assert result.returncode == 0, result.stderr
    texts = pd.read_parquet(own / "data" / "corpus" / "test.parquet")["text"].tolist()
    (tmp_path / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    code = (
        "import json, zipfile; import numpy as np; import tensorflow as tf;"
        "zipfile.ZipFile('own.zip').extractall('own');"
        "predict = tf.saved_model.load('own').signatures['serving_default'];"
        "outputs = predict(texts=tf.constant(json.load(open('texts.json'))));"
        "np.savez('outputs.npz', **{name: values.numpy() for name, values in outputs.items()})"
    )
    result = run(sys.executable, "-I", "-c", code, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    evaluated = pd.read_parquet(own / "data" / "evaluated" / "predictions.parquet")
    with np.load(tmp_path / "outputs.npz") as predicted:
        for name in ("bilstm", "bigru"):
            assert np.abs(predicted[name] - probability(evaluated[name].to_numpy())).max() <= 1e-6


@pytest.fixture(scope="module")
def address(own: Path) -> Iterator[str]:
    """Return the address of a running `birnn serve` with the user's networks."""
    with serving(own) as address:
        yield address


@contextmanager
def serving(project: Path, *options: str) -> Iterator[str]:
    """Run `birnn serve` and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["python", "-m", "birnn", "serve", "--port", str(port), *options]
    with subprocess.Popen(
        resolve(command, environment()),
        cwd=project,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert line == f"serving on http://127.0.0.1:{port} (press Ctrl-C to stop)\n"
            yield f"http://127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(timeout=30) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc/net")
def test_server_listens_on_localhost_only(address: str) -> None:
    port = int(address.rpartition(":")[2])
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")
    ]
    assert listening == [f"0100007F:{port:04X}"]


def test_occupied_port_gives_error(own: Path, address: str) -> None:
    port = address.rpartition(":")[2]
    result = birnn("serve", "--port", port, cwd=own)
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port}" in error_line(result.stderr.decode())


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """Return the server's page in Chromium, and check for console messages and requests."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with open_chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        messages: list[str] = []
        requests: list[str] = []
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        yield page
        assert messages == []
        assert {url for url in requests if not url.startswith("data:")} <= {f"{address}/"}


def test_predict_in_browser(own: Path, page: Page) -> None:
    text = "A warm and wonderful film,\n<b>not</b> a dull one."
    page.get_by_label("Review").fill(text)
    page.get_by_role("button", name="Predict sentiment").click()
    result = page.get_by_label("result")
    result.wait_for()
    one_line = text.replace("\n", " ")
    printed = birnn("predict", one_line, cwd=own).stdout.decode()
    sentiment, probability = printed.split()[:2]
    assert f"{sentiment}, probability of positive {probability}" in result.inner_text()
    for name in re.findall(r"Bi\w+ [\d.]+", printed):
        assert name.replace(" ", ": ") in result.inner_text()
    # The typed text is shown word by word, and its HTML is escaped.
    shown = page.locator(".text").first
    assert shown.inner_text() == text
    assert page.locator(".text b").count() == 0
    colors = page.locator(".text span").evaluate_all(
        "spans => spans.map(span => getComputedStyle(span).backgroundColor)"
    )
    assert len(set(colors)) > 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_label("Review").input_value() == text


def test_explain_writes_html_page(own: Path, tmp_path: Path) -> None:
    file = tmp_path / "why.html"
    result = birnn("explain", "A warm and wonderful film.", "--html", str(file), cwd=own)
    assert result.returncode == 0, result.stderr
    assert result.stdout.decode() == f"wrote {file}\n"
    assert ">wonderful</span>" in file.read_text(encoding="utf-8")


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_make_setup_installs_birnn_command() -> None:
    command = Path(sys.executable).parent / "birnn"
    if not command.exists():
        pytest.skip("the environment was not created by make setup")
    result = run(str(command), "--help", cwd=PROJECT)
    assert result.returncode == 0
    assert "predict" in result.stdout
