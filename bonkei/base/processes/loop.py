"""uvloop's event loop. On Linux, it starts processes without a copy of this one.

uvloop itself forks: the kernel copies the page table of a process of 100 MiB, and every page that
is written meanwhile. That costs more than most commands. Python's `subprocess` uses `vfork`, which
copies nothing, and a descriptor of the process (`pidfd_open(2)`) reports its end.

uvloop's processes also get sockets, which cannot be opened anew: `echo > /dev/stdout` fails. Here
they get pipes, as in a container.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from asyncio.base_subprocess import BaseSubprocessTransport
from asyncio.subprocess import PIPE
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import uvloop


class Loop(uvloop.Loop):  # type: ignore[misc]  # it has no types
    """`asyncio.create_subprocess_exec` calls this method of the running loop."""

    async def subprocess_exec(
        self,
        protocol_factory: Callable[[], asyncio.SubprocessProtocol],
        program: str,
        *words: str,
        stdin: Any = PIPE,
        stdout: Any = PIPE,
        stderr: Any = PIPE,
        **more: Any,
    ) -> Any:
        """Return the transport and the protocol. Raises OSError, and ValueError if an argument
        contains a NUL."""
        streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
        if not _has_descriptors():
            return await super().subprocess_exec(
                protocol_factory, program, *words, **streams, **more
            )
        protocol, connected = protocol_factory(), self.create_future()
        process = _Process(
            self, protocol, (program, *words), False, **streams, bufsize=0, waiter=connected, **more
        )
        try:
            process.follow()
            await asyncio.shield(connected)
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            await asyncio.wait([connected])  # the loop hangs at its end if it is closed before
            process.close()
            await process._wait()
            raise
        return process, protocol


class _Process(BaseSubprocessTransport):
    """Like asyncio's own class, but `wait` returns when the process ends. Other processes may still
    hold its pipes."""

    def _start(self, args: Sequence[str], shell: bool, **more: Any) -> None:  # type: ignore[override]
        self._proc = process = subprocess.Popen(args, shell=shell, **more)
        for name in ("stdin", "stdout", "stderr"):
            if (pipe := getattr(process, name)) is not None:
                setattr(process, name, _Handed(os.dup(pipe.fileno())))
                pipe.close()

    def follow(self) -> None:
        """Watch for the end of the process. If no descriptor is left, the process is killed and
        OSError is raised."""
        assert self._proc is not None  # noqa: S101 - it is there until it has ended
        try:
            descriptor = os.pidfd_open(self._proc.pid)
        except OSError:
            self._proc.kill()
            self._process_exited(self._proc.wait())
            raise
        self._loop.add_reader(descriptor, self._end, descriptor, self._proc)

    def _end(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        """The descriptor is readable: the process has ended."""
        self._loop.remove_reader(descriptor)
        os.close(descriptor)
        self._process_exited(process.wait())

    def _process_exited(self, returncode: int) -> None:
        waiters, self._exit_waiters = self._exit_waiters, []
        super()._process_exited(returncode)
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(returncode)


class _Handed:
    """A descriptor that libuv closes. A file would close the number a second time, when another one
    may have it."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def close(self) -> None:
        """uvloop calls it when libuv has closed it."""


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
