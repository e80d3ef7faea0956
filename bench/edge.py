"""Requests a second through the edge's layers, next to a target without them and to nginx.

    python -m bench.edge [--seconds 3] [--connections 32] [--rounds 3]

Every row is taken in one run, with the same client (wrk), the same target (nginx that returns a
constant) and one worker process each. Needs nginx and wrk (Debian: `apt install nginx-light wrk`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import uvloop

from bench.stack import blueprint
from bonkei.edge import Edge, EdgeSettings
from bonkei.events import Bus, Endpoint, TargetRegistered

BODY = "x" * 120
SECRET = "bench-header-value"  # noqa: S105 - a fixture

_NGINX = """
worker_processes 1;
daemon off;
pid {home}/{name}.pid;
error_log {home}/{name}.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path {home}/{name}-body;
  proxy_temp_path {home}/{name}-proxy;
  fastcgi_temp_path {home}/{name}-fastcgi;
  uwsgi_temp_path {home}/{name}-uwsgi;
  scgi_temp_path {home}/{name}-scgi;
  {http}
}}
"""
_TARGET = """
  server {{
    listen 127.0.0.1:{port};
    default_type text/plain;
    location / {{ return 200 "{body}"; }}
    location /api/unlike/ {{ add_header X-Id $request_id; return 200 "{body}"; }}
    location /cached/ {{ add_header Cache-Control max-age=3600; return 200 "{body}"; }}
  }}
"""
_PROXY = """
  upstream web {{ server 127.0.0.1:{target}; keepalive 64; keepalive_requests 100000000; }}
  upstream api {{ server 127.0.0.1:{target}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Port $server_port;
    proxy_set_header X-Request-Id $request_id;
    proxy_set_header X-Origin-Verify "{secret}";
    location /api/ {{ proxy_pass http://api; }}
    location / {{ proxy_pass http://web; }}
  }}
"""


@dataclass(frozen=True, slots=True)
class Result:
    """Requests a second, latencies in milliseconds, responses other than 2xx, and the proxy's CPU
    time a request in microseconds (which another process on the machine disturbs the least)."""

    rate: float
    p50: float
    p99: float
    errors: int
    cpu: float = 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def nginx(home: Path, name: str, http: str, port: int) -> Iterator[int]:
    """One nginx with this configuration; its process id."""
    configuration = home / f"{name}.conf"
    configuration.write_text(_NGINX.format(home=home, name=name, http=http), encoding="utf-8")
    command = ["nginx", "-p", str(home), "-c", str(configuration), "-e", str(home / "start.log")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield process.pid
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(10)


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


def serve_edge(target_port: int, ready: Connection) -> None:
    """The child process: an edge whose target groups hold the one target."""

    async def run() -> None:
        bus = Bus()
        edge = Edge(bus, EdgeSettings(distribution_port=0, load_balancer_port=0))
        await edge.start(blueprint(SECRET))
        for group in ("web", "api"):
            bus.publish(
                TargetRegistered(f"arn:tg/{group}", group, Endpoint("127.0.0.1", target_port))
            )
        while any(  # noqa: ASYNC110 - once, at the start
            target.state != "healthy"
            for group in edge.snapshot().target_groups
            for target in group.targets
        ):
            await asyncio.sleep(0.05)
        ready.send({each.name: each.port for each in edge.snapshot().listeners})
        await asyncio.Event().wait()

    uvloop.run(run())


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
paths and headers, as do their responses, so that nothing helps that is remembered of an earlier
one. Each is compared with nginx under the same load."""


def kind_of(name: str) -> str:
    """The end of a row's name that tells how its requests differ."""
    return next((each for each in _SCRIPTS if each and name.endswith(each)), "")


def load(
    pid: int, url: str, seconds: int, connections: int, *headers: str, kind: str = ""
) -> Result:
    """`wrk`, with the CPU time that the process spent on each request."""
    before = cpu_seconds(pid)
    result = wrk(url, seconds, connections, *headers, kind=kind)
    spent = cpu_seconds(pid) - before
    return replace(result, cpu=spent / (result.rate * seconds) * 1e6)


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


def measure(seconds: int, connections: int, rounds: int) -> dict[str, Result]:
    """The median of each row; a round takes every row once, so that what else the machine does
    falls on all of them."""
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        home = Path(directory)
        target, proxy = free_port(), free_port()
        target_process = stack.enter_context(
            nginx(home, "target", _TARGET.format(port=target, body=BODY), target)
        )
        proxy_process = stack.enter_context(
            nginx(home, "proxy", _PROXY.format(port=proxy, target=target, secret=SECRET), proxy)
        )
        ours, theirs = multiprocessing.Pipe()
        child = multiprocessing.get_context("spawn").Process(
            target=serve_edge, args=(target, theirs), daemon=True
        )
        child.start()
        stack.callback(child.join)
        stack.callback(child.terminate)
        if not ours.poll(30):
            raise RuntimeError("the edge did not become ready")
        ports = ours.recv()
        balancer = f"http://127.0.0.1:{ports['lb HTTP:80']}"
        distribution = f"http://127.0.0.1:{ports['d1.cloudfront.net']}"
        header = f"X-Origin-Verify: {SECRET}"
        edge = child.pid or 0
        rows: dict[str, tuple[int, str, tuple[str, ...]]] = {
            "target, direct": (target_process, f"http://127.0.0.1:{target}/api/x", ()),
            "nginx": (proxy_process, f"http://127.0.0.1:{proxy}/api/x", ()),
            "ALB (with WAF)": (edge, f"{balancer}/api/x", (header,)),
            "CloudFront + WAF + ALB": (edge, f"{distribution}/api/x", ()),
            "nginx, other paths": (proxy_process, f"http://127.0.0.1:{proxy}/api/", ()),
            "CloudFront + WAF + ALB, other paths": (edge, f"{distribution}/api/", ()),
            "nginx, no two alike": (proxy_process, f"http://127.0.0.1:{proxy}/api/unlike/", ()),
            "CloudFront + WAF + ALB, no two alike": (edge, f"{distribution}/api/unlike/", ()),
            "CloudFront, cached": (edge, f"{distribution}/cached/x", ()),
        }
        taken: dict[str, list[Result]] = {name: [] for name in rows}
        for _ in range(rounds):
            for name, (pid, url, headers) in rows.items():
                taken[name].append(
                    load(pid, url, seconds, connections, *headers, kind=kind_of(name))
                )
        return {name: median(results) for name, results in taken.items()}


def median(results: list[Result]) -> Result:
    """The result in the middle by its rate."""
    return sorted(results, key=lambda result: result.rate)[len(results) // 2]


def table(results: dict[str, Result]) -> str:
    """The results as Markdown, with the ratio to nginx."""
    lines = [
        "| | requests/s | p50 ms | p99 ms | × nginx | CPU µs/request |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {result.rate:,.0f} | {result.p50:.2f} | {result.p99:.2f} "
        f"| {result.rate / results[f'nginx{kind_of(name)}'].rate:.2f} | {result.cpu:.1f} |"
        + (f" ({result.errors} errors)" if result.errors else "")
        for name, result in results.items()
    ]
    return "\n".join(lines)


def missing_tools() -> list[str]:
    """The programs that the measurement needs and the PATH does not have."""
    return [tool for tool in ("nginx", "wrk") if shutil.which(tool) is None]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.edge", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    if missing := missing_tools():
        print(
            f"edge: not measured, {' and '.join(missing)} not found "
            "(Debian: apt install nginx-light wrk)",
            file=sys.stderr,
        )
        return 1
    print(table(measure(options.seconds, options.connections, options.rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
