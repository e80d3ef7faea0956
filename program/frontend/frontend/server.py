"""Serves until SIGTERM, and then until requests stop coming. SIGHUP: reads templates again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import time
from types import FrameType

import uvicorn

from frontend.application import create_application
from frontend.settings import Settings
from frontend.web.content import Content, ContentError

_log = logging.getLogger(__name__)

# The ALB may still send requests for a moment after SIGTERM. Serve until it has been quiet for
# this long, but not forever; both fit well into ECS's default stopTimeout of 30 s.
_QUIET_SECONDS = 0.5
_DRAIN_SECONDS = 15.0
_SHUTDOWN_SECONDS = 10
_TICK_SECONDS = 1.0  # the resolution of the Date header


class Server(uvicorn.Server):
    """uvicorn, except that the first SIGTERM or SIGINT does not stop it at once."""

    def __init__(self, settings: Settings) -> None:
        self.draining = False
        self._content = Content(settings.site_name)
        self._envelope = create_application(
            settings, is_draining=lambda: self.draining, content=self._content
        )
        self._drain: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        super().__init__(
            uvicorn.Config(
                self._envelope,
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http="httptools",
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=settings.keep_alive_seconds,
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGHUP, self._read_again)
        await super().startup(sockets)

    async def main_loop(self) -> None:
        """Like uvicorn's, which wakes ten times a second to see whether it should exit. This one is
        woken then, so that an idle task uses a tenth of the processor time."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _TICK_SECONDS)

    def _read_again(self) -> None:
        try:
            templates = self._content.read_again()
        except ContentError as error:
            _log.warning("SIGHUP: %s; the old files are still served", error)
        else:
            _log.info("SIGHUP: read again: %s templates, messages and static files", templates)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._loop is None or self.draining:
            super().handle_exit(sig, frame)
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._woken.set)
            return
        self.draining = True
        self._loop.call_soon_threadsafe(self._start_draining, signal.Signals(sig).name)

    def _start_draining(self, signal_name: str) -> None:
        self._drain = asyncio.ensure_future(self._stop_when_quiet(signal_name))

    async def _stop_when_quiet(self, signal_name: str) -> None:
        _log.info("%s: finishing what is under way", signal_name)
        deadline = time.monotonic() + _DRAIN_SECONDS
        seen, quiet_since = self._envelope.served, time.monotonic()
        while time.monotonic() < deadline:
            await asyncio.sleep(0.05)
            if self._envelope.in_flight or self._envelope.served != seen:
                seen, quiet_since = self._envelope.served, time.monotonic()
            elif time.monotonic() - quiet_since >= _QUIET_SECONDS:
                break
        self.should_exit = True
        self._woken.set()
