"""Resumes suspended processes when their time is over, and when its input ends.

It runs in its own process and imports nothing of Bonkei. Its parent holds the other end of its
input. So it notices the parent's death from any cause. Lines:

    hold PID CREATED SECONDS
    free PID
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

import psutil

SAME = 1.0  # seconds: of the clock's resolution
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def let_go_on(pid: int, created: float) -> bool:
    """Send SIGCONT, unless the number belongs to another process by now."""
    with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
        if abs(psutil.Process(pid).create_time() - created) <= SAME:
            os.kill(pid, signal.SIGCONT)
            return True
    return False


def follow(line: str, held: dict[int, tuple[float, float]], now: float) -> None:
    """One line changes the held processes: pid -> (created, until)."""
    match line.split():
        case ["hold", pid, created, seconds]:
            held[int(pid)] = (float(created), now + float(seconds))
        case ["free", pid]:
            held.pop(int(pid), None)


def main() -> None:
    """Hold processes until the input ends."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    held: dict[int, tuple[float, float]] = {}
    rest = b""
    while True:
        now = time.monotonic()
        for pid, (created, until) in tuple(held.items()):
            if until <= now:
                let_go_on(pid, created)
                del held[pid]
        ends = [until for _, until in held.values()]
        wait = max(0.0, min(ends) - now) if ends else None
        ready, _, _ = select.select([0], [], [], wait)
        if not ready:
            continue
        data = os.read(0, 65536)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            follow(line.decode(), held, time.monotonic())
    for pid, (created, _) in held.items():
        let_go_on(pid, created)


if __name__ == "__main__":
    main()
    sys.exit(0)
