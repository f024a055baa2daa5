"""The HTTP server of `birnn serve`, which limits how long a client may hold its resources."""

import asyncio

import anyio
import h11
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from birnn_apps.request_queue import RETRY_AFTER

MOST_CONNECTIONS = 500  # half of the files that a process may open by default on Linux
# Seconds until an idle connection is closed. A request that arrives at that moment is lost, so it
# must not be the moment of a retry.
KEEP_ALIVE = 6 * RETRY_AFTER
REQUEST_TIME = 30  # seconds to send a request with its body
# Seconds to answer accepted requests before the server stops. The computation that runs then ends
# after up to two more seconds.
SHUTDOWN_TIME = 8


class TimedConnection(H11Protocol):
    """A connection that closes if its client takes too long to send a request.

    Uvicorn itself limits only the time between two requests.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        super().connection_made(transport)
        self._limit_time()

    def data_received(self, data: bytes) -> None:
        """Receive a part of a request."""
        super().data_received(data)
        self._limit_time()

    def on_response_complete(self) -> None:
        """Wait for the next request, part of which may have arrived."""
        super().on_response_complete()
        self._limit_time()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also if its client never reads the answer."""
        self.transport.abort()

    def shutdown(self) -> None:
        """Close the connection after the answer; if the request is incomplete, now."""
        super().shutdown()
        if self.conn.their_state is h11.SEND_BODY:
            self.transport.abort()
        else:
            self.loop.call_later(SHUTDOWN_TIME, self.transport.abort)

    def _limit_time(self) -> None:
        is_incomplete = self.conn.their_state in {h11.IDLE, h11.SEND_BODY}
        is_limited = is_incomplete and not self.timeout_keep_alive_task
        if is_limited and self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_TIME, self.transport.abort)
        elif self._deadline and not is_limited:
            self._deadline.cancel()
            self._deadline = None


def end_with_client(app: ASGIApp) -> ASGIApp:
    """Return an application that ends a request when its client disconnects."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        watcher: asyncio.Task[None] | None = None

        async def watch() -> None:
            await receive()  # after the body, the next message says that the client has gone
            work.cancel()

        async def receive_and_watch() -> Message:
            nonlocal watcher
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                watcher = asyncio.create_task(watch())
            return message

        # Unlike a cancelled task, a cancelled scope waits for a computation in another thread.
        with anyio.CancelScope() as work:
            try:
                await app(scope, receive_and_watch, send)
            finally:
                if watcher:
                    watcher.cancel()

    return run


def create(app: ASGIApp) -> uvicorn.Server:
    """Return a server that answers the requests it has accepted before it stops."""
    return uvicorn.Server(
        uvicorn.Config(
            end_with_client(app),
            http=TimedConnection,
            log_config=None,  # Uvicorn's closes the handlers of all other libraries
            log_level="warning",
            access_log=False,  # its lines contain the query of an address
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE,
        )
    )
