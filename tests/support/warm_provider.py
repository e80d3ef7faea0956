"""Providers that are forked from one that has loaded its modules.

A provider needs a fifth of a second of a processor to load, and most tests start one for each run
of Terraform. Run as a file, this is the process that has loaded everything: it forks for each
request.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from bonkei.definitions.terraform.runs.provider_process import ProviderProcess

if TYPE_CHECKING:  # it would be loaded in vain where this is run as a file
    import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = "bonkei.definitions.provider"
_START = ProviderProcess._start
_LARGEST = 1 << 20

Forking: TypeAlias = Callable[[], contextlib.AbstractContextManager[None]]
"""Makes a context in which providers are forked."""


def can_fork() -> bool:
    """Whether the system can tell of the end of another process's child."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


class Forked:
    """A forked provider: as much of `Popen` as `ProviderProcess` uses."""

    def __init__(self, pid: int, process: int, ended: socket.socket, stdin: IO[bytes]) -> None:
        self.pid = pid
        self.stdin = stdin
        self.returncode: int | None = None
        self._process = process  # readable when it has ended, as a zombie, too
        self._ended = ended

    def poll(self) -> int | None:
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(MODULE, timeout or 0)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._process, signal.SIGKILL)

    def _wait(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._process], [], [], timeout)[0]:
            self.returncode = int(self._ended.recv(_LARGEST))
            self._ended.close()
            os.close(self._process)
        return self.returncode


class WarmProvider:
    """The process that has loaded everything. A context manager that ends it."""

    def __enter__(self) -> WarmProvider:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
        self._process.wait()

    def replace_starts(self, patch: pytest.MonkeyPatch) -> None:
        """Fork each provider, until `patch` is undone."""

        def start(provider: ProviderProcess, *given: Any) -> Any:
            return self._start(provider, *given)

        patch.setattr(ProviderProcess, "_start", start)

    def _start(
        self,
        provider: ProviderProcess,
        surroundings: Path,
        directory: Path,
        errors: IO[str],
        descriptors: Iterable[int],
    ) -> Any:
        if provider.module != MODULE:
            return _START(provider, surroundings, directory, errors, descriptors)
        numbers = [0, 2, *descriptors]
        request = {
            "arguments": [MODULE, str(surroundings)],
            "directory": str(directory),
            "environment": dict(provider.environment),
            "numbers": numbers,
        }
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        read, write = os.pipe()
        with theirs, os.fdopen(read, "rb"):
            given = [theirs.fileno(), read, errors.fileno(), *numbers[2:]]
            socket.send_fds(self._channel, [json.dumps(request).encode()], given)
            pid, (process,), _, _ = socket.recv_fds(ours, _LARGEST, 1)
        return Forked(int(pid), process, ours, os.fdopen(write, "wb"))


def _serve(channel: socket.socket) -> None:
    """Fork for each request, and report each end, until the tests end."""
    from bonkei.definitions.provider import (
        catalogue,
        surroundings,  # noqa: F401
    )
    from bonkei.definitions.provider.plugin import server  # noqa: F401

    served = catalogue.providers()
    catalogue.providers = lambda: served  # each fork would put them together again
    gc.freeze()
    watched = selectors.DefaultSelector()
    watched.register(channel, selectors.EVENT_READ)
    while watched.get_map():
        for key, _ in watched.select():
            if key.fileobj is not channel:
                watched.unregister(key.fileobj)
                os.close(key.fd)
                pid, ended = key.data
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with ended, contextlib.suppress(OSError):  # no one waits
                    ended.send(str(code).encode())
                continue
            request, given, _, _ = socket.recv_fds(channel, _LARGEST, 253)
            if not request:
                watched.unregister(channel)  # and those that still end are reported
                continue
            pid = os.fork()
            if pid == 0:
                _become(json.loads(request), given[1:])
            ended = socket.socket(fileno=given[0])
            process = os.pidfd_open(pid)
            with contextlib.suppress(OSError):
                socket.send_fds(ended, [str(pid).encode()], [process])
            for each in given[1:]:
                os.close(each)
            watched.register(process, selectors.EVENT_READ, (pid, ended))


def _become(request: dict[str, Any], given: list[int]) -> None:
    """Be the provider, which ends this process. Nothing that is open here stays so."""
    numbers = request["numbers"]
    high = max(numbers) + 1
    moved = [fcntl.fcntl(each, fcntl.F_DUPFD, high) for each in given]
    for each in range(3, max(moved)):
        if each not in moved:
            with contextlib.suppress(OSError):
                os.close(each)
    for each, number in zip(moved, numbers, strict=True):
        os.dup2(each, number)
        os.close(each)
    os.setsid()
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["arguments"]
    try:
        runpy.run_module(MODULE, run_name="__main__")
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
