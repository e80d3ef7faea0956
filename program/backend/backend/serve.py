"""The HTTP server: uvicorn, on uvloop and httptools, with a drain before it stops."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import time
from types import FrameType

import uvicorn

from backend.api.app import create_app
from backend.settings import ServeSettings, SettingsError

_TICK_SECONDS = 1.0  # the resolution of the Date header
_DRAINING_TICK_SECONDS = 0.1

logger = logging.getLogger(__name__)


class DrainingServer(uvicorn.Server):
    """At SIGTERM it serves on until requests stop coming.

    ECS may send SIGTERM before the load balancer has stopped sending requests. So the server goes
    on answering, with `Connection: close`. It stops after `quiet_seconds` without a request, at the
    latest after `drain_seconds`. Requests in flight then have uvicorn's graceful time-out. A second
    SIGTERM, or SIGINT, skips the drain.
    """

    def __init__(
        self, config: uvicorn.Config, *, drain_seconds: float, quiet_seconds: float
    ) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._quiet_seconds = quiet_seconds
        self._drain_until: float | None = None
        self._announced = False
        self._last_requests = 0
        self._quiet_since = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    @property
    def is_draining(self) -> bool:
        return self._drain_until is not None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        for listener in sockets or []:
            logger.info("listening on http://%s:%s", *listener.getsockname()[:2])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if sig == signal.SIGTERM and not self.is_draining:
            now = time.monotonic()
            self._drain_until, self._quiet_since = now + self._drain_seconds, now
            self._last_requests = self.server_state.total_requests
        elif self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        else:
            self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._woken.set)

    async def main_loop(self) -> None:
        """Like uvicorn's, which wakes ten times a second to see whether it should exit. This one is
        woken then, so that an idle task uses a tenth of the processor time."""
        while not await self.on_tick(0):
            seconds = _DRAINING_TICK_SECONDS if self.is_draining else _TICK_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), seconds)
            self._woken.clear()

    async def on_tick(self, counter: int) -> bool:
        if self._drain_until is not None:
            if not self._announced:  # not in the signal handler, which may interrupt a record
                self._announced = True
                logger.info("draining")
            self.should_exit = self.should_exit or self._is_drained(self._drain_until)
        return await super().on_tick(counter)

    def _is_drained(self, until: float) -> bool:
        now = time.monotonic()
        if self.server_state.total_requests != self._last_requests:
            self._last_requests, self._quiet_since = self.server_state.total_requests, now
        return now >= until or now - self._quiet_since >= self._quiet_seconds


def run() -> None:
    settings = ServeSettings.read()
    with _listen(settings.host, settings.port) as listener:
        server: DrainingServer
        app = create_app(settings, is_draining=lambda: server.is_draining)
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=settings.keep_alive_seconds,
            timeout_graceful_shutdown=settings.shutdown_seconds,
        )
        server = DrainingServer(
            config,
            drain_seconds=settings.drain_seconds,
            quiet_seconds=settings.drain_quiet_seconds,
        )
        try:
            server.run(sockets=[listener])
        except SystemExit as exit_:
            raise RuntimeError(f"the server could not start (code {exit_.code})") from exit_
        logger.info("stopped")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(f"HOST, PORT: cannot listen on {host}:{port}: {error}") from None
