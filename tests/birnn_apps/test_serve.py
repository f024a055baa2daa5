"""The web pages and the JSON API, mostly without a socket."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx2
import pyarrow as pa
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from birnn.evaluation.model_names import ALL_NETWORKS, NETWORKS, TITLES
from birnn_apps import serve
from birnn_apps.classifier import Classifier, Predictions
from birnn_apps.explanation import explain
from birnn_apps.serve import LONGEST_QUEUE
from tests.birnn.predictors import CLASSES
from tests.projects import BIRNN, PROJECT, run

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client(classifier: Classifier) -> Iterator[TestClient]:
    app = serve.create(classifier, hosts=["localhost"])
    with TestClient(app, base_url="http://localhost") as test_client:
        yield test_client


def test_form_explains_a_text_without_scripts(client: TestClient) -> None:
    submitted = client.post("/", data={"text": "A good film.\r\nIsn't it? <b>&"})
    for answer in (client.get("/"), submitted):
        assert answer.status_code == 200
        assert "<textarea" in answer.text
        assert "<script" not in answer.text
    assert all(f"{TITLES[name]}: 0." in submitted.text for name in NETWORKS)
    assert "<b>" not in submitted.text
    assert "A good film.\nIsn&#39;t it? &lt;b&gt;&amp;</textarea>" in submitted.text
    empty = client.post("/", data={"text": " \n"})
    assert empty.status_code == 422
    assert "Type a text first." in empty.text
    assert "/predict" in client.get("/openapi.json").json()["paths"]  # the form links to it
    page = client.post("/", data={"text": "zxqv"}).text.partition("</form>")[2]
    assert "o known words" in page
    assert "probability" not in page
    # DNS rebinding: the domain of another site resolves to this address.
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_json_equals_the_explanation(client: TestClient, classifier: Classifier) -> None:
    texts = ["A good film.", "", " ", "zxqv", "🎬" * 50, "a" * 20_000, "\x00"]
    batch = client.post("/predict", json={"texts": texts}).json()
    assert (batch["positive_class"], batch["threshold"]) == (CLASSES[1], 0.5)
    for text, prediction in zip(texts, batch["predictions"], strict=True):
        expected = explain(classifier, text)
        if text.strip():
            answer = client.post("/explain", json={"text": text})
            assert answer.json() == expected.model_dump()
        assert prediction["label"] == expected.label
        assert prediction["probability"] == pytest.approx(expected.probability, abs=1e-6)
        assert prediction["known"] == expected.known
        for name, model in expected.models.items():
            assert prediction["models"][name] == pytest.approx(model.probability, abs=1e-6)


def test_threshold_of_a_request_decides(client: TestClient) -> None:
    for threshold, label in ((0.0001, "thumbs up"), (0.9999, "thumbs down")):
        body = {"texts": ["good"], "threshold": threshold}
        answer = client.post("/predict", json=body).json()
        (prediction,) = answer["predictions"]
        explained = client.post("/explain", json={"text": "good", "threshold": threshold}).json()
        assert prediction["label"] == explained["label"] == label
        assert answer["threshold"] == explained["threshold"] == threshold


def test_large_requests_are_refused(client: TestClient) -> None:
    assert client.post("/explain", json={"text": "a" * 20_001}).status_code == 422
    assert "more than 20,000 characters" in client.post("/", data={"text": "a" * 20_001}).text
    endless = (b"a" * 100_000 for _ in range(1_000))
    large = b"a" * 2_100_000
    for path, content in (("/", large), ("/explain", large), ("/", endless)):
        assert client.post(path, content=content).status_code == 413
    for texts, status in (
        (["good " * 300] * 500, 200),
        (["good"] * 501, 422),
        (["a" * 20_001], 422),
        (["a" * 20_000] * 101, 413),
    ):
        assert client.post("/predict", json={"texts": texts}).status_code == status


def test_invalid_requests_are_refused(client: TestClient) -> None:
    fields = (b'"threshold": 1', b'"threshold": 0', b'"threshold": "0.5"', b'"model": "bilstm"')
    valid_except_field = [b'{"texts": ["good"], %b}' % field for field in fields]
    for path, bodies in {
        "/explain": [
            *(b"", b"\xff", b'{"text": ""}', rb'{"text": "\ud800"}'),
            b'{"text": "good", "threshold": "0.5"}',
        ],
        "/predict": [b"[]", b'{"texts": []}', rb'{"texts": ["\ud800"]}', *valid_except_field],
    }.items():
        for body in bodies:
            answer = client.post(path, content=body, headers=JSON)
            assert answer.status_code in {400, 422}, body
            assert answer.json()["detail"]


class BlockedClassifier(Classifier):
    """A classifier that waits until it is released."""

    started, released = threading.Event(), threading.Event()

    def predict_tokens(self, tokens: pa.ListArray) -> Predictions:
        self.started.set()
        assert self.released.wait(60)
        return super().predict_tokens(tokens)


@pytest.fixture
def blocked(classifier: Classifier) -> Iterator[BlockedClassifier]:
    blocked = BlockedClassifier(classifier.models)
    blocked.started.clear()
    blocked.released.clear()
    yield blocked
    blocked.released.set()


@contextmanager
def running(app: FastAPI) -> Iterator[tuple[uvicorn.Server, int]]:
    """Yield a server in another thread, and its port."""
    server = uvicorn.Server(uvicorn.Config(app, **serve.UVICORN, log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        stopped = pool.submit(server.run, [listener])
        try:
            yield server, listener.getsockname()[1]
        finally:
            server.should_exit = True
            stopped.result(60)


REQUEST = (
    b"POST /explain HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b'Content-Length: 16\r\n\r\n{"text": "good"}'
)


def send(port: int, content: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(content)
    return connection


def received(connection: socket.socket) -> bytes:
    """Return what a connection receives until it is closed."""
    with connection, suppress(ConnectionResetError):
        return b"".join(iter(partial(connection.recv, 65_536), b""))
    return b""


def test_full_queue_refuses_requests_and_accepted_ones_are_answered(
    blocked: BlockedClassifier,
) -> None:
    with (
        running(serve.create(blocked, hosts=["127.0.0.1"])) as (server, port),
        ThreadPoolExecutor(LONGEST_QUEUE + 1) as pool,
    ):
        address = f"http://127.0.0.1:{port}"
        health = partial(httpx2.get, f"{address}/health")
        explain = partial(httpx2.post, f"{address}/explain", json={"text": "good"}, timeout=60)
        accepted = [pool.submit(explain) for _ in range(LONGEST_QUEUE + 1)]
        while health().json()["waiting"] <= LONGEST_QUEUE:
            time.sleep(0.01)
        assert health().json()["model"] == ALL_NETWORKS
        refused = explain()
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        server.should_exit = True
        blocked.released.set()
        assert {answer.result().status_code for answer in accepted} == {200}


def test_incomplete_requests_end_after_a_time_and_stop_no_others(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "REQUEST_TIME", 0.5)
    with running(serve.create(classifier, hosts=["127.0.0.1"])) as (_, port):
        contents = [b"", REQUEST[:20], REQUEST[:-1], REQUEST + REQUEST[:-1]]
        connections = [send(port, content) for content in contents]
        send(port, REQUEST).close()  # without waiting for the answer
        answer = httpx2.get(f"http://127.0.0.1:{port}/health")
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        answers = [received(connection).count(b" 200 OK") for connection in connections]
    assert answers == [0, 0, 0, 1]


def test_empty_host_is_refused_and_an_occupied_port_ends_the_server(trained: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = str(occupied.getsockname()[1])
        for options, reason in (
            (["--host", ""], "error: cannot listen on --host ''"),
            (["--port", port], "in use"),
        ):
            ended = run(*BIRNN, "serve", *options, cwd=trained, PYTHONPATH=str(PROJECT))
            assert ended.returncode == 1
            assert reason in ended.stderr
