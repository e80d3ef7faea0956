"""A whole miniature at rest: processor time and memory of all its processes, by part.

It settles first: at the first evaluation all alarms report OK, and the function that sends the
messages runs for a while; logs are delivered after a minute, and MiniStack rests half a minute
later.

    python -m bench.idle [--settle 120] [--seconds 60]

Memory is the proportional share (PSS): a page that several processes share counts once. Linux only.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.start import ROOT
from tests.support.ports import free_port

_PATIENCE = 300.0

_PARTS = (
    ("watchdog.py", "watchdog"),
    ("run_ministack.py", "MiniStack"),
    ("bonkei.services.logs.router", "log routers"),
    ("functions/client/", "functions"),
    ("roots/enter.py serve", "health checks"),
    (" serve", "the status page's programs"),
    ("postgres", "PostgreSQL, all its processes"),
)
"""A part of the command line, and what it is of. The rest runs seldom, such as health checks."""
_OWN = "the miniature's own process: edge, endpoint, logs, metrics, console"
_REST = "others"


@dataclass(frozen=True, slots=True)
class Used:
    """One process: the part that it is of, seconds of a processor (with those of its ended
    children), and MiB."""

    part: str
    seconds: float
    memory: float


def part_of(command: str) -> str:
    """The part of the miniature that a command line belongs to."""
    return next((part for piece, part in _PARTS if piece in command), _REST)


def used(root: psutil.Process) -> dict[tuple[int, float], Used]:
    """All processes of the miniature, by number and start."""
    found = {}
    for process in (root, *root.children(recursive=True)):
        try:
            with process.oneshot():
                # The server's children have titles of their own.
                command = " ".join(process.cmdline()) or process.name()
                times, memory = process.cpu_times(), process.memory_full_info().pss
                part = _OWN if process == root else part_of(command)
                seconds = sum(times[:4])
                key = process.pid, process.create_time()
                found[key] = Used(part, seconds, memory / 2**20)
        except psutil.Error:
            continue
    return found


@contextmanager
def miniature(home: Path) -> Iterator[psutil.Process]:
    """A whole one from this checkout, as `make up` starts it, once it is ready."""
    edge = free_port()
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("BONKEI_")
    } | {
        "BONKEI_HOME": str(home),
        "BONKEI_EDGE_PORT": str(edge),
        "BONKEI_ALB_PORT": str(free_port()),
        "BONKEI_CLOUD_PORT": str(free_port()),
        "BONKEI_CONSOLE_PORT": "0",
    }
    output = home.with_name("output")
    with output.open("wb") as file:
        process = subprocess.Popen(
            [ROOT / ".venv" / "bin" / "bonkei", "up"],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        begun = time.monotonic()
        # A page that is asked for before the tasks are there is an error, which starts an alarm.
        while b"\nReady after" not in output.read_bytes():
            if time.monotonic() - begun > _PATIENCE or process.poll() is not None:
                sys.exit(f"error: the miniature is not ready:\n{output.read_text()}")
            time.sleep(0.2)
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def table(
    before: dict[tuple[int, float], Used], after: dict[tuple[int, float], Used], seconds: float
) -> list[str]:
    """The rows, each part's share of a core and MiB, and their sum.

    What a process that ends meanwhile has used counts as its parent's from then on.
    """
    gone = sum(one.seconds for key, one in before.items() if key not in after)
    rows = ["| | of a core | MiB |", "|---|---:|---:|"]
    total = [0.0, 0.0, 0.0]
    for part in (_OWN, *(part for _, part in _PARTS[1:]), _PARTS[0][1], _REST):
        mine = {key: one for key, one in after.items() if one.part == part}
        if not mine:
            continue
        earlier = sum(before[key].seconds for key in mine if key in before)
        busy = sum(one.seconds for one in mine.values()) - earlier - (gone if part == _OWN else 0)
        memory = sum(one.memory for one in mine.values())
        rows.append(f"| {part} | {100 * busy / seconds:.2f} % | {memory:.0f} |")
        total = [total[0] + busy, total[1] + memory, total[2] + len(mine)]
    share = 100 * total[0] / seconds
    rows.append(f"| **all, {total[2]:.0f} processes** | **{share:.2f} %** | **{total[1]:.0f}** |")
    return rows


def main(arguments: list[str]) -> None:
    """Start it, let it settle, and print the table of the time after that."""
    parser = argparse.ArgumentParser(prog="python -m bench.idle")
    parser.add_argument("--settle", type=float, default=120.0, metavar="S")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, miniature(Path(name) / "home") as root:
        time.sleep(options.settle)
        before, begun = used(root), time.monotonic()
        time.sleep(options.seconds)
        rows = table(before, used(root), time.monotonic() - begun)
    print("\n".join(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
