"""The process of MiniStack, the store behind the endpoint for storage and messaging.

It listens nowhere: each connection is handed over to it (`channel`). Acknowledged changes are on
disk (`data/ministack_journal.py`). It is restarted when it dies, and ended when it is frozen. While
no call comes, it does not run (`resting`).
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from bonkei.base.folders import matching
from bonkei.base.kept import DamagedError
from bonkei.base.processes import Keeper, launch_command
from bonkei.services.endpoint.backing.channel import Channel, NotConnectedError, Streams
from bonkei.services.endpoint.backing.freezing import is_frozen
from bonkei.services.endpoint.backing.pipe import Pipe
from bonkei.services.endpoint.backing.resting import Quiet, holds_nothing
from bonkei.services.endpoint.backing.states import require_whole
from bonkei.services.endpoint.errors import CloudError
from bonkei.services.endpoint.services import BACKED
from bonkei.services.endpoint.settings import HOST, CloudSettings

LOCK = Path(__file__).parents[1] / "data" / "ministack.txt"
"""The packages of MiniStack's own environment."""

RUN = LOCK.with_name("run_ministack.py")

_START_TIMEOUT = 30.0  # seconds
_STOP_TIMEOUT = 10.0
_PATIENCE = (0.0, 0.5, 2.0, 10.0)
"""Seconds before it is started again: first at once, then longer if it dies after each start."""
_SETTLED = 0.5  # seconds of life after which a start has succeeded
_SILENCE = 1.5
"""Seconds without an answer and without any work after which it counts as frozen."""


class MiniStack:
    """Call `start` once and `stop` once. In between, it runs when it is called, and is started
    again whenever it dies. `take` gets each line with an event for other services
    (`data/ministack_notifications.py`)."""

    def __init__(
        self,
        settings: CloudSettings,
        report: Callable[[str], None],
        take: Callable[[bytes], None] = lambda _line: None,
    ) -> None:
        self._settings = settings
        self._python = Path()
        self._report = report
        self._take = take
        self._pipe = Pipe(take)
        self._keeper = Keeper(settings.directory / "process")
        self._process: asyncio.subprocess.Process | None = None
        self._guard: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._ready, self._wanted = asyncio.Event(), asyncio.Event()
        self._quiet = Quiet(settings.rest_after)
        self._is_started = False
        self._channel: Channel | None = None

    async def connect(self) -> Streams:
        """A connection to the process that runs. Raises NotConnectedError."""
        if self._channel is None:
            raise NotConnectedError("MiniStack has not been started")
        return await self._channel.connect()

    @property
    def is_available(self) -> bool:
        """Whether a call gets an answer, even if it rests."""
        return self._is_started and (self.pid is not None or not self._wanted.is_set())

    @property
    def rests(self) -> bool:
        """Whether it has ended because no call came, with nothing that waits in it."""
        return self._quiet.rests

    @property
    def pid(self) -> int | None:
        """None while it rests."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self, python: Path, *, at_once: bool) -> None:
        """From now on, a call starts it with its own environment's Python. `at_once`: start it and
        wait. Raises CloudError if it does not answer."""
        self._python = python
        self._keeper.start()
        if at_once:
            self._wanted.set()
            await self._launch()
        self._is_started = True
        self._guard = asyncio.create_task(self._keep_running())

    async def wait_until_ready(self, seconds: float) -> bool:
        """There is a call: start it if it rests. Whether it answers within `seconds`."""
        self._quiet.use()
        if self._ready.is_set():
            return True
        self._wanted.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        return self._ready.is_set()

    def wake(self) -> None:
        """A call will come soon: start it if it rests."""
        self._quiet.use()
        self._wanted.set()

    def begin_call(self) -> None:
        """A call is in progress until `end_call`: it does not rest meanwhile."""
        self._quiet.begin_call()

    def end_call(self) -> None:
        """The call that has begun is over."""
        self._quiet.end_call()

    def look(self) -> None:
        """A call waits for an answer. If MiniStack is frozen, end it, so that it is restarted."""
        if self._looking is None and self._ready.is_set():
            self._looking = asyncio.create_task(self._end_if_frozen())

    async def _end_if_frozen(self) -> None:
        try:
            process = self._process
            if process is not None and await is_frozen(process.pid, self.connect, _SILENCE):
                self._report("MiniStack is frozen and is ended")
                with suppress(ProcessLookupError):
                    process.kill()
        finally:
            self._looking = None

    def save(self) -> None:
        """Ask it for a snapshot of its state, without objects."""
        if (process := self._process) is not None and self._ready.is_set():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGUSR1)

    async def stop(self) -> None:
        """Stop it with a signal, so that it saves its state."""
        tasks = [task for task in (self._guard, self._looking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end()
        self._pipe.close()
        self._close_channel()
        self._keeper.stop()

    async def _launch(self) -> None:
        log = self._settings.directory / "ministack.log"
        for name in ("state", "s3"):
            (self._settings.directory / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in matching(self._settings.directory, "ministack-*.pid"):  # of a killed one
            left.unlink(missing_ok=True)
        await self._require_whole()
        command = launch_command([str(self._python), str(RUN)], ending=signal.SIGTERM)
        self._pipe.close()
        self._pipe = Pipe(self._take)
        theirs = self._pipe.open()
        self._close_channel()
        self._channel = channel = Channel()
        with log.open("wb") as output:
            given = {"NOTIFICATIONS_FD": theirs, "CONNECTIONS_FD": channel.theirs}
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self._settings.directory,
                env={**self._environment(), **{name: str(fd) for name, fd in given.items()}},
                pass_fds=tuple(given.values()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        channel.begin()
        await self._pipe.begin()
        self._keeper.keep(self._process.pid, ending=signal.SIGTERM, grace=_STOP_TIMEOUT)
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                _, writer = await channel.connect()
        except (NotConnectedError, TimeoutError):
            message = f"MiniStack did not start: {_last_line(log)}"
            raise CloudError(message, remedy=f"see {log}") from None
        writer.close()
        self._ready.set()

    async def _require_whole(self) -> None:
        """In a thread of its own, because those of the loop may all wait for MiniStack."""
        loop, states = asyncio.get_running_loop(), self._settings.directory / "state"
        try:
            with ThreadPoolExecutor(1) as alone:
                await loop.run_in_executor(alone, require_whole, states)
        except DamagedError as error:
            raise CloudError(error.message, remedy=error.remedy) from None

    async def _keep_running(self) -> None:
        """Start it when it is wanted, and again when it dies."""
        deaths = 0
        while True:
            await self._wanted.wait()
            try:
                if self.pid is None:
                    await self._launch()
            except (CloudError, OSError) as error:  # no descriptor is left, or the disk is full
                told = error.message if isinstance(error, CloudError) else str(error)
                self._report(f"MiniStack cannot be started: {told}")
                await self._end()
                deaths += 1
            else:
                since = time.monotonic()
                if await self._until_it_rests():
                    deaths = 0
                    continue
                deaths = 0 if time.monotonic() - since > _SETTLED else deaths + 1
            await asyncio.sleep(_PATIENCE[min(deaths, len(_PATIENCE) - 1)])

    async def _until_it_rests(self) -> bool:
        """Whether it ended in order to rest, and not by itself."""
        process = self._process
        if process is None:
            return False
        self._quiet.wake()
        ended = asyncio.ensure_future(process.wait())
        try:
            while not ended.done():
                left = self._quiet.left()
                if left > 0:
                    await asyncio.wait({ended}, timeout=left)
                elif not await holds_nothing(self.connect, self._settings.account):
                    self._quiet.use()
                elif self._quiet.left() <= 0 and not ended.done():
                    self._quiet.rest()
                    self._wanted.clear()  # from here on, a call waits for the next start
                    await self._end()
                    return True
        finally:
            ended.cancel()
        self._ready.clear()
        self._keeper.release(process.pid)
        self._report(f"MiniStack ended (exit code {process.returncode}) and is started again")
        return False

    async def _end(self) -> None:
        """By a signal, so that it saves its state, or without mercy."""
        self._ready.clear()
        process = self._process
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.send_signal(number)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_STOP_TIMEOUT):
                        await process.wait()
        self._keeper.release(process.pid)

    def _close_channel(self) -> None:
        if self._channel is not None:
            self._channel.close()
        self._channel = None

    def _environment(self) -> dict[str, str]:
        directory = self._settings.directory
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(directory),
            "TMPDIR": str(directory),
            "BIND_HOST": HOST,
            # Queues are stored under their URLs, so the port in these stays as it is. A client sees
            # the address that it has called.
            "GATEWAY_PORT": "4566",
            "SERVICES": ",".join(sorted(BACKED | {"dynamodbstreams"})),
            "MINISTACK_ACCOUNT_ID": self._settings.account,
            "MINISTACK_WORKER_THREADS": "8",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # It looks for containers of earlier runs, and must not find any.
            "DOCKER_HOST": f"unix://{directory}/no-docker",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(directory / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(directory / "s3"),
            "LOG_LEVEL": "WARNING",
            # An arena for each thread would cost more memory than it saves. Freed memory goes back
            # to the system.
            "MALLOC_ARENA_MAX": "2",
            "MALLOC_MMAP_THRESHOLD_": str(128 * 1024),
            "MALLOC_TRIM_THRESHOLD_": str(1024 * 1024),
        }


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
