"""Serve a web page and a JSON API that classify reviews and explain the result."""

import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from birnn.runtime.errors import InputError
from birnn_apps import explanation, explanation_display, http_server
from birnn_apps.api_models import (
    LARGEST_TEXT,
    REFUSALS,
    ExplainRequest,
    Health,
    Predictions,
    PredictRequest,
)
from birnn_apps.classifier import Classifier
from birnn_apps.explanation import Explanation
from birnn_apps.request_queue import LONGEST_QUEUE, RequestQueue

LARGEST_BODY = 12 * LARGEST_TEXT + 1_000  # bytes; a character takes up to 12 bytes in a form
LARGEST_BATCH_BODY = 2_000_000  # bytes; 500 reviews of IMDB take about 700,000

SECURITY_HEADERS = {
    # The pages contain no scripts and load nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

DESCRIPTION = f"""A model of the last run classifies reviews. A text without a word of its
vocabulary gets no prediction: `known` is 0, and sentiment and probabilities are null.

Up to {LONGEST_QUEUE} requests wait for an answer. If more arrive, they are refused with status 503
and should be sent again after the seconds in the header `Retry-After`."""


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

    @app.middleware("http")
    async def add_headers(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers.update(SECURITY_HEADERS)
        return response

    @app.exception_handler(RequestValidationError)
    def refuse(_request: Request, error: RequestValidationError) -> JSONResponse:
        # Leave out the input: it may contain lone surrogates, which cannot be encoded.
        details = [{"where": detail["loc"], "what": detail["msg"]} for detail in error.errors()]
        return JSONResponse({"detail": details}, status_code=422)

    queue = RequestQueue(classifier)
    _add_pages(app, queue)
    _add_api(app, queue, classifier)
    return app


def _add_pages(app: FastAPI, queue: RequestQueue) -> None:
    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def form() -> str:
        return explanation_display.render_page(None, max_length=LARGEST_TEXT)

    @app.post("/", response_class=HTMLResponse, include_in_schema=False)
    async def submit(request: Request) -> HTMLResponse:
        fields = parse_qs((await request.body()).decode(errors="replace"))
        text = fields.get("text", [""])[0].replace("\r\n", "\n")
        render = partial(explanation_display.render_page, text=text, max_length=LARGEST_TEXT)
        if len(text) > LARGEST_TEXT:
            error = f"The text has more than {LARGEST_TEXT:,} characters: shorten it."
        elif not text.strip():
            error = "Type a review first."
        else:
            return HTMLResponse(render(await queue.explain(text)))
        return HTMLResponse(render(None, error=error), status_code=422)


def _add_api(app: FastAPI, queue: RequestQueue, classifier: Classifier) -> None:
    @app.post("/predict", responses=REFUSALS, max_body_size=LARGEST_BATCH_BODY)
    async def predict(body: PredictRequest) -> Predictions:
        """Predict the sentiment of texts."""
        rows = await queue.predict(body.texts, body.threshold)
        negative, positive = classifier.classes
        for row in rows:
            value = row["probability"]
            row["label_probability"] = 1 - value if row["sentiment"] == negative else value
            row["models"] = {name: row[name] for name in classifier.models}
        threshold = body.threshold or classifier.threshold
        return Predictions.model_validate(
            {"positive_class": positive, "threshold": threshold, "predictions": rows}
        )

    @app.post("/explain", responses=REFUSALS)
    async def explain(body: ExplainRequest) -> Explanation:
        """Predict the sentiment of a text and explain the prediction by its words."""
        return await queue.explain(body.text, body.threshold)

    @app.get("/health")
    async def health() -> Health:
        """Answer at once, even if requests wait."""
        return Health(
            status="ok",
            model=classifier.name,
            accuracy=classifier.accuracy,
            waiting=queue.length,
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
        app = create(classifier, hosts)
        print(f"serving on http://{host}:{port} (press Ctrl-C to stop)", flush=True)
        with suppress(KeyboardInterrupt):
            http_server.create(app).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    if not host:  # as from an unset variable; the system would listen on all interfaces
        raise InputError("--host is empty: name an address, such as 127.0.0.1")
    try:
        host.encode("idna")  # create_server would fail with a TypeError
        return socket.create_server((host, port))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"cannot listen on {host}, port {port} ({reason}): choose another --host or --port"
        ) from None
