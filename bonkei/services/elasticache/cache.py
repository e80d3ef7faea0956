"""One cache: a server of Valkey or Redis at the cache's address and port."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path

import psutil

from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.base.processes import Keeper
from bonkei.blueprint.elasticache import Cache
from bonkei.services.elasticache.configuration import (
    CLUSTER,
    cluster,
    configuration,
    unknown_parameters,
)

_PROGRAMS = ("valkey-server", "redis-server")
_VERSION = re.compile(r"(Valkey|Redis) server v=(\S+)")
_FAILED = re.compile(r"(?i)error|fail|not listen|in use")
_START = 30.0  # seconds
_STOP = 10.0
_POLL = 0.02
_REJOINS = 2.2  # seconds for which a node of a cluster takes no writes (CLUSTER_WRITABLE_DELAY)
_PAUSE = 1.0  # seconds before a dead server is started again


class CacheError(BonkeiError):
    """A server cannot be started."""


@dataclass(frozen=True, slots=True)
class CacheSnapshot:
    """For `bonkei status`. `status`: `available`, `creating`, `stopped`, or `failed`."""

    identifier: str
    status: str
    server: str
    endpoint: str
    pid: int | None
    memory: int
    notes: tuple[str, ...] = ()


class CacheServer:
    """Runs from `start` to `stop`. Its data stays in the home."""

    def __init__(self, cache: Cache, host: str, home: Path) -> None:
        self._cache = cache
        self._host = host
        self._directory = home / "caches" / cache.identifier
        self._log = home / "logs" / cache.identifier / "cache.log"
        self._keeper = Keeper(home / "processes" / "caches" / cache.identifier)
        self._process: Process | None = None
        self._guard = Background()
        self._status = "stopped"
        self._server = ""

    async def start(self) -> None:
        """Start, and wait until it answers. Raises CacheError."""
        self._status = "failed"
        program = await asyncio.to_thread(self._find)
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._keeper.start()
        try:
            await self._launch(program)
        except BaseException:
            await self.stop()
            self._status = "failed"
            raise
        self._guard.start(self._watch(program))

    async def apply(self, cache: Cache) -> None:
        """Follow a changed definition, by another start."""
        if cache != self._cache or self._status != "available":
            await self.stop()
            self._cache = cache
            await self.start()

    async def stop(self) -> None:
        """It writes its data first."""
        await self._guard.stop()
        if self._process is not None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                with suppress(ProcessLookupError):
                    self._process.send_signal(number)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_STOP):
                        await self._process.wait()
                    break
            self._keeper.release(self._process.pid)
            self._process = None
        self._keeper.stop()
        self._status = "stopped"

    def snapshot(self) -> CacheSnapshot:
        pid = self._process.pid if self._process is not None else None
        memory = 0
        with suppress(psutil.Error):
            memory = psutil.Process(pid).memory_info().rss if pid else 0
        notes = [f"parameter {name} has no effect here" for name in unknown_parameters(self._cache)]
        return CacheSnapshot(
            self._cache.identifier,
            self._status,
            self._server,
            f"{self._host}:{self._cache.port}",
            pid,
            memory,
            tuple(notes),
        )

    def _find(self) -> str:
        """The program of the cache's own engine, or else of the other one, which is alike."""
        wanted = sorted(_PROGRAMS, key=lambda name: not name.startswith(self._cache.engine))
        found = next((path for name in wanted if (path := shutil.which(name))), None)
        if found is None:
            raise CacheError(
                f"{self._cache.identifier} is not run: there is no {' or '.join(wanted)} here",
                remedy=f"install {wanted[0]}, so that it is on the PATH of `bonkei up`",
            )
        return found

    def _require_free_port(self) -> None:
        """Another program that listens there would be taken for the server."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, self._cache.port))
            except OSError as error:
                place = f"{self._host}:{self._cache.port}"
                raise CacheError(
                    f"{self._cache.identifier} is not run: {place}: {error.strerror}",
                    remedy="end the program that listens there",
                ) from None

    async def _launch(self, program: str) -> None:
        self._require_free_port()
        if self._cache.is_cluster:
            (self._directory / CLUSTER).write_text(cluster(self._cache, self._host))
        with self._log.open("ab") as log:
            begin = log.tell()
            process = await asyncio.create_subprocess_exec(
                *(program, "-"),
                cwd=self._directory,
                stdin=PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._process = process
        self._keeper.keep(process.pid, ending=signal.SIGTERM, grace=_STOP)
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        text = configuration(self._cache, self._host, self._directory)
        process.stdin.write(text.encode())
        with suppress(ConnectionError):  # it has ended, and its log says why
            await process.stdin.drain()
        process.stdin.close()
        await self._until_ready(process, begin)
        if self._cache.is_cluster:
            await asyncio.sleep(_REJOINS)
        self._server = await _version(program)
        self._status = "available"

    async def _until_ready(self, process: Process, begin: int) -> None:
        deadline = time.monotonic() + _START
        while process.returncode is None and time.monotonic() < deadline:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(self._host, self._cache.port)
                writer.close()
                break
            await asyncio.sleep(_POLL)
        if process.returncode is not None or time.monotonic() >= deadline:
            said = self._log.read_bytes()[begin:].decode(errors="replace").strip().splitlines()
            why = " ".join(dropwhile(lambda one: not _FAILED.search(one), said))
            raise CacheError(
                f"the server of {self._cache.identifier} did not start: {why}",
                remedy=f"see {self._log}",
            )

    async def _watch(self, program: str) -> None:
        """Start a dead server again, as ElastiCache replaces a node."""
        while self._process is not None:
            await self._process.wait()
            self._keeper.release(self._process.pid)
            self._status = "creating"
            await asyncio.sleep(_PAUSE)
            with suppress(CacheError, OSError):
                await self._launch(program)


async def _version(program: str) -> str:
    asked = await asyncio.create_subprocess_exec(
        program, "--version", stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
    )
    said, _ = await asked.communicate()
    found = _VERSION.search(said.decode(errors="replace"))
    return f"{found[1]} {found[2]}" if found else Path(program).name
