"""Requests a second through the edge's layers, next to a target without them and to nginx.

    python -m bench.edge [--seconds 3] [--connections 32] [--rounds 3]

Every row is taken in one run, with the same client (wrk), the same target (nginx that returns a
constant) and one worker process each. Needs nginx and wrk (Debian: `apt install nginx-light wrk`).
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop

from bench.load import (
    Options,
    Result,
    Row,
    free_port,
    kind_of,
    read_options,
    table,
    take,
    wait_for,
)
from bench.stack import blueprint, with_logs
from bonkei.console import Console
from bonkei.console.feed import QUICK_TICK
from bonkei.edge import Edge, EdgeSettings
from bonkei.events import Bus, Endpoint, TargetRegistered
from bonkei.logs.delivery.requests.deliveries import Means, RequestDeliveries
from bonkei.logs.delivery.requests.target import Deliverer
from bonkei.logs.store.limits import InputEvent
from bonkei.miniature.measures.traffic import Traffic
from bonkei.miniature.requests.explaining import RequestWorld
from bonkei.miniature.requests.recorder import Recorder
from bonkei.miniature.rooms.access_hooks import Requests
from bonkei.miniature.rooms.console.requests import offer_requests
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


def records(home: Path) -> Requests:
    """The miniature's records of a request: metrics, the edge's own lines, and the logs of
    CloudFront, WAF and the load balancer as compressed objects."""

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
    hooks.hear_together(traffic.seen_together)
    hooks.hear_together(deliveries.seen_together)
    return hooks


async def look(edge: Edge, hooks: Requests, home: Path) -> None:
    """What the console does while its page of requests is open, for one browser."""
    stack = blueprint(SECRET)
    world = RequestWorld(edge, lambda: stack, hooks.hear, home, home, home)
    recorder = Recorder(hooks.hear)
    console = Console()
    offer_requests(console, recorder, world)
    while True:
        await console.state("requests")
        await asyncio.sleep(QUICK_TICK)


def serve_edge(
    target_port: int, ready: Connection, home: Path | None, enforces: bool, watched: bool
) -> None:
    """The child process: an edge whose target groups hold the one target. With a `home`, it keeps
    records of requests. `enforces`: the network's decisions. `watched`: in the console."""

    async def run() -> None:
        bus = Bus()
        on_access = records(home) if home is not None else None
        watching: list[asyncio.Task[None]] = []
        settings = EdgeSettings(
            distribution_port=0, load_balancer_port=0, enforces_network=enforces
        )
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
        if watched and on_access is not None and home is not None:
            watching.append(asyncio.create_task(look(edge, on_access, home)))
        await asyncio.Event().wait()

    uvloop.run(run())


@contextlib.contextmanager
def edge_process(
    target: int, home: Path | None = None, *, enforces: bool = True, watched: bool = False
) -> Iterator[tuple[int, str, str]]:
    """An edge: its process id, and the URLs of its load balancer and its distribution."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=serve_edge, args=(target, theirs, home, enforces, watched), daemon=True
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


def measure(options: Options) -> dict[str, Result]:
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        home = Path(directory)
        target, proxy = free_port(), free_port()
        target_process = stack.enter_context(
            nginx(home, "target", _TARGET.format(port=target, body=BODY), target)
        )
        proxy_process = stack.enter_context(
            nginx(home, "proxy", _PROXY.format(port=proxy, target=target, secret=SECRET), proxy)
        )
        edge, balancer, distribution = stack.enter_context(edge_process(target))
        logging, balancer_logs, distribution_logs = stack.enter_context(edge_process(target, home))
        watched, balancer_watched, distribution_watched = stack.enter_context(
            edge_process(target, home, watched=True)
        )
        open_, balancer_open, distribution_open = stack.enter_context(
            edge_process(target, enforces=False)
        )
        header = f"X-Origin-Verify: {SECRET}"
        return take(
            {
                "target, direct": Row(target_process, f"http://127.0.0.1:{target}/api/x"),
                "nginx": Row(proxy_process, f"http://127.0.0.1:{proxy}/api/x"),
                "ALB (with WAF)": Row(edge, f"{balancer}/api/x", (header,)),
                "CloudFront + WAF + ALB": Row(edge, f"{distribution}/api/x"),
                "nginx, other paths": Row(proxy_process, f"http://127.0.0.1:{proxy}/api/"),
                "CloudFront + WAF + ALB, other paths": Row(edge, f"{distribution}/api/"),
                "nginx, no two alike": Row(proxy_process, f"http://127.0.0.1:{proxy}/api/unlike/"),
                "CloudFront + WAF + ALB, no two alike": Row(edge, f"{distribution}/api/unlike/"),
                "CloudFront, cached": Row(edge, f"{distribution}/cached/x"),
                f"ALB (with WAF){_LOGGED}": Row(logging, f"{balancer_logs}/api/x", (header,)),
                f"CloudFront + WAF + ALB{_LOGGED}": Row(logging, f"{distribution_logs}/api/x"),
                f"CloudFront, cached{_LOGGED}": Row(logging, f"{distribution_logs}/cached/x"),
                f"ALB (with WAF){_LOGGED}{_WATCHED}": Row(
                    watched, f"{balancer_watched}/api/x", (header,)
                ),
                f"CloudFront + WAF + ALB{_LOGGED}{_WATCHED}": Row(
                    watched, f"{distribution_watched}/api/x"
                ),
                f"CloudFront, cached{_LOGGED}{_WATCHED}": Row(
                    watched, f"{distribution_watched}/cached/x"
                ),
                f"ALB (with WAF){_OPEN}": Row(open_, f"{balancer_open}/api/x", (header,)),
                f"CloudFront + WAF + ALB{_OPEN}": Row(open_, f"{distribution_open}/api/x"),
            },
            options,
        )


_LOGGED = ", with records"
_OPEN = ", nothing enforced"
_WATCHED = ", the console's requests open"


def cost_of(what: str, suffix: str, results: dict[str, Result]) -> str:
    """The cost of something, as Markdown: the rows that have a twin with this suffix, and it."""
    lines = [
        f"| requests/s | without {what} | with {what} | ratio | CPU µs a request more |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, one in results.items():
        if other := results.get(name + suffix):
            plain, costly = (other, one) if suffix == _OPEN else (one, other)
            lines.append(
                f"| {name} | {plain.rate:,.0f} | {costly.rate:,.0f} "
                f"| {costly.rate / plain.rate:.2f} | {costly.cpu - plain.cpu:.1f} |"
            )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    options = read_options("edge", __doc__, arguments)
    if missing := [tool for tool in ("nginx", "wrk") if shutil.which(tool) is None]:
        print(
            f"edge: not measured, {' and '.join(missing)} not found "
            "(Debian: apt install nginx-light wrk)",
            file=sys.stderr,
        )
        return 1
    results = measure(options)
    shown = {
        name: each
        for name, each in results.items()
        if not name.endswith((_LOGGED, _OPEN, _WATCHED))
    }
    compared = table(shown, "nginx", lambda name: f"nginx{kind_of(name)}")
    records_cost = cost_of("records", _LOGGED, results)
    network_cost = cost_of("the network", _OPEN, results)
    console_cost = cost_of("the console's page of requests", _WATCHED, results)
    print(f"{compared}\n\n{records_cost}\n\n{network_cost}\n\n{console_cost}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
