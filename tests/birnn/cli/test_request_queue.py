"""The queue of requests, without a server."""

import asyncio

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


def test_waiting_requests_are_predicted_in_batches(predictor: Predictor) -> None:
    counting = CountingPredictor(predictor.encoding, predictor.networks)
    counting.__dict__["sizes"] = []
    full = ["zxqv"] * (LARGEST_BATCH - 3)
    requests = [["fail"], ["bad", ""], ["the film"], full, ["a", "b", "zxqv"]]

    async def ask() -> list[object]:
        queue = RequestQueue(Explainer(counting))
        results = await asyncio.gather(*map(queue.predict, requests), return_exceptions=True)
        assert queue.length == 0
        return results

    error, *results = asyncio.run(ask())
    assert counting.sizes == [1, LARGEST_BATCH, 3]
    assert isinstance(error, MemoryError)
    for texts, rows in zip(requests[1:], results, strict=True):
        assert [row["text"] for row in rows] == texts
        unknown = [text in {"", "b", "zxqv"} for text in texts]
        assert [row["no_known_words"] for row in rows] == unknown
