"""Serve a page on which a review is typed, and its reading as JSON."""

import dataclasses
import socket
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.telemetry import TelemetryConfig
from pydantic import BaseModel, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from birnn.cli import explanation_page
from birnn.core.errors import InputError
from birnn.evaluation.model_names import NETWORKS
from birnn.inference import predictor
from birnn.inference.explanation import Explainer, Explanation

LARGEST_TEXT = 20_000  # characters
# Of a request: a character can take 12 bytes in a form.
LARGEST_BODY = 12 * LARGEST_TEXT + 1_000  # bytes

EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  none is listened on unless asked for

NO_TELEMETRY: TelemetryConfig = {
    "auto_configure": False,
    "tracing": False,
    "metrics": False,
    "logs": False,
}

SECURE = {
    # The page has no script, and loads nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Text(BaseModel):
    """What is to be read."""

    text: str = Field(max_length=LARGEST_TEXT)


def create(explainer: Explainer, hosts: list[str]) -> FastAPI:
    """Return the application: a page at `/`, and JSON at `/explain`.

    Requests must name one of `hosts`, so that no other site's page can reach it by a name that
    leads here.
    """
    app = FastAPI(
        title="birnn", openapi_url=None, max_body_size=LARGEST_BODY, telemetry=NO_TELEMETRY
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    # One reading at a time: each takes all cores.
    lock = Lock()

    def explain(text: str) -> Explanation:
        with lock:
            return explainer.explain(text)

    @app.middleware("http")
    async def secure(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers.update(SECURE)
        return response

    @app.exception_handler(RequestValidationError)
    def refuse(_request: Request, error: RequestValidationError) -> JSONResponse:
        # Without what was sent, which may be no text at all.
        mistakes = [{"where": each["loc"], "what": each["msg"]} for each in error.errors()]
        return JSONResponse({"detail": mistakes}, status_code=422)

    @app.get("/", response_class=HTMLResponse)
    def form() -> str:
        return explanation_page.render(None, form=True, largest=LARGEST_TEXT)

    @app.post("/", response_class=HTMLResponse)
    async def read(request: Request) -> str:
        fields = parse_qs((await request.body()).decode(errors="replace"))
        text = fields.get("text", [""])[0].replace("\r\n", "\n")
        shown = partial(explanation_page.render, form=True, text=text, largest=LARGEST_TEXT)
        if len(text) > LARGEST_TEXT:
            return shown(None, error=f"The text has more than {LARGEST_TEXT:,} characters.")
        if not text.strip():
            return shown(None, error="Type a review first.")
        return shown(await run_in_threadpool(explain, text))

    @app.post("/explain")
    def explain_as_json(text: Text) -> dict[str, Any]:
        explanation = explain(text.text)
        return {"sentiment": explanation.sentiment, **dataclasses.asdict(explanation)}

    return app


def run(host: str, port: int) -> None:
    """Serve until interrupted.

    Raises:
        InputError: the address cannot be listened on, or a file of the pipeline is missing, or
            another.
    """
    with _listening(host, port) as listening:
        explainer = Explainer(predictor.load_verified(NETWORKS))
        # The first reading builds what the others use.
        explainer.explain("ready")
        # Who listens on every address is reached by names that are not known here.
        hosts = ["*"] if host in EVERY_ADDRESS else [host, "localhost", "127.0.0.1"]
        app = create(explainer, hosts)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False))
        print(f"open http://{host}:{port}, and end with Ctrl-C", flush=True)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise InputError(
            f"{host}, port {port} cannot be listened on ({error.strerror or error}): "
            "choose another --host or --port"
        ) from None
