"""A container's process: in its own process group, with its output framed into lines."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bonkei.base.processes import Keeper, launch_command
from bonkei.base.processes.roots import (
    EngineRun,
    Root,
    enter_command,
    exec_command,
    find_program,
    give_image,
    join_command,
    run_command,
)
from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.logs import LineFramer

_CHUNK = 64 * 1024
_LINGER = 1.0  # seconds of further reading, if the pipe is still open after the process


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A process to run. `environment` is complete; secrets are in it, never in `command`. `root`:
    the root file system that it enters; then `directory` and the program are paths of that one.
    `beside`: the process that it joins there; `ports`: who translates its ports there."""

    name: str
    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]
    root: Root | None = None
    beside: int = 0
    ports: str = ""


LineListener = Callable[[str, float, list[str]], None]  # (stream, Unix time, lines)
Writable = Callable[[], Awaitable[None]]


async def no_wait() -> None:
    """The listener can always take more."""


class ContainerProcess:
    """One process, from its start to its end. `wait` returns the exit code in a shell's form."""

    def __init__(
        self,
        process: Process,
        keeper: Keeper,
        listener: LineListener,
        writable: Writable,
    ) -> None:
        self._process = process
        self._keeper = keeper
        self._readers = [
            asyncio.create_task(_read(stream, name, listener, writable))
            for stream, name in ((process.stdout, "stdout"), (process.stderr, "stderr"))
            if stream is not None
        ]

    @classmethod
    async def start(
        cls, spec: ProcessSpec, keeper: Keeper, listener: LineListener, writable: Writable = no_wait
    ) -> ContainerProcess:
        """`writable` is awaited before the next read: the program has to wait when the pipe is
        full. TaskError names the missing directory or executable."""
        placed = among_ours(spec)
        if spec.root is not None and spec.root.engine is not None:
            await _have_image(spec.name, spec.root.engine)
        tied = launch_command(placed.command, ending=signal.SIGKILL)
        return cls(await _launch(placed, tied, keeper, output=PIPE), keeper, listener, writable)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: int) -> None:
        """Send a signal to the container's first process, as Docker does."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        kill_group(self._process.pid)

    async def wait(self) -> int:
        """The exit code, after the last line was delivered. The whole group has ended then."""
        code = await self._process.wait()
        # A container ends with its first process, so its remaining processes are ended, too.
        kill_group(self._process.pid)
        self._keeper.release(self._process.pid)
        _, pending = await asyncio.wait(self._readers, timeout=_LINGER)
        for reader in pending:
            reader.cancel()
        return code if code >= 0 else 128 - code


async def _have_image(name: str, engine: EngineRun) -> None:
    """Before the process: the health checks of a container begin with its start."""
    if why := await asyncio.to_thread(give_image, engine):
        raise TaskError(
            f"{name}: CannotPullContainerError: the container engine does not take the image: {why}"
        )


def among_ours(spec: ProcessSpec) -> ProcessSpec:
    """The process as this machine starts it: with the program's path, or with the program that
    enters the root. Raises TaskError when its program is missing."""
    spec = with_program(spec)
    if spec.root is None:
        return spec
    if spec.root.engine is not None:
        return _by_engine(spec, spec.root, spec.root.engine)
    place = str(spec.directory)
    command = (
        join_command(spec.beside, place, spec.command, spec.ports)
        if spec.beside
        else enter_command(spec.root, place, spec.command, spec.ports)
    )
    return replace(spec, command=command, directory=Path(spec.root.scratch), root=None)


def with_program(spec: ProcessSpec) -> ProcessSpec:
    """Outside of an image, the process with its program's path. Raises TaskError when its program
    is missing."""
    if spec.root is not None and spec.root.machine is None:
        _require_program(spec, Path(spec.root.folder))
        return spec
    spec = replace(spec, command=(_executable(spec), *spec.command[1:]))
    if not spec.directory.is_dir():
        missing = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        raise _cannot_start(spec, missing)
    return spec


def _require_program(spec: ProcessSpec, root: Path) -> None:
    """Raises TaskError when the image has no such program."""
    program, path = spec.command[0], spec.environment.get("PATH", "")
    # Beside a running one, it may be a program that the process has written.
    if not spec.beside and not find_program(root, program, path, str(spec.directory)):
        raise TaskError(
            f'{spec.name}: CannotStartContainerError: exec: "{program}": executable file not found',
            remedy="correct the command, or put the program into the image",
        )


def _by_engine(spec: ProcessSpec, root: Root, engine: EngineRun) -> ProcessSpec:
    """The process of a container that an engine starts. Its client finds the engine by its own
    variables."""
    make = exec_command if spec.beside else run_command
    command = make(engine, root, str(spec.directory), spec.command, spec.environment)
    variables = {**spec.environment, **engine.environment}
    return replace(
        spec, command=command, directory=Path(root.scratch), environment=variables, root=None
    )


def _executable(spec: ProcessSpec) -> str:
    """The path of the command's program. Raises TaskError when there is none."""
    program = spec.command[0]
    if "/" in program:
        path = spec.directory / program
        found = str(path) if os.access(path, os.X_OK) and path.is_file() else None
    else:
        found = shutil.which(program, path=spec.environment.get("PATH"))
    if found is None:
        raise TaskError(
            f"{spec.name}: its program {program} was not found",
            remedy=f"{_remedy(program)}; a Python container's packages are those that its "
            "Dockerfile installs by pip, or of the requirements.txt beside it",
        )
    return found


def _remedy(program: str) -> str:
    if program.startswith("/"):  # as of a compiled program, which a stage of the Dockerfile makes
        return f"`prepare` and `command` in bonkei.toml can make and run it in place of {program}"
    return f"install {program} so that it is on the PATH"


async def run_briefly(spec: ProcessSpec, keeper: Keeper, within: float) -> bool:
    """Run a health check. Returns whether it succeeded in time (seconds)."""
    try:
        placed = among_ours(spec)
        process = await _launch(placed, placed.command, keeper, output=DEVNULL)
    except TaskError:
        return False
    try:
        async with asyncio.timeout(within):
            return (await process.wait()) == 0
    except TimeoutError:
        return False
    finally:
        try:
            kill_group(process.pid)
            await reap(process)
        finally:
            keeper.release(process.pid)


async def reap(process: Process) -> None:
    """Wait for a killed process, even if cancelled meanwhile. Otherwise a zombie would remain, and
    its number in the ledger."""
    await surely(asyncio.ensure_future(process.wait()))


async def surely(result: asyncio.Future[int]) -> None:
    """Wait even if cancelled meanwhile. The cancellation takes effect afterwards."""
    is_cancelled = False
    while not result.done():
        try:
            await asyncio.wait({result})
        except asyncio.CancelledError:
            is_cancelled = True
    if is_cancelled:
        raise asyncio.CancelledError


async def _launch(
    spec: ProcessSpec, command: Sequence[str], keeper: Keeper, output: int
) -> Process:
    """Start a process in its own group, registered with `keeper`. Raises TaskError if it fails."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            cwd=spec.directory,
            env=dict(spec.environment),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL in a word or in the environment
        raise _cannot_start(spec, error) from error
    try:
        keeper.keep(process.pid)
    except OSError as error:  # the ledger's disk is full
        kill_group(process.pid)
        await reap(process)
        raise _cannot_start(spec, error) from error
    return process


def _cannot_start(spec: ProcessSpec, error: OSError | ValueError) -> TaskError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return TaskError(
        f"{spec.name}: cannot start {spec.command[0]} in {spec.directory}: {reason}",
        remedy="check the directory, the command and the environment",
    )


def kill_group(group: int) -> None:
    # PermissionError is macOS's answer if the group has only zombies.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


async def _read(
    stream: asyncio.StreamReader, name: str, listener: LineListener, writable: Writable
) -> None:
    framer = LineFramer()
    while data := await stream.read(_CHUNK):
        if lines := framer.feed(data):
            listener(name, time.time(), lines)
            await writable()
    if lines := framer.finish():
        listener(name, time.time(), lines)


def signal_number(name: str) -> int:
    """`SIGTERM`, `TERM` or `15` -> 15. An unknown signal becomes SIGTERM."""
    if name.isdecimal():
        return int(name)
    full = name if name.startswith("SIG") else f"SIG{name}"
    return int(getattr(signal, full, signal.SIGTERM))


def shell_words(command: Sequence[str]) -> tuple[str, ...]:
    """A health check's command, from ECS's form: CMD's words, or CMD-SHELL's line for a shell."""
    kind, *words = command
    if kind == "CMD-SHELL":
        return ("/bin/sh", "-c", " ".join(words))
    return tuple(words) if kind == "CMD" else tuple(command)
