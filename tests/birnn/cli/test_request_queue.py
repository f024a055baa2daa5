"""The queue of requests, without a server."""

import asyncio
from typing import ClassVar

import pyarrow as pa

from birnn.cli.request_queue import LARGEST_BATCH, RequestQueue
from birnn.inference.predictor import Predictions, Predictor


class CountingPredictor(Predictor):
    """A predictor that records the sizes of batches, and fails if the text `fail` is alone."""

    sizes: ClassVar[list[int]] = []

    def predict_tokens(self, tokens: pa.ListArray) -> Predictions:
        self.sizes.append(len(tokens))
        if tokens.to_pylist() == [["fail"]]:
            raise MemoryError
        return super().predict_tokens(tokens)


def test_waiting_requests_are_predicted_in_batches(predictor: Predictor) -> None:
    counting = CountingPredictor(predictor.models)
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
