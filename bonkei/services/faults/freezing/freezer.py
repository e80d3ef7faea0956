"""Suspends processes of this miniature, and resumes them.

Nothing stays suspended. When this process dies or hangs, the holder resumes them. If the holder is
killed as well, the next start resumes them: a file names them.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from bonkei.base import kept
from bonkei.base.processes.beside import start_beside
from bonkei.services.faults.freezing import holder
from bonkei.services.faults.freezing.holder import let_go_on

_LOOKS = 8  # looks at a tree that grows while it is suspended
_SPARE = 2.0  # seconds after which the holder acts alone
_END = 5.0  # seconds that the holder has to end, when nothing is suspended any more


class Freezer:
    """Call `start` and `stop` once. A thing is a name for some processes. `home` is its own
    folder."""

    def __init__(self, home: Path) -> None:
        self._file = home / "frozen"
        self._frozen: dict[str, dict[int, float]] = {}
        self._holder: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        """Resume the processes that a killed supervisor left suspended. Returns their number."""
        count = sum(let_go_on(pid, created) for pid, created in self._left())
        self._file.unlink(missing_ok=True)
        return count

    def become(self, things: Mapping[str, Iterable[int]], seconds: float) -> None:
        """Suspend exactly these things, for at most `seconds`. A thing that is already suspended
        keeps the same processes."""
        for name in set(self._frozen) - set(things):
            self._let_go(name)
        for name, roots in things.items():
            if name not in self._frozen:
                self._suspend(name, [root for root in roots if is_ours(root)], seconds)
            else:
                for pid, created in self._frozen[name].items():
                    self._say(f"hold {pid} {created} {seconds + _SPARE}\n")

    def stop(self) -> None:
        self.become({}, 0.0)
        self._end_holder()

    def _suspend(self, name: str, roots: list[int], seconds: float) -> None:
        """Suspend the parents first, so that they cannot start more processes. Each is written down
        before."""
        held = self._frozen.setdefault(name, {})
        for _ in range(_LOOKS):
            new = [one for one in _trees(roots) if one[0] not in held]
            if not new:
                break
            held.update(new)
            self._write()
            for pid, created in new:
                self._say(f"hold {pid} {created} {seconds + _SPARE}\n")
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGSTOP)

    def _let_go(self, name: str) -> None:
        held = self._frozen.pop(name)
        others = {pid for each in self._frozen.values() for pid in each}
        for pid, created in reversed(held.items()):
            if pid not in others:
                let_go_on(pid, created)
                self._say(f"free {pid}\n")
        self._write()

    # Those who remember.

    def _write(self) -> None:
        held = {pid: created for each in self._frozen.values() for pid, created in each.items()}
        with suppress(OSError):  # of a full disk: the holder knows them
            if not held:
                self._file.unlink(missing_ok=True)
                return
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            text = "".join(f"{pid} {created}\n" for pid, created in held.items())
            kept.write(self._file, text, synced=False)

    def _left(self) -> Iterator[tuple[int, float]]:
        with suppress(OSError, ValueError):
            for line in self._file.read_text(encoding="ascii").splitlines():
                pid, created = line.split()
                yield int(pid), float(created)

    def _say(self, line: str) -> None:
        """Write to the holder. It is started when it is needed, and again when it was killed."""
        if self._holder is None or self._holder.poll() is not None:
            self._end_holder()
            self._holder = start_beside(Path(holder.__file__))
        if self._holder.stdin is not None:
            with suppress(OSError):
                self._holder.stdin.write(line.encode())

    def _end_holder(self) -> None:
        process, self._holder = self._holder, None
        if process is not None:
            if process.stdin is not None:
                with suppress(OSError):
                    process.stdin.close()
            try:
                process.wait(_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def is_ours(pid: int) -> bool:
    """Whether it is a running child of this process. Nothing else is ever touched."""
    try:
        process = psutil.Process(pid)
        return process.ppid() == os.getpid() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _trees(roots: Iterable[int]) -> Iterator[tuple[int, float]]:
    for root in roots:
        with suppress(psutil.Error):
            process = psutil.Process(root)
            for one in (process, *process.children(recursive=True)):
                with suppress(psutil.Error):
                    yield one.pid, one.create_time()
