"""The process of one build: it runs scripts one after another. No process of it is left at the
end.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil

from bonkei.base.processes import Keeper, family_ids, launch_command
from bonkei.services.codebuild.errors import PhaseError

_CHUNK = 64 * 1024
_TURN = 8 * 1024  # bytes of output in one turn of the event loop: others use it, too
_LARGEST_ANSWER = 4 * 1024 * 1024
_PATIENCE = 30.0  # seconds for the namespaces to be made
_INSIDE = Path(__file__).with_name("inside.py")

Confine = Callable[[Sequence[str]], Sequence[str]]
"""A command -> the command line that runs it confined."""


class Machine:
    """Call `start`, then `run` any number of times, and always `stop`. `listener` gets the output
    as it comes, in pieces of any length."""

    def __init__(self, folder: Path, keeper: Keeper, listener: Callable[[bytes], None]) -> None:
        self._folder = folder
        self._keeper = keeper
        self._listener = listener
        self._process: asyncio.subprocess.Process | None = None
        self._answers: asyncio.StreamReader | None = None
        self._transport: asyncio.BaseTransport | None = None
        self._output = -1
        self._is_confined = False
        self._stopping: asyncio.Future[None] | None = None

    async def start(self, confine: Confine | None) -> None:
        """`confine`: None on a machine that cannot. Raises PhaseError if the kernel refuses."""
        self._is_confined = confine is not None
        with ExitStack() as ours:
            try:
                read = await self._launch(ours, confine)
            except OSError as error:
                raise PhaseError("INTERNAL_SERVICE_ERROR", f"no process: {error}") from error
            ours.pop_all()
        assert self._process is not None  # noqa: S101 - it has been started
        with suppress(OSError):  # the ledger's disk is full: the watchdog knows the process
            self._keeper.keep(self._process.pid)
        await self._begin(read)

    async def _launch(self, ours: ExitStack, confine: Confine | None) -> int:
        """Start the process. Returns the descriptor of its answers, which `ours` would close."""
        with ExitStack() as theirs:
            self._output, output = os.pipe()
            theirs.callback(os.close, output)
            os.set_blocking(self._output, False)
            asyncio.get_running_loop().add_reader(self._output, self._read_some)
            read, answers = os.pipe()
            ours.callback(os.close, read)
            theirs.callback(os.close, answers)
            command: Sequence[str] = (sys.executable, "-I", "-S", str(_INSIDE), str(answers))
            if confine is not None:
                command = confine(command)
            self._process = await asyncio.create_subprocess_exec(
                *launch_command(command, ending=signal.SIGKILL),
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=(answers,),
                start_new_session=True,
            )
            return read

    async def _begin(self, read: int) -> None:
        """Wait until it takes orders."""
        answers = self._answers = asyncio.StreamReader(limit=_LARGEST_ANSWER)
        self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(answers), os.fdopen(read, "rb")
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._answer()
        except TimeoutError:
            raise PhaseError("INTERNAL_SERVICE_ERROR", "the build's process hangs") from None
        except PhaseError:
            said = "the build's process has not started; the end of the log shows why"
            raise PhaseError("INTERNAL_SERVICE_ERROR", said) from None

    async def run(
        self,
        argv: Sequence[str],
        variables: Mapping[str, str],
        directory: Path,
        files: Mapping[Path, str],
    ) -> int:
        """The exit code, negative for a signal. `files` are written before. Raises PhaseError if
        the whole build has died."""
        order = {
            "argv": list(argv),
            "variables": dict(variables),
            "directory": str(directory),
            "files": {str(path): text for path, text in files.items()},
        }
        code = int((await self._order({"run": order}))["code"])
        self.drain()  # output from before the answer is logged before later output
        return code

    async def read(self, file: Path, most: int) -> str | None:
        """The text of a file as the build sees it; None if it is missing or longer than `most`."""
        order = {"read": {"path": str(file), "most": most}}
        found = (await self._order(order))["text"]
        return None if found is None else str(found)

    async def _order(self, order: Mapping[str, object]) -> Mapping[str, Any]:
        process = self._process
        if process is None or process.stdin is None:
            raise _died()
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            await process.stdin.drain()
        except ConnectionError:
            raise _died() from None
        return await self._answer()

    @property
    def pids(self) -> tuple[int, ...]:
        """The ids of all processes of the build that this machine shows."""
        process = self._process  # a thread asks: it may be stopped meanwhile
        if process is None or process.returncode is not None:
            return ()
        return tuple(family_ids(process.pid))

    async def stop(self) -> None:
        """After this, no process of it runs. May be called again: a caller that is cancelled does
        not keep the process from its end."""
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._stop())
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await self._end(process)
            self._keeper.release(process.pid)
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._output >= 0:
            self.drain()
            asyncio.get_running_loop().remove_reader(self._output)
            os.close(self._output)
            self._output = -1

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """When the first process of a namespace ends, the kernel ends all others. Its parent ends
        after that. Without a namespace, each descendant is ended."""
        others: list[psutil.Process] = []
        with suppress(psutil.Error):
            root = psutil.Process(process.pid)
            others = root.children(recursive=True)
            for each in others[:1] if self._is_confined else others:
                with suppress(psutil.Error):
                    each.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE if self._is_confined and others else 0):
                await process.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await asyncio.to_thread(psutil.wait_procs, others, timeout=_PATIENCE)

    def drain(self) -> None:
        """Read the pipe's present content, which is bounded."""
        for _ in range(16):
            if not self._read(_CHUNK):
                return

    def _read_some(self) -> None:
        self._read(_TURN)

    def _read(self, most: int) -> bool:
        """Whether there was output."""
        try:
            data = os.read(self._output, most)
        except OSError:  # empty, or closed
            return False
        if not data:
            asyncio.get_running_loop().remove_reader(self._output)
            return False
        self._listener(data)
        return True

    async def _answer(self) -> Mapping[str, Any]:
        assert self._answers is not None  # noqa: S101 - `start` made it
        line = await self._answers.readline()
        if not line:
            self.drain()
            raise _died()
        found: Mapping[str, Any] = json.loads(line)
        return found


def _died() -> PhaseError:
    return PhaseError("COMMAND_EXECUTION_ERROR", "the build's process has ended from outside")
