"""The queue of requests, without a server."""

import asyncio

import pytest

from birnn.cli.request_queue import LARGEST_BATCH, RequestQueue
from birnn.inference.explanation import Explainer
from birnn.inference.predictor import Predictor


class CountingPredictor(Predictor):
    """A predictor that records the sizes of batches, and fails if the text `fail` is alone."""

    sizes: list[int]

    def encode(self, texts: list[str]) -> object:
        self.sizes.append(len(texts))
        if texts == ["fail"]:
            raise MemoryError
        return super().encode(texts)


@pytest.fixture
def counting(predictor: Predictor) -> CountingPredictor:
    """Return a predictor that has predicted nothing."""
    counting = CountingPredictor(predictor.encoding, predictor.networks)
    object.__setattr__(counting, "sizes", [])
    return counting


def answers(predictor: Predictor, requests: list[list[str]]) -> list[object]:
    """Return the answer to each request, or its error, if all arrive at the same time."""

    async def ask() -> list[object]:
        queue = RequestQueue(Explainer(predictor))
        results = await asyncio.gather(*map(queue.predict, requests), return_exceptions=True)
        assert queue.length == 0
        return results

    return asyncio.run(ask())


def test_waiting_requests_are_predicted_together(counting: CountingPredictor) -> None:
    requests = [["good"], ["bad", ""], ["the film"], ["a", "b", "zxqv"]]
    results = answers(counting, requests)
    assert counting.sizes == [1, 6]
    for texts, rows in zip(requests, results, strict=True):
        assert [row["text"] for row in rows] == texts
        unknown = [text in {"", "b", "zxqv"} for text in texts]
        assert [row["no_known_words"] for row in rows] == unknown


def test_batch_of_waiting_requests_is_limited(counting: CountingPredictor) -> None:
    sizes = [3, 2, 1, LARGEST_BATCH - 3, 4]
    results = answers(counting, [["good"] * size for size in sizes])
    assert counting.sizes == [3, LARGEST_BATCH, 4]
    assert [len(rows) for rows in results] == sizes


def test_failed_request_leaves_the_queue(counting: CountingPredictor) -> None:
    first, second = answers(counting, [["fail"], ["good"]])
    assert isinstance(first, MemoryError)
    assert [row["text"] for row in second] == ["good"]
