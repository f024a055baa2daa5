"""The web pages and the JSON API, mostly without a socket."""

import html
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient

from birnn.cli import request_queue, serve
from birnn.inference.explanation import Explainer, Explanation
from tests.birnn.predictors import small_predictor

EXPLAINER = Explainer(small_predictor())
EMPTY = {"", " ", "zxqv"}  # texts without known words


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """Yield a client of the application."""
    app = serve.create(EXPLAINER, hosts=["localhost"])
    with TestClient(app, base_url="http://localhost") as test_client:
        yield test_client


def test_page_has_a_form_and_no_script(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "<textarea" in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_submitted_text_is_explained(client: TestClient) -> None:
    answer = client.post("/", data={"text": "A good film.\r\nIsn't it? <b>&"})
    assert answer.status_code == 200
    assert "BiLSTM: 0." in answer.text
    assert "BiGRU: 0." in answer.text
    # The text is escaped.
    assert "<b>" not in answer.text
    assert "A good film.\nIsn&#39;t it? &lt;b&gt;&amp;</textarea>" in answer.text


def test_json_equals_the_explanation(client: TestClient) -> None:
    answer = client.post("/explain", json={"text": "A good film."}).json()
    expected = EXPLAINER.explain("A good film.")
    assert answer["sentiment"] == expected.sentiment
    assert answer["probability"] == pytest.approx(expected.probability, abs=1e-6)
    assert [segment["text"] for segment in answer["segments"]] == [
        "A",
        " ",
        "good",
        " ",
        "film",
        ".",
    ]
    for name, explanation in expected.networks.items():
        network = answer["networks"][name]
        assert network["probability"] == pytest.approx(explanation.probability, abs=1e-6)
        assert network["contributions"] == pytest.approx(explanation.contributions, abs=1e-4)


@pytest.mark.parametrize(
    "text", ["zxqv", "?!", "🎬" * 50, "שלום", "a" * 20_000, "\x00", "%ff%fe", "a=b&text=c"]
)
def test_any_text_is_accepted(client: TestClient, text: str) -> None:
    assert client.post("/explain", json={"text": text}).status_code == 200
    assert client.post("/", data={"text": text}).status_code == 200


def test_lone_surrogate_is_refused(client: TestClient) -> None:
    answer = client.post(
        "/explain", content=rb'{"text": "\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


def test_long_text_is_refused(client: TestClient) -> None:
    assert client.post("/explain", json={"text": "a" * 20_001}).status_code == 422
    assert "more than 20,000 characters" in client.post("/", data={"text": "a" * 20_001}).text
    for path in ("/", "/explain"):
        assert client.post(path, content=b"a" * 300_000).status_code == 413


def test_endless_body_is_refused(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b"a" * 100_000

    assert client.post("/explain", content=chunks()).status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"text": 1}', b'{"texts": "a"}', b"\xff"])
def test_invalid_requests_are_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/explain", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}


def test_other_hosts_are_refused(client: TestClient) -> None:
    # DNS rebinding: the domain of another site resolves to this address.
    answer = client.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_empty_text_is_refused(client: TestClient) -> None:
    for text in ("", " \n"):
        assert client.post("/explain", json={"text": text}).status_code == 422
        answer = client.post("/", data={"text": text})
        assert answer.status_code == 422
        assert "Type a review first." in answer.text
    assert client.post("/", content=b"").status_code == 422


def test_text_without_known_words_gets_no_prediction(client: TestClient) -> None:
    answer = client.post("/explain", json={"text": "zxqv"}).json()
    assert answer["no_known_words"] is True
    assert [answer[name] for name in ("sentiment", "probability", "log_odds")] == [None] * 3
    assert answer["networks"] == {}
    page = client.post("/", data={"text": "zxqv"}).text.partition("</form>")[2]
    assert "othing to go on" in page
    assert "probability" not in page


def test_batch_equals_single_predictions(client: TestClient) -> None:
    texts = ["A good film.", "", "bad", "zxqv", " ", "the film isn't bad" * 100]
    answer = client.post("/predict", json={"texts": texts}).json()
    for text, prediction in zip(texts, answer["predictions"], strict=True):
        expected = EXPLAINER.explain(text)
        assert prediction["sentiment"] == expected.sentiment
        assert prediction["no_known_words"] == expected.no_known_words == (text in EMPTY)
        if text in EMPTY:
            assert prediction["probability"] is None
            assert prediction["networks"] == {"bilstm": None, "bigru": None}
            continue
        assert prediction["probability"] == pytest.approx(expected.probability, abs=1e-6)
        for name, probability in prediction["networks"].items():
            assert probability == pytest.approx(expected.networks[name].probability, abs=1e-6)


def test_size_of_a_batch_is_limited(client: TestClient) -> None:
    def status(texts: list[str]) -> int:
        return client.post("/predict", json={"texts": texts}).status_code

    assert status(["good " * 300] * 500) == 200
    assert status(["good"] * 501) == 422
    assert status([]) == 422
    assert status(["a" * 20_001]) == 422
    assert status(["a" * 20_000] * 101) == 413


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"texts": "a"}', b'{"texts": [1]}', rb'{"texts": ["\ud800"]}']
)
def test_invalid_batches_are_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_openapi_describes_the_answers(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {"/predict", "/explain", "/health"}
    schemas = document["components"]["schemas"]
    predictions = client.post("/predict", json={"texts": ["good"]}).json()["predictions"]
    explanation = client.post("/explain", json={"text": "good"}).json()
    assert set(schemas["Prediction"]["properties"]) == set(predictions[0])
    assert set(schemas["Explanation"]["properties"]) == set(explanation)
    assert {"200", "413", "422", "503"} == set(document["paths"]["/predict"]["post"]["responses"])


def test_api_page_works_offline(client: TestClient) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script|<link[^>]+https?:|@import|url\(", answer.text)
    document = client.get("/openapi.json").json()
    for path in document["paths"]:
        assert f" {path}</h2>" in answer.text
    for schema in document["components"]["schemas"].values():
        for field in schema["properties"]:
            assert f"<code>{field}</code></td>" in answer.text
    links = set(re.findall(r'href="#([^"]+)"', answer.text))
    assert links <= set(re.findall(r'id="([^"]+)"', answer.text))
    assert len(links) > 3


def test_example_of_the_api_page_is_valid(client: TestClient) -> None:
    page = html.unescape(client.get("/docs").text)
    examples = re.findall(r"curl -s http://localhost(/\w+) .*?-d '(.*?)'", page, re.DOTALL)
    assert {path for path, _ in examples} == {"/predict", "/explain"}
    for path, body in examples:
        answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200


def test_access_log_has_one_line_per_request_without_the_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = serve.create(EXPLAINER, hosts=["localhost"], access_log=True)
    with TestClient(app, base_url="http://localhost") as logged:
        logged.post("/explain", json={"text": "secret"})
        logged.post("/predict", json={"texts": ["secret", "secret"]})
        logged.post("/explain", json={"secret": "secret"})
        logged.get("/?text=secret")
        logged.get("/secret%0Asecret")
    lines = capsys.readouterr().out.splitlines()
    statuses = [re.findall(r" (\w+ /\w*) (\d+) \d+ ms$", line) for line in lines[:4]]
    expected = [("POST /explain", "200"), ("POST /predict", "200"), ("POST /explain", "422")]
    assert statuses == [[line] for line in [*expected, ("GET /", "200")]]
    assert len(lines) == 5
    assert " 404 " in lines[4]
    assert "secret" not in "".join(lines)


def test_requests_are_not_logged_by_default(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get("/health")
    assert capsys.readouterr().out == ""


class BlockedExplainer:
    """An explainer that waits until it is released."""

    predictor = EXPLAINER.predictor

    def __init__(self) -> None:
        self.released = threading.Event()

    def explain(self, text: str) -> Explanation:
        assert self.released.wait(60)
        return EXPLAINER.explain(text)


@pytest.fixture
def blocked() -> Iterator[BlockedExplainer]:
    """Yield a blocked explainer, and release it at the end."""
    explainer = BlockedExplainer()
    yield explainer
    explainer.released.set()


@dataclass
class Running:
    """A server on a socket, in a thread."""

    server: uvicorn.Server
    port: int

    def post(self, path: str, content: dict[str, Any]) -> httpx2.Response:
        return httpx2.post(f"http://127.0.0.1:{self.port}{path}", json=content, timeout=60)

    def wait_for(self, length: int) -> None:
        """Wait until the queue has this length."""
        for _ in range(6_000):
            answer = httpx2.get(f"http://127.0.0.1:{self.port}/health", timeout=60)
            if answer.json() == {"status": "ok", "waiting": length}:
                return
            time.sleep(0.01)
        pytest.fail("the queue never had this length")

    def submit(self, pool: ThreadPoolExecutor, explanations: int) -> list[Future[httpx2.Response]]:
        """Submit explanations and then a prediction, and wait until all of them are queued."""
        requests = [
            pool.submit(self.post, "/explain", {"text": "good"}) for _ in range(explanations)
        ]
        self.wait_for(explanations)  # a prediction that arrives first would not be blocked
        requests.append(pool.submit(self.post, "/predict", {"texts": ["good"]}))
        self.wait_for(explanations + 1)
        return requests


@pytest.fixture
def running(blocked: BlockedExplainer) -> Iterator[Running]:
    """Yield a running server whose explanations are blocked."""
    server = serve.server(serve.create(blocked, hosts=["127.0.0.1"]))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield Running(server, listener.getsockname()[1])
    blocked.released.set()
    server.should_exit = True
    thread.join(60)
    assert not thread.is_alive()


def test_full_queue_refuses_requests(
    running: Running, blocked: BlockedExplainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_queue, "LONGEST_QUEUE", 3)
    with ThreadPoolExecutor() as pool:
        accepted = running.submit(pool, explanations=2)
        for path, content in (("/explain", {"text": "bad"}), ("/predict", {"texts": ["bad"]})):
            refused = running.post(path, content)
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) > 0
        blocked.released.set()
        assert [request.result().status_code for request in accepted] == [200] * 3
        running.wait_for(0)
        assert running.post("/explain", {"text": "bad"}).status_code == 200


def test_accepted_requests_are_answered_before_the_server_stops(
    running: Running, blocked: BlockedExplainer
) -> None:
    with ThreadPoolExecutor() as pool:
        accepted = running.submit(pool, explanations=3)
        running.server.should_exit = True
        while running.server.servers and running.server.servers[0].is_serving():
            time.sleep(0.01)
        with pytest.raises(httpx2.ConnectError):
            running.post("/explain", {"text": "late"})
        assert not any(request.done() for request in accepted)
        blocked.released.set()
        assert [request.result().status_code for request in accepted] == [200] * 4


def test_slow_and_aborted_requests_block_no_others(
    running: Running, blocked: BlockedExplainer
) -> None:
    body = b'{"texts": ["good", ""]}'
    head = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += b"Content-Length: %d\r\nConnection: close\r\n\r\n"
    address = ("127.0.0.1", running.port)
    with socket.create_connection(address) as slow:
        slow.sendall(head % (b"/predict", len(body)) + body[:5])
        with socket.create_connection(address) as aborted:
            aborted.sendall(head % (b"/explain", 16) + b'{"text": "good"}')
            running.wait_for(1)
        blocked.released.set()
        running.wait_for(0)
        assert running.post("/predict", {"texts": ["good"]}).status_code == 200
        slow.sendall(body[5:])
        answer = b"".join(iter(lambda: slow.recv(4_096), b""))
    assert answer.startswith(b"HTTP/1.1 200")
