"""The page and the JSON of the server, without a network."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from birnn.cli import serve
from birnn.inference.explanation import Explainer
from tests.birnn.predictors import small_predictor

EXPLAINER = Explainer(small_predictor())


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """Return a client of the application."""
    app = serve.create(EXPLAINER, hosts=["localhost"])
    with TestClient(app, base_url="http://localhost") as opened:
        yield opened


def test_the_page_has_a_form_and_no_script(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "<textarea" in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_text_that_was_typed_is_read(client: TestClient) -> None:
    answer = client.post("/", data={"text": "A good film.\r\nIsn't it? <b>&"})
    assert answer.status_code == 200
    assert "BiLSTM: 0." in answer.text
    assert "BiGRU: 0." in answer.text
    # What was typed is shown, and not obeyed.
    assert "<b>" not in answer.text
    assert "A good film.\nIsn&#39;t it? &lt;b&gt;&amp;</textarea>" in answer.text


def test_json_says_what_the_explainer_says(client: TestClient) -> None:
    answer = client.post("/explain", json={"text": "A good film."}).json()
    found = EXPLAINER.explain("A good film.")
    assert answer["sentiment"] == found.sentiment
    assert answer["probability"] == pytest.approx(found.probability, abs=1e-6)
    assert [segment["text"] for segment in answer["segments"]] == [
        "A",
        " ",
        "good",
        " ",
        "film",
        ".",
    ]
    for name, reading in found.networks.items():
        said = answer["networks"][name]
        assert said["probability"] == pytest.approx(reading.probability, abs=1e-6)
        assert said["contributions"] == pytest.approx(reading.contributions, abs=1e-4)


@pytest.mark.parametrize(
    "text", ["", " \n", "zxqv", "🎬" * 50, "שלום", "a" * 20_000, "\x00", "%ff%fe", "a=b&text=c"]
)
def test_any_text_is_answered(client: TestClient, text: str) -> None:
    assert client.post("/explain", json={"text": text}).status_code == 200
    assert client.post("/", data={"text": text}).status_code == 200


def test_half_of_a_surrogate_pair_is_refused(client: TestClient) -> None:
    answer = client.post(
        "/explain", content=rb'{"text": "\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


def test_too_long_a_text_is_refused(client: TestClient) -> None:
    assert client.post("/explain", json={"text": "a" * 20_001}).status_code == 422
    assert "more than 20,000 characters" in client.post("/", data={"text": "a" * 20_001}).text
    for path in ("/", "/explain"):
        assert client.post(path, content=b"a" * 300_000).status_code == 413


def test_an_endless_body_is_not_collected(client: TestClient) -> None:
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1_000):
            taken += 100_000
            yield b"a" * 100_000

    assert client.post("/explain", content=pieces()).status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"text": 1}', b'{"texts": "a"}', b"\xff"])
def test_what_is_no_request_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/explain", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}


def test_other_hosts_are_refused(client: TestClient) -> None:
    # A name of another site that leads here.
    answer = client.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_an_empty_form_is_asked_to_be_filled(client: TestClient) -> None:
    assert "Type a review first." in client.post("/", data={"text": " "}).text
    assert "Type a review first." in client.post("/", content=b"").text
