"""The web page and the JSON endpoint, without a socket."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from birnn.cli import serve
from birnn.inference.explanation import Explainer
from tests.birnn.predictors import small_predictor

EXPLAINER = Explainer(small_predictor())


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
    "text", ["", " \n", "zxqv", "🎬" * 50, "שלום", "a" * 20_000, "\x00", "%ff%fe", "a=b&text=c"]
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


def test_empty_form_is_refused(client: TestClient) -> None:
    assert "Type a review first." in client.post("/", data={"text": " "}).text
    assert "Type a review first." in client.post("/", content=b"").text
