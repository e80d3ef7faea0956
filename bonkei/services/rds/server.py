"""One PostgreSQL server process, from its start to its end.

Data is durable: fsync stays on, and a killed server recovers at its next start. The process is tied
to this one: when the supervisor dies, the server shuts down (fast shutdown).
"""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

from bonkei.base.processes import Keeper
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.files import ClusterFiles, last_lines, program_environment
from bonkei.services.rds.log import resume, rotate
from bonkei.services.rds.loopback import check_port

_START_TIMEOUT = 60.0  # seconds; crash recovery may take its time
_STOP_TIMEOUT = 10.0
_POLL = 0.01
_RETRY = 0.2
_LINGERING = "pre-existing shared memory block"
_STATUS_LINE = 7  # of postmaster.pid, from 0


class Server:
    """Call `start` and `stop` from one event loop. The server depends on that loop's thread.
    `keeper` belongs to this server alone."""

    def __init__(self, files: ClusterFiles, keeper: Keeper) -> None:
        self.files = files
        self._keeper = keeper
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the postmaster, while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start, and wait until it accepts connections. Raises DatabaseError if the port is taken
        or the server ends at once."""
        # This comes before the keeper, which would kill a server that is still shutting down.
        await asyncio.to_thread(_end_leftover, self.files.data)
        self._keeper.start()
        check_port(self.files.spec.host, self.files.spec.port)
        await self.launch()

    async def launch(self) -> None:
        """Start the process and wait until it is ready; also after it has died."""
        log = self.files.spec.log
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        await rotate(log, None)
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            begin = log.stat().st_size if log.exists() else 0
            await self._spawn(log)
            if await self._gets_ready(deadline):
                return
            said = _text_from(log, begin)
            # The processes of a killed postmaster notice its death within moments, if they run.
            if _LINGERING not in said or time.monotonic() > deadline:
                raise DatabaseError(
                    f"PostgreSQL did not start for {self.files.spec.identifier}: "
                    f"{last_lines(said)}",
                    remedy=f"see {log}",
                )
            resume(self.files.data)
            await asyncio.sleep(_RETRY)

    async def _spawn(self, log: Path) -> None:
        with log.open("ab") as file:
            self._process = await asyncio.create_subprocess_exec(
                *self.files.command("postgres", "-D", str(self.files.data)),
                cwd=self.files.directory,
                env=program_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self._keeper.keep(self._process.pid, ending=signal.SIGINT, grace=_STOP_TIMEOUT)

    async def _gets_ready(self, deadline: float) -> bool:
        """Wait until it is ready. Returns False if it ends or takes too long."""
        while not self._is_ready():
            if self.pid is None or time.monotonic() > deadline:
                return False
            await asyncio.sleep(_POLL)
        return True

    def _is_ready(self) -> bool:
        """pg_ctl's method: the server writes its status into postmaster.pid."""
        try:
            lines = (self.files.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return (
            len(lines) > _STATUS_LINE
            and lines[0] == str(self.pid)
            and lines[_STATUS_LINE].strip() == "ready"
        )

    def reload(self) -> None:
        """Read the configuration again."""
        self._send(signal.SIGHUP)

    async def wait(self) -> int:
        """Wait until the process has ended. Return its exit code."""
        process = self._process
        if process is None:
            return 0
        code = await process.wait()
        self._keeper.release(process.pid)
        return code

    async def stop(self) -> None:
        """Fast shutdown: sessions are ended, and nothing is lost. A hanging server is killed."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.pid is None:
                break
            self._send(number)
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_TIMEOUT):
                    await self.wait()
        if self._process is not None:
            self._keeper.release(self._process.pid)
        self._keeper.stop()

    def _send(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


def _end_leftover(data: Path) -> None:
    """Wait for a server of an earlier run that is still stopping, or remove its stale pid file."""
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    process = _postmaster(pid, data)
    if process is None:
        pid_file.unlink(missing_ok=True)  # the number may belong to another process now
        return
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        with suppress(psutil.TimeoutExpired):
            process.wait(_STOP_TIMEOUT)
            return
    raise DatabaseError(
        f"PostgreSQL (process {pid}) still uses {data} and does not end",
        remedy=f"end it: kill -9 {pid}",
    )


def _postmaster(pid: int, data: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if str(data) in process.cmdline() else None
    except psutil.Error:
        return None


def _text_from(log: Path, begin: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(begin)
            return file.read().decode(errors="replace")
    except OSError:
        return ""
