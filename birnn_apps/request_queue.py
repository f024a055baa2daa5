"""A bounded queue of requests for predictions and explanations."""

import asyncio
from bisect import bisect
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from birnn_apps import output_tables, predict
from birnn_apps.classifier import Classifier
from birnn_apps.explanation import Explanation, explain

LONGEST_QUEUE = 32  # requests
RETRY_AFTER = 5  # seconds, longer than a full queue of explanations takes on two cores
LARGEST_BATCH = 500  # texts

Row = dict[Hashable, Any]


@dataclass(eq=False)
class _Request:
    texts: list[str]
    threshold: float | None
    rows: list[Row] | None = None


class RequestQueue:
    """A queue of requests, which are answered one after another, because each uses all cores.

    Requests for predictions that wait at the same time are predicted together: a batch of short
    requests takes little longer than one of them. A full queue refuses requests with status 503.
    """

    def __init__(self, classifier: Classifier) -> None:
        """Create an empty queue."""
        self._predictor = classifier
        self._lock = asyncio.Lock()  # wakes requests in order of arrival
        self.length = 0  # including the request that is being answered
        self._predictions: list[_Request] = []

    async def explain(self, text: str, threshold: float | None = None) -> Explanation:
        """Explain the prediction for a text; without a threshold, with the classifier's."""
        async with self._place():
            return await run_in_threadpool(explain, self._with(threshold), text)

    async def predict(self, texts: list[str], threshold: float | None = None) -> list[Row]:
        """Return one row per text, as in the file that `birnn predict` writes."""
        request = _Request(texts, threshold)
        self._predictions.append(request)
        try:
            async with self._place():
                if request.rows is None:
                    await run_in_threadpool(self._answer, self._first_batch())
        finally:
            self._predictions.remove(request)
        assert request.rows is not None  # noqa: S101
        return request.rows

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self.length >= LONGEST_QUEUE:
            raise HTTPException(
                status_code=503,
                detail=f"{LONGEST_QUEUE} requests are waiting: try again later",
                headers={"Retry-After": str(RETRY_AFTER)},
            )
        self.length += 1
        try:
            async with self._lock:
                yield
        finally:
            self.length -= 1

    def _first_batch(self) -> list[_Request]:
        """Return the first waiting requests with one threshold, up to `LARGEST_BATCH` texts."""
        waiting = [request for request in self._predictions if request.rows is None]
        waiting = [request for request in waiting if request.threshold == waiting[0].threshold]
        totals = [*accumulate(len(request.texts) for request in waiting)]
        return waiting[: bisect(totals, LARGEST_BATCH)]

    def _with(self, threshold: float | None) -> Classifier:
        return replace(self._predictor, threshold=threshold or self._predictor.threshold)

    def _answer(self, batch: list[_Request]) -> None:
        texts = [text for request in batch for text in request.texts]
        table = predict.predict(self._with(batch[0].threshold), texts, unknown=False)
        rows = iter(output_tables.records(table))
        for request in batch:
            request.rows = list(islice(rows, len(request.texts)))
