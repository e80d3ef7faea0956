"""Short commands, such as health checks: started without a copy of this process, on Linux.

The event loop's way forks: the kernel copies the page table of a process of 100 MiB, and every page
that is written meanwhile. That costs more than the command. `vfork` copies nothing, and a
descriptor of the process (`pidfd_open(2)`) tells its end.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol


class Brief(Protocol):
    """A started command."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int:
        """The exit code, negative for a signal."""
        ...


async def start_brief(
    command: Sequence[str], directory: Path, environment: Mapping[str, str]
) -> Brief:
    """Start a command in a session of its own, without input and output. Raises OSError, and
    ValueError for a NUL in a word."""
    if not _has_descriptors():
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=directory,
            env=dict(environment),
            start_new_session=True,
        )
    return _Described.start(command, directory, environment)


@cache
def _has_descriptors() -> bool:
    """Whether the system has descriptors of processes: Linux 5.3."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


class _Described:
    """A process with its descriptor, until its end."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._descriptor = os.pidfd_open(process.pid)
        self._loop.add_reader(self._descriptor, self._end)

    @classmethod
    def start(
        cls, command: Sequence[str], directory: Path, environment: Mapping[str, str]
    ) -> _Described:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory,
            env=environment,
            start_new_session=True,
        )
        try:
            return cls(process)
        except OSError:  # no descriptor is left
            process.kill()
            process.wait()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def wait(self) -> int:
        await self._ended.wait()
        return self._process.wait()

    def _end(self) -> None:
        """The descriptor is readable: the process has ended."""
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._process.wait()
        self._ended.set()
