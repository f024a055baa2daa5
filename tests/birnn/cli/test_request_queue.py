"""The queue of requests, without a server."""

import asyncio
import threading

import pytest

from birnn.cli import request_queue
from birnn.cli.request_queue import QueueFullError, RequestQueue
from birnn.inference.explanation import Explainer
from birnn.inference.predictor import Predictor
from tests.birnn.predictors import small_predictor

PREDICTOR = small_predictor()


class CountingPredictor(Predictor):
    """A predictor that records the sizes of batches, and fails if the text `fail` is alone."""

    sizes: list[int]

    def encode(self, texts: list[str]) -> object:
        self.sizes.append(len(texts))
        if texts == ["fail"]:
            raise MemoryError
        return super().encode(texts)


@pytest.fixture
def predictor() -> CountingPredictor:
    """Return a predictor that has predicted nothing."""
    counting = CountingPredictor(PREDICTOR.encoding, PREDICTOR.networks)
    object.__setattr__(counting, "sizes", [])
    return counting


def answers(predictor: CountingPredictor, requests: list[list[str]]) -> list[object]:
    """Return the answer to each request, or its error, if all arrive at the same time."""

    async def ask() -> list[object]:
        queue = RequestQueue(Explainer(predictor))
        results = await asyncio.gather(*map(queue.predict, requests), return_exceptions=True)
        assert queue.length == 0
        return results

    return asyncio.run(ask())


def test_waiting_requests_are_predicted_together(predictor: CountingPredictor) -> None:
    requests = [["good"], ["bad", ""], ["the film"], ["a", "b", "zxqv"]]
    results = answers(predictor, requests)
    assert predictor.sizes == [1, 6]
    for texts, rows in zip(requests, results, strict=True):
        assert [row["text"] for row in rows] == texts
        assert [row["no_known_words"] for row in rows] == [
            text in {"", "b", "zxqv"} for text in texts
        ]


def test_batch_of_waiting_requests_is_limited(
    predictor: CountingPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_queue, "LARGEST_BATCH", 5)
    results = answers(predictor, [["good"] * size for size in (3, 2, 1, 5, 4)])
    assert predictor.sizes == [3, 3, 5, 4]
    assert [len(rows) for rows in results] == [3, 2, 1, 5, 4]


def test_failed_request_leaves_the_queue(predictor: CountingPredictor) -> None:
    first, second = answers(predictor, [["fail"], ["good"]])
    assert isinstance(first, MemoryError)
    assert [row["text"] for row in second] == ["good"]


def test_requests_that_arrive_while_others_are_answered_are_predicted_together(
    predictor: CountingPredictor,
) -> None:
    started, released = threading.Event(), threading.Event()

    class Blocked(Explainer):
        def explain(self, _text: str) -> None:
            started.set()
            assert released.wait(60)

    async def ask() -> None:
        queue = RequestQueue(Blocked(predictor))
        explanation = asyncio.create_task(queue.explain("good"))
        assert await asyncio.to_thread(started.wait, 60)
        requests = [asyncio.create_task(queue.predict([text])) for text in ("good", "bad")]
        await asyncio.sleep(0)
        assert queue.length == 3
        released.set()
        await asyncio.gather(explanation, *requests)

    asyncio.run(ask())
    assert predictor.sizes == [2]


def test_queue_is_bounded(predictor: CountingPredictor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_queue, "LONGEST_QUEUE", 2)
    results = answers(predictor, [["good"]] * 4)
    assert [isinstance(result, QueueFullError) for result in results] == [False, False, True, True]
    assert predictor.sizes == [1, 1]
