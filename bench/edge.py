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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import uvloop

from bench.stack import blueprint, with_logs
from bonkei.edge import AccessRecord, Edge, EdgeSettings
from bonkei.events import Bus, Endpoint, TargetRegistered
from bonkei.logs.delivery.requests.deliveries import Means, RequestDeliveries
from bonkei.logs.delivery.requests.target import Deliverer
from bonkei.logs.store.limits import InputEvent
from bonkei.miniature.measures.traffic import Traffic
from bonkei.miniature.rooms.access_hooks import Requests
from bonkei.miniature.rooms.edge_log import EdgeLog
from bonkei.tasks import FileLogSink

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


def records(home: Path) -> Callable[[AccessRecord], None]:
    """What the miniature does with each request: metrics, the edge's own lines, and the logs of
    CloudFront, WAF and the load balancer, up to their compressed objects."""

    async def put(_bucket: str, _key: str, _content: bytes, _by: Deliverer) -> str:
        return ""

    def events(_group: str, _stream: str, _events: Sequence[InputEvent]) -> None: ...

    lines = EdgeLog(FileLogSink(home))
    deliveries = RequestDeliveries(
        "123456789012", Means(put, events, {}, lines.write, print, factor=30)
    )
    deliveries.follow(with_logs(blueprint(SECRET)))
    deliveries.open()
    traffic = Traffic()
    traffic.follow(blueprint(SECRET))
    hooks = Requests()
    hooks.hear(traffic.seen)
    hooks.hear(deliveries.seen)
    return hooks


def serve_edge(target_port: int, ready: Connection, home: Path | None) -> None:
    """The child process: an edge whose target groups hold the one target. With a `home`, it keeps
    records of requests."""

    async def run() -> None:
        bus = Bus()
        on_access = records(home) if home is not None else None
        settings = EdgeSettings(distribution_port=0, load_balancer_port=0)
        edge = Edge(bus, settings, on_access=on_access)
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


@contextlib.contextmanager
def edge_process(target: int, home: Path | None) -> Iterator[tuple[int, str, str]]:
    """An edge: its process id, and the URLs of its load balancer and its distribution."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=serve_edge, args=(target, theirs, home), daemon=True
    )
    child.start()
    try:
        if not ours.poll(30):
            raise RuntimeError("the edge did not become ready")
        ports = ours.recv()
        balancer, distribution = ports["lb HTTP:80"], ports["d1.cloudfront.net"]
        yield (
            child.pid or 0,
            f"http://127.0.0.1:{balancer}",
            f"http://127.0.0.1:{distribution}",
        )
    finally:
        child.terminate()
        child.join()


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
        edge, balancer, distribution = stack.enter_context(edge_process(target, None))
        logging, balancer_logs, distribution_logs = stack.enter_context(edge_process(target, home))
        header = f"X-Origin-Verify: {SECRET}"
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
            f"ALB (with WAF){_LOGGED}": (logging, f"{balancer_logs}/api/x", (header,)),
            f"CloudFront + WAF + ALB{_LOGGED}": (logging, f"{distribution_logs}/api/x", ()),
            f"CloudFront, cached{_LOGGED}": (logging, f"{distribution_logs}/cached/x", ()),
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


_LOGGED = ", with records"


def cost_of_records(results: dict[str, Result]) -> str:
    """What the records of requests cost, as Markdown: each row with and without them."""
    lines = [
        "| requests/s | without records | with records | ratio | CPU µs a record |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, logged in results.items():
        if name.endswith(_LOGGED):
            plain = results[name.removesuffix(_LOGGED)]
            lines.append(
                f"| {name.removesuffix(_LOGGED)} | {plain.rate:,.0f} | {logged.rate:,.0f} "
                f"| {logged.rate / plain.rate:.2f} | {logged.cpu - plain.cpu:.1f} |"
            )
    return "\n".join(lines)


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
        if not name.endswith(_LOGGED)
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
    results = measure(options.seconds, options.connections, options.rounds)
    print(table(results) + "\n\n" + cost_of_records(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
