"""Runs a program, reads its lines as they come, and leaves no process behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.processes import Keeper, launch_command

_LINE = 64 * 1024
_LONGEST = 400
_LAST = 5  # lines that say why a command failed

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`said`: the last lines of its output."""

    code: int
    said: tuple[str, ...]

    @property
    def reason(self) -> str:
        errors = [line for line in self.said if line.lower().startswith("error")]
        return (errors or self.said or (f"exit code {self.code}",))[-1][:_LONGEST]


class Runner:
    """`start` ends the processes that a killed miniature has left."""

    def __init__(self, ledger: Path) -> None:
        self._keeper = Keeper(ledger)
        self._is_started = False

    def start(self) -> None:
        if not self._is_started:
            self._keeper.start()
            self._is_started = True

    def stop(self) -> None:
        if self._is_started:
            self._keeper.stop()
            self._is_started = False

    async def run(
        self,
        line: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        say: Say = lambda _: None,
    ) -> Outcome:
        """Run it to its end. If cancelled, kill it with everything that it has started."""
        try:
            process = await asyncio.create_subprocess_exec(
                *launch_command(line, ending=signal.SIGKILL),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                cwd=directory,
                env=dict(environment),
                start_new_session=True,
                limit=_LINE,
            )
        except OSError as error:
            return Outcome(127, (f"{line[0]}: {error.strerror}",))
        self._keeper.keep(process.pid)
        try:
            said = await _read(process, say)
            return Outcome(await process.wait(), said)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())
            self._keeper.release(process.pid)


async def _read(process: asyncio.subprocess.Process, say: Say) -> tuple[str, ...]:
    last: deque[str] = deque(maxlen=_LAST)
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    while True:
        try:
            data = await process.stdout.readline()
        except ValueError:  # a line that is longer is left out
            continue
        if not data:
            return tuple(last)
        text = data.decode("utf-8", "replace").rstrip("\r\n")
        say(text)
        if text.strip():
            last.append(text.strip())
