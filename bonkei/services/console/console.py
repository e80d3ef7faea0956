"""The console's life cycle: topics and actions are added by name; the server starts and stops."""

from __future__ import annotations

import errno
import logging
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei.base import kept
from bonkei.services.console.feed import Feed
from bonkei.services.console.guard import Keys
from bonkei.services.console.values import Action, ConsoleError, ConsoleSettings, Topic

if TYPE_CHECKING:
    from aiohttp import web

_HOST = "127.0.0.1"
_LOG = logging.getLogger("bonkei.services.console")


@dataclass(frozen=True, slots=True)
class ConsoleSnapshot:
    """`url`: with its token, for the owner of the miniature. `open`: the number of open pages."""

    url: str
    open: int
    note: str = ""


class Console:
    """Without settings, the console is off, and `start` does nothing."""

    def __init__(self, settings: ConsoleSettings | None = None) -> None:
        self._settings = settings
        self._topics: dict[str, Topic] = {}
        self._actions: dict[str, Action] = {}
        self._feed = Feed(self._topics, _log_fault)
        self._runner: web.ServerRunner | None = None
        self._keys: Keys | None = None
        self._note = ""

    def topics(self, topics: Mapping[str, Topic]) -> None:
        """The name is `family` or `family.what`. A name can be given only once."""
        _add(self._topics, topics)

    def actions(self, actions: Mapping[str, Action]) -> None:
        """Add actions, each named `family.verb`. A name can be given only once."""
        _add(self._actions, actions)

    async def state(self, key: str) -> bytes:
        """Compute a topic once, like `Feed.state`."""
        return await self._feed.state(key)

    async def start(self) -> None:
        """Listen on loopback. If the port is taken, listen on a free one. Raises ConsoleError
        otherwise."""
        if self._settings is None:
            return
        from aiohttp import web  # noqa: PLC0415 - it takes a while to load

        from bonkei.services.console.server import Handler, answers  # noqa: PLC0415

        listening = self._open(self._settings.port)
        if self._note:  # what has the port gets the cookie of a page that is still open
            (self._settings.directory / "token").unlink(missing_ok=True)
        keys = Keys(_token(self._settings.directory), listening.getsockname()[1])
        handler = answers(Handler(keys, self._feed, self._actions))
        runner = web.ServerRunner(web.Server(handler, access_log=None), shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listening, backlog=32).start()
        self._runner, self._keys = runner, keys

    def _open(self, port: int) -> socket.socket:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((_HOST, port))
            listening.listen(32)
        except OSError as error:
            listening.close()
            if error.errno == errno.EADDRINUSE and port:
                self._note = f"port {port} is taken, so the console has a free one"
                return self._open(0)
            raise ConsoleError(
                f"the console cannot listen on {_HOST}:{port}: {error.strerror}",
                remedy="give it another port by BONKEI_CONSOLE_PORT, or `off`",
            ) from None
        return listening

    async def stop(self) -> None:
        """Close the pages' connections and the port. It may be called twice."""
        self._feed.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def snapshot(self) -> ConsoleSnapshot | None:
        """None while it is switched off."""
        if self._runner is None or self._keys is None:
            return None
        url = f"http://{_HOST}:{self._keys.port}/?token={self._keys.token}"
        return ConsoleSnapshot(url, self._feed.looks, self._note)


def _add(known: dict[str, Topic] | dict[str, Action], more: Mapping[str, Topic]) -> None:
    for name, one in more.items():
        if name in known:
            raise ValueError(f"{name} is there already")
        known[name] = one


def _token(directory: Path) -> str:
    """The token is kept, so that an open page continues after a restart of the miniature."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = directory / "token"
    try:
        known = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        known = ""
    if len(known) >= 32 and known.isascii() and known.isalnum():
        return known
    token = secrets.token_hex(16)
    kept.write(file, token, synced=False)
    return token


def _log_fault(key: str, error: Exception) -> None:
    _LOG.warning("the topic %s failed", key, exc_info=error)
