"""Serve a web page and a JSON API that classify texts and explain the result."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
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
from birnn_apps import explanation, output_tables
from birnn_apps.api_models import (
    LARGEST_TEXT,
    ExplainRequest,
    Health,
    Predictions,
    PredictRequest,
)
from birnn_apps.classifier import Classifier
from birnn_apps.explanation import Explanation
from birnn_apps.explanation_display import render_page
from birnn_apps.predict import predict

LARGEST_BODY = 12 * LARGEST_TEXT + 1_000  # bytes; a character takes up to 12 bytes in a form
LARGEST_BATCH_BODY = 2_000_000  # bytes; 500 reviews of IMDB take about 700,000
LONGEST_QUEUE = 32  # requests
RETRY_AFTER = 5  # seconds, longer than a full queue of explanations takes on two cores
MOST_CONNECTIONS = 500  # half of the files that a process may open by default on Linux
KEEP_ALIVE = 30  # seconds until an idle connection is closed
REQUEST_TIME = 60  # seconds for a request to arrive, with the time that the connection was idle
SHUTDOWN_TIME = 8  # seconds to answer accepted requests before the server stops

SECURITY_HEADERS = {
    # The pages contain no scripts and load nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

DESCRIPTION = f"""A model of the last run classifies texts. A text without a word of its vocabulary
gets no prediction: `known` is 0, and label and probabilities are null.

Up to {LONGEST_QUEUE} requests wait for an answer. If more arrive, they are refused with status 503
and should be sent again after the seconds in the header `Retry-After`."""

REFUSALS: dict[int | str, dict[str, Any]] = {
    413: {"description": "The request is too large."},
    422: {"description": "The request is invalid; the answer says where and why."},
    503: {"description": "Too many requests wait; try again after `Retry-After` seconds."},
}


class TimedConnection(H11Protocol):
    """A connection that closes if its client is slow to send a request or to read the answer.

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

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if self._deadline:
            self._deadline.cancel()

    def _limit_time(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(REQUEST_TIME, self.transport.abort)


def create(classifier: Classifier, hosts: list[str]) -> FastAPI:
    """Return the application: a form at `/`, the JSON API, and its description at `/openapi.json`.

    Requests must be addressed to one of `hosts`. This prevents DNS rebinding, in which a page of
    another site reaches the server under a domain that resolves to its address.
    """
    negative, positive = classifier.classes
    app = FastAPI(
        title="birnn",
        description=f"{DESCRIPTION}\n\nThe positive class is {positive}, the negative {negative}.",
        docs_url=None,  # FastAPI's pages load scripts from another site
        redoc_url=None,
        max_body_size=LARGEST_BODY,
        # Neither an environment variable nor an exporter of the process may send texts.
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    limiter = CapacityLimiter(1)  # each computation uses all cores

    async def compute(work: Callable[..., Any], threshold: float | None, *arguments: Any) -> Any:
        if limiter.statistics().tasks_waiting >= LONGEST_QUEUE:
            raise HTTPException(
                503, "too many requests wait: try again later", {"Retry-After": str(RETRY_AFTER)}
            )
        chosen = replace(classifier, threshold=threshold or classifier.threshold)
        return await to_thread.run_sync(work, chosen, *arguments, limiter=limiter)

    @app.exception_handler(RequestValidationError)
    def refuse(_request: Request, error: RequestValidationError) -> JSONResponse:
        # Leave out the input: it may contain lone surrogates, which cannot be encoded.
        details = [{"where": detail["loc"], "what": detail["msg"]} for detail in error.errors()]
        return JSONResponse({"detail": details}, status_code=422)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def form() -> str:
        return render_page(None, max_length=LARGEST_TEXT)

    @app.post("/", response_class=HTMLResponse, include_in_schema=False)
    async def submit(request: Request) -> HTMLResponse:
        fields = parse_qs((await request.body()).decode(errors="replace"))
        text = fields.get("text", [""])[0].replace("\r\n", "\n")
        render = partial(render_page, text=text, max_length=LARGEST_TEXT)
        if len(text) > LARGEST_TEXT:
            error = f"The text has more than {LARGEST_TEXT:,} characters: shorten it."
        elif not text.strip():
            error = "Type a text first."
        else:
            return HTMLResponse(render(await compute(explanation.explain, None, text)))
        return HTMLResponse(render(None, error=error), status_code=422)

    @app.post("/predict", responses=REFUSALS, max_body_size=LARGEST_BATCH_BODY)
    async def predict(body: PredictRequest) -> Predictions:
        """Predict the labels of texts."""
        return await compute(_predictions, body.threshold, body.texts)

    @app.post("/explain", responses=REFUSALS)
    async def explain(body: ExplainRequest) -> Explanation:
        """Predict the label of a text and explain the prediction by its words."""
        return await compute(explanation.explain, body.threshold, body.text)

    @app.get("/health")
    async def health() -> Health:
        """Answer at once, even if requests wait."""
        queue = limiter.statistics()
        return Health(
            model=classifier.name,
            accuracy=classifier.accuracy,
            waiting=queue.tasks_waiting + queue.borrowed_tokens,
        )

    return app


def _predictions(classifier: Classifier, texts: list[str]) -> Predictions:
    negative, positive = classifier.classes
    rows = output_tables.records(predict(classifier, texts, unknown=False))
    for row in rows:
        value = row["probability"]
        row["label_probability"] = 1 - value if row["label"] == negative else value
        row["models"] = {name: row[name] for name in classifier.models}
    return Predictions.model_validate(
        {"positive_class": positive, "threshold": classifier.threshold, "predictions": rows}
    )


def configure(app: FastAPI) -> uvicorn.Config:
    """Return the configuration of a server."""
    return uvicorn.Config(
        app,
        http=TimedConnection,
        headers=[*SECURITY_HEADERS.items()],
        server_header=False,
        log_config=None,  # Uvicorn's closes the handlers of all other libraries
        log_level="warning",
        access_log=False,  # its lines contain the query of an address
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=SHUTDOWN_TIME,
    )


def run(host: str, port: int, load: Callable[[], Classifier]) -> None:
    """Serve a model until interrupted."""
    with _listen(host, port) as listener:
        classifier = load()
        # Prepare the model before the first request, for batches of any size.
        word = next(iter(classifier.vocabulary))
        explanation.explain(classifier, word)
        classifier.predict([word, word])
        # On all interfaces, the host names that clients use are unknown.
        hosts = ["*"] if host == "0.0.0.0" else [host, "localhost", "127.0.0.1"]  # noqa: S104
        server = uvicorn.Server(configure(create(classifier, hosts)))
        print(f"serving on http://{host}:{port} (press Ctrl-C to stop)", flush=True)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    if not host:  # as from an unset variable; the system would listen on all interfaces
        raise InputError("--host is empty: name an address, such as 127.0.0.1")
    try:
        host.encode("idna")  # create_server would fail with a TypeError
        listener = socket.create_server((host, port))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"cannot listen on {host}, port {port} ({reason}): choose another --host or --port"
        ) from None
    # Send answers at once. asyncio sets this only for sockets that name their protocol.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
