"""The web pages and the JSON API, mostly without a socket."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import ClassVar

import httpx2
import pyarrow as pa
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from birnn.evaluation.model_names import ALL_NETWORKS, NETWORKS, TITLES
from birnn.runtime.errors import InputError
from birnn_apps import http_server, serve
from birnn_apps.classifier import Classifier, Predictions
from birnn_apps.explanation import explain
from birnn_apps.request_queue import LARGEST_BATCH, LONGEST_QUEUE, RequestQueue
from tests.birnn.predictors import CLASSES
from tests.birnn_apps.conftest import Run

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
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert all(f"{TITLES[name]}: 0." in submitted.text for name in NETWORKS)
    assert "<b>" not in submitted.text
    assert "A good film.\nIsn&#39;t it? &lt;b&gt;&amp;</textarea>" in submitted.text
    empty = client.post("/", data={"text": " \n"})
    assert empty.status_code == 422
    assert "Type a review first." in empty.text
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
        assert prediction["sentiment"] == expected.sentiment
        assert prediction["probability"] == pytest.approx(expected.probability, abs=1e-6)
        assert prediction["known"] == expected.known
        for name, model in expected.models.items():
            assert prediction["models"][name] == pytest.approx(model.probability, abs=1e-6)


def test_threshold_of_a_request_decides(client: TestClient) -> None:
    for threshold, sentiment in ((0.0001, "thumbs up"), (0.9999, "thumbs down")):
        body = {"texts": ["good"], "threshold": threshold}
        answer = client.post("/predict", json=body).json()
        (prediction,) = answer["predictions"]
        explained = client.post("/explain", json={"text": "good", "threshold": threshold}).json()
        assert prediction["sentiment"] == explained["sentiment"] == sentiment
        assert answer["threshold"] == threshold
        probability = prediction["probability"]
        expected = probability if sentiment == CLASSES[1] else 1 - probability
        assert prediction["label_probability"] == expected


def test_large_requests_are_refused(client: TestClient) -> None:
    assert client.post("/explain", json={"text": "a" * 20_001}).status_code == 422
    assert "more than 20,000 characters" in client.post("/", data={"text": "a" * 20_001}).text
    endless = (b"a" * 100_000 for _ in range(1_000))
    for path, content in (("/", b"a" * 300_000), ("/explain", b"a" * 300_000), ("/", endless)):
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
            *(b"", b"\xff", b'{"text": " "}', rb'{"text": "\ud800"}'),
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


def test_full_queue_refuses_requests(blocked: BlockedClassifier) -> None:
    transport = httpx2.ASGITransport(serve.create(blocked, hosts=["localhost"]))

    async def ask() -> None:
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:

            def predict() -> asyncio.Task[httpx2.Response]:
                return asyncio.create_task(client.post("/predict", json={"texts": ["good"]}))

            explanation = asyncio.create_task(client.post("/explain", json={"text": "bad"}))
            assert await asyncio.to_thread(blocked.started.wait, 60)
            requests = [predict() for _ in range(LONGEST_QUEUE)]
            (first,), waiting = await asyncio.wait(requests, return_when="FIRST_COMPLETED")
            for refused in (first.result(), await client.post("/explain", json={"text": "bad"})):
                assert refused.status_code == 503
                assert int(refused.headers["Retry-After"]) > 0
            assert (await client.get("/health")).json()["waiting"] == LONGEST_QUEUE
            blocked.released.set()
            answers = [*(await asyncio.gather(explanation, *waiting)), await predict()]
            assert [answer.status_code for answer in answers] == [200] * (LONGEST_QUEUE + 1)

    asyncio.run(ask())


class CountingClassifier(Classifier):
    """A classifier that records the sizes of batches, and fails if the text `fail` is alone."""

    sizes: ClassVar[list[int]] = []

    def predict_tokens(self, tokens: pa.ListArray) -> Predictions:
        self.sizes.append(len(tokens))
        if tokens.to_pylist() == [["fail"]]:
            raise MemoryError
        return super().predict_tokens(tokens)


def test_waiting_requests_are_predicted_in_batches(classifier: Classifier) -> None:
    counting = CountingClassifier(classifier.models)
    full = ["zxqv"] * (LARGEST_BATCH - 3)
    requests = [["fail"], ["bad", ""], ["the film"], full, ["a", "b", "zxqv"]]

    async def ask() -> list[object]:
        queue = RequestQueue(counting)
        results = await asyncio.gather(*map(queue.predict, requests), return_exceptions=True)
        assert queue.length == 0
        return results

    error, *results = asyncio.run(ask())
    assert counting.sizes == [1, LARGEST_BATCH, 3]
    assert isinstance(error, MemoryError)
    for texts, rows in zip(requests[1:], results, strict=True):
        assert [row["text"] for row in rows] == texts
        unknown = [text in {"", "b", "zxqv"} for text in texts]
        assert [row["known"] == 0 for row in rows] == unknown


@contextmanager
def running(app: FastAPI) -> Iterator[tuple[uvicorn.Server, int, Future[None]]]:
    """Yield a server in another thread, its port, and the future of its end."""
    server = http_server.create(app)
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        stopped = pool.submit(server.run, [listener])
        try:
            yield server, listener.getsockname()[1], stopped
        finally:
            server.should_exit = True
            stopped.result(60)


def test_accepted_requests_are_answered_before_the_server_stops(blocked: BlockedClassifier) -> None:
    app = serve.create(blocked, hosts=["127.0.0.1"])
    with running(app) as (server, port, _), ThreadPoolExecutor() as pool:
        address = f"http://127.0.0.1:{port}"
        accepted = pool.submit(httpx2.post, f"{address}/explain", json={"text": "good"})
        assert blocked.started.wait(60)
        assert httpx2.get(f"{address}/health").json() == {
            "status": "ok",
            "model": ALL_NETWORKS,
            "accuracy": None,
            "waiting": 1,
        }
        server.should_exit = True
        while server.servers and server.servers[0].is_serving():
            time.sleep(0.01)
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{address}/health")
        assert not accepted.done()
        blocked.released.set()
        assert accepted.result(60).status_code == 200


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


def test_incomplete_requests_end_after_a_time(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "REQUEST_TIME", 0.1)
    with running(serve.create(classifier, hosts=["127.0.0.1"])) as (_, port, _):
        contents = [b"", REQUEST[:20], REQUEST[:-1], REQUEST + REQUEST[:-1]]
        connections = [send(port, content) for content in contents]
        answers = [received(connection).count(b" 200 OK") for connection in connections]
    assert answers == [0, 0, 0, 1]


def test_requests_of_clients_that_have_gone_are_not_computed(blocked: BlockedClassifier) -> None:
    with running(serve.create(blocked, hosts=["127.0.0.1"])) as (_, port, _):
        health = partial(httpx2.get, f"http://127.0.0.1:{port}/health")
        connections = [send(port, REQUEST) for _ in range(LONGEST_QUEUE)]
        while health().json()["waiting"] < LONGEST_QUEUE:
            time.sleep(0.01)
        for connection in connections:
            connection.close()
        # The first one is being computed.
        while health().json()["waiting"] > 1:
            time.sleep(0.01)
        last = send(port, REQUEST.replace(b"1.1", b"1.0", 1))
        blocked.released.set()
        assert b" 200 OK" in received(last)


def test_server_stops_in_time(
    blocked: BlockedClassifier, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_server, "SHUTDOWN_TIME", 0.1)
    with running(serve.create(blocked, hosts=["127.0.0.1"])) as (server, port, stopped):
        connections = [send(port, content) for content in (REQUEST[:-1], REQUEST, REQUEST)]
        assert blocked.started.wait(60)
        server.should_exit = True
        assert [received(connection) for connection in connections] == [b""] * 3
        # A computation cannot be interrupted.
        blocked.released.set()
        stopped.result(60)
    assert not caplog.records


@pytest.mark.parametrize(("host", "reason"), [("", "is empty"), ("ä..b", "cannot listen on ä")])
def test_unusable_host_is_refused(birnn: Run, host: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        birnn("serve", "--host", host)


def test_occupied_port_is_refused(birnn: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        with pytest.raises(InputError, match=rf"cannot listen on 127\.0\.0\.1, port {port} \("):
            birnn("serve", "--port", port)
