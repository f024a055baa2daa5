"""Serve a web page and a JSON endpoint that classify a review and explain the result."""

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
LARGEST_BODY = 12 * LARGEST_TEXT + 1_000  # bytes; a character takes up to 12 bytes in a form

ALL_INTERFACES = ("0.0.0.0", "::")  # noqa: S104  used only if the user asks for it

NO_TELEMETRY: TelemetryConfig = {
    "auto_configure": False,
    "tracing": False,
    "metrics": False,
    "logs": False,
}

SECURITY_HEADERS = {
    # The page contains no scripts and loads nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Text(BaseModel):
    """The body of a request to `/explain`."""

    text: str = Field(max_length=LARGEST_TEXT)


def create(explainer: Explainer, hosts: list[str]) -> FastAPI:
    """Return the application: an HTML page at `/` and a JSON endpoint at `/explain`.

    Requests must be addressed to one of `hosts`. This prevents DNS rebinding, in which a page of
    another site reaches the server under a domain that resolves to its address.
    """
    app = FastAPI(
        title="birnn", openapi_url=None, max_body_size=LARGEST_BODY, telemetry=NO_TELEMETRY
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    lock = Lock()  # one explanation at a time, because each uses all cores

    def explain(text: str) -> Explanation:
        with lock:
            return explainer.explain(text)

    @app.middleware("http")
    async def add_security_headers(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers.update(SECURITY_HEADERS)
        return response

    @app.exception_handler(RequestValidationError)
    def refuse(_request: Request, error: RequestValidationError) -> JSONResponse:
        # Leave out the input: it may contain lone surrogates, which cannot be encoded.
        details = [{"where": detail["loc"], "what": detail["msg"]} for detail in error.errors()]
        return JSONResponse({"detail": details}, status_code=422)

    @app.get("/", response_class=HTMLResponse)
    def form() -> str:
        return explanation_page.render(None, form=True, max_length=LARGEST_TEXT)

    @app.post("/", response_class=HTMLResponse)
    async def submit(request: Request) -> str:
        fields = parse_qs((await request.body()).decode(errors="replace"))
        text = fields.get("text", [""])[0].replace("\r\n", "\n")
        render = partial(explanation_page.render, form=True, text=text, max_length=LARGEST_TEXT)
        if len(text) > LARGEST_TEXT:
            return render(
                None, error=f"The text has more than {LARGEST_TEXT:,} characters: shorten it."
            )
        if not text.strip():
            return render(None, error="Type a review first.")
        return render(await run_in_threadpool(explain, text))

    @app.post("/explain")
    def explain_as_json(text: Text) -> dict[str, Any]:
        explanation = explain(text.text)
        return {"sentiment": explanation.sentiment, **dataclasses.asdict(explanation)}

    return app


def run(host: str, port: int) -> None:
    """Serve until interrupted.

    Raises:
        InputError: the server cannot listen on the address, or a file of the pipeline is missing
            or modified.
    """
    with _listen(host, port) as listener:
        explainer = Explainer(predictor.load_verified(NETWORKS))
        explainer.explain("ready")  # compiles the networks before the first request
        # On all interfaces, the host names that clients use are unknown.
        hosts = ["*"] if host in ALL_INTERFACES else [host, "localhost", "127.0.0.1"]
        app = create(explainer, hosts)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False))
        print(f"serving on http://{host}:{port} (press Ctrl-C to stop)", flush=True)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise InputError(
            f"cannot listen on {host}, port {port} ({error.strerror or error}): "
            "choose another --host or --port"
        ) from None
