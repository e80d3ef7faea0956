"""Loads servers with wrk, row by row, and shows the results side by side."""

from __future__ import annotations

import argparse
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import psutil


@dataclass(frozen=True, slots=True)
class Result:
    """Requests a second, latencies in milliseconds, responses other than 2xx, and the server's CPU
    time for a request in microseconds. Other processes on the machine disturb this figure the
    least."""

    rate: float
    p50: float
    p99: float
    errors: int
    cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One measured server: its process, a URL, and the headers of each request."""

    pid: int
    url: str
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """The length of each load, its connections, and how often all rows are measured."""

    seconds: int
    connections: int
    rounds: int


def read_options(name: str, documentation: str | None, arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=documentation)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    return Options(**vars(parser.parse_args(arguments)))


def wait_for(port: int, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and its children."""
    root = psutil.Process(pid)
    times = [each.cpu_times() for each in (root, *root.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


_SCRIPTS = {
    "": "",
    ", other paths": """
local number = 0
request = function()
  number = number + 1
  return wrk.format("GET", wrk.path .. number)
end
""",
    ", no two alike": """
local number = 0
request = function()
  number = number + 1
  return wrk.format("GET", wrk.path .. number, {["Cookie"] = "number=" .. number})
end
""",
}
"""How the requests of a row differ, by the end of its name: not at all; in their paths; in their
paths and headers. In the last case the responses differ too, so nothing that the edge remembers
helps. Each row is compared with nginx under the same load."""


def kind_of(name: str) -> str:
    """The end of a row's name: how its requests differ."""
    return next((each for each in _SCRIPTS if each and name.endswith(each)), "")


def load(row: Row, options: Options, kind: str) -> Result:
    """The result of `wrk`, with the CPU time of the process for a request."""
    before = cpu_seconds(row.pid)
    result = wrk(row.url, options.seconds, options.connections, *row.headers, kind=kind)
    spent = cpu_seconds(row.pid) - before
    return replace(result, cpu=spent / (result.rate * options.seconds) * 1e6)


def wrk(url: str, seconds: int, connections: int, *headers: str, kind: str = "") -> Result:
    """Load one URL with keep-alive connections from one thread."""
    script = _SCRIPTS[kind]
    script += "done = function(s, l, r) io.write(string.format('%f %f %f %d\\n', "
    script += "s.requests / s.duration * 1e6, l:percentile(50) / 1e3, l:percentile(99) / 1e3, "
    script += "r and 0 or s.errors.status + s.errors.read + s.errors.timeout)) end"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", file.name]
        for header in headers:
            command += ["-H", header]
        output = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    match = re.search(r"^([\d.]+) ([\d.]+) ([\d.]+) (\d+)$", output, re.MULTILINE)
    if match is None:
        raise RuntimeError(output)
    return Result(float(match[1]), float(match[2]), float(match[3]), int(match[4]))


def take(rows: Mapping[str, Row], options: Options) -> dict[str, Result]:
    """The median of each row, by its rate; the CPU time is a median by itself, as it is disturbed
    by other things. A round measures every row once, so that the machine's other work affects all
    of them."""
    taken: dict[str, list[Result]] = {name: [] for name in rows}
    for _ in range(options.rounds):
        for name, row in rows.items():
            taken[name].append(load(row, options, kind_of(name)))
    middle = options.rounds // 2
    return {
        name: replace(
            sorted(each, key=lambda one: one.rate)[middle],
            cpu=sorted(one.cpu for one in each)[middle],
        )
        for name, each in taken.items()
    }


def table(results: Mapping[str, Result], base: str, base_of: Callable[[str], str]) -> str:
    """The results as Markdown, with the ratio to the row that each is compared with."""
    lines = [
        f"| | requests/s | p50 ms | p99 ms | × {base} | CPU µs/request |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {each.rate:,.0f} | {each.p50:.2f} | {each.p99:.2f} "
        f"| {each.rate / results[base_of(name)].rate:.2f} | {each.cpu:.1f} |"
        + (f" ({each.errors} errors)" if each.errors else "")
        for name, each in results.items()
    ]
    return "\n".join(lines)
