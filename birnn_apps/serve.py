"""Serve a web page and a JSON API that classify texts and explain the result."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import h11
import uvicorn
from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from birnn.runtime.errors import InputError
from birnn_apps import api_models, explanation
from birnn_apps.api_models import LARGEST_TEXT, Predictions
from birnn_apps.classifier import Classifier
from birnn_apps.explanation import Explanation
from birnn_apps.explanation_display import render_page

LARGEST_BODY = 2_000_000  # bytes; 500 reviews of IMDB take about 700,000
LONGEST_QUEUE = 32  # requests
RETRY_AFTER = 5  # seconds, longer than a full queue of explanations takes on two cores
REQUEST_TIME = 60  # seconds for a request to arrive, with the time that the connection was idle

SECURITY_HEADERS = {
    # The pages contain no scripts and load nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class TimedConnection(H11Protocol):
    """A connection that closes if its client takes too long to send a request.

    Uvicorn itself limits only the time between two requests.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request."""
        super().connection_made(transport)
        self._limit_time()

    def handle_events(self) -> None:
        """Stop the clock if the request is complete."""
        super().handle_events()
        if self._deadline and self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            self._deadline.cancel()

    def on_response_complete(self) -> None:
        """Wait for the next request, which may have arrived."""
        self._limit_time()
        super().on_response_complete()

    def _limit_time(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(REQUEST_TIME, self.transport.abort)


def create(classifier: Classifier, hosts: list[str]) -> FastAPI:
    """Return the application: a form at `/`, the JSON API, and its description at `/openapi.json`.

    Requests must be addressed to one of `hosts`, which prevents DNS rebinding.
    """
    app = FastAPI(
        title="birnn",
        description=f"Up to {LONGEST_QUEUE} requests wait for an answer. If more arrive, they are "
        "refused with status 503; send them again after the seconds in the header `Retry-After`.",
        docs_url=None,  # FastAPI's pages load scripts from another site
        redoc_url=None,
        max_body_size=LARGEST_BODY,
        # Neither an environment variable nor an exporter of the process may send texts.
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    app.add_exception_handler(RequestValidationError, _refuse)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    limiter = CapacityLimiter(1)  # each computation uses all cores

    async def compute(work: Callable[..., Any], threshold: float | None, *arguments: Any) -> Any:
        if limiter.statistics().tasks_waiting >= LONGEST_QUEUE:
            headers = {"Retry-After": str(RETRY_AFTER)}
            raise HTTPException(503, "too many requests wait: try again later", headers)
        chosen = replace(classifier, threshold=threshold or classifier.threshold)
        return await to_thread.run_sync(work, chosen, *arguments, limiter=limiter)

    page = partial(
        render_page, classes=classifier.classes, text="", error="", max_length=LARGEST_TEXT
    )

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def form() -> str:
        return page(None)

    @app.post("/", response_class=HTMLResponse, include_in_schema=False)
    async def submit(request: Request) -> HTMLResponse:
        fields = parse_qs((await request.body()).decode(errors="replace"))
        text = fields.get("text", [""])[0].replace("\r\n", "\n")
        if len(text) > LARGEST_TEXT:
            error = f"The text has more than {LARGEST_TEXT:,} characters: shorten it."
        elif not text.strip():
            error = "Type a text first."
        else:
            explained = await compute(explanation.explain, None, text)
            return HTMLResponse(page(explained, text=text))
        return HTMLResponse(page(None, text=text, error=error), status_code=422)

    @app.post("/predict")
    async def predict(body: api_models.PredictRequest) -> Predictions:
        """Predict the classes of texts."""
        return await compute(_answer, body.threshold, body.texts)  # type: ignore[no-any-return]

    @app.post("/explain")
    async def explain(body: api_models.ExplainRequest) -> Explanation:
        """Predict the class of a text and explain the prediction by its words."""
        return await compute(explanation.explain, body.threshold, body.text)  # type: ignore[no-any-return]

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Answer at once, even if requests wait, with their number and the model's accuracy."""
        queue = limiter.statistics()
        waiting = queue.tasks_waiting + queue.borrowed_tokens
        return {"model": classifier.name, "accuracy": classifier.accuracy, "waiting": waiting}

    return app


def _refuse(_request: Request, error: Any) -> JSONResponse:
    # Leave out the input: it may contain lone surrogates, which cannot be encoded.
    details = [{"where": detail["loc"], "what": detail["msg"]} for detail in error.errors()]
    return JSONResponse({"detail": details}, status_code=422)


def _answer(classifier: Classifier, texts: list[str]) -> Predictions:
    return Predictions(
        positive_class=classifier.classes[1],
        threshold=classifier.threshold,
        predictions=classifier.describe(classifier.predict(texts)),
    )


UVICORN: dict[str, Any] = {
    "http": TimedConnection,
    "headers": [*SECURITY_HEADERS.items()],
    "server_header": False,
    "access_log": False,  # its lines contain the query of an address
    "limit_concurrency": 500,  # half of the files that a process may open by default on Linux
    "timeout_keep_alive": 30,  # seconds until an idle connection is closed
    "timeout_graceful_shutdown": 8,  # seconds to answer accepted requests
}


def run(host: str, port: int, load: Callable[[], Classifier]) -> None:
    """Serve a model until interrupted."""
    try:
        # An empty host, as from an unset variable, would listen on all interfaces.
        socket.create_server((host or "(empty)", port)).close()
    except (OSError, UnicodeError) as error:
        raise InputError(f"cannot listen on --host {host!r}, --port {port}: {error}") from error
    classifier = load()
    # Prepare the model before the first request, for batches of any size.
    word = next(iter(classifier.vocabulary))
    explanation.explain(classifier, word)
    classifier.predict([word, word])
    # On all interfaces, the host names that clients use are unknown.
    hosts = ["*"] if host == "0.0.0.0" else [host, "localhost", "127.0.0.1"]  # noqa: S104
    uvicorn.run(create(classifier, hosts), host=host, port=port, **UVICORN)
