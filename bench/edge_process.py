"""The edge that is measured, in a process of its own, with some of the parts that a miniature adds
to it."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop

from bench.stack import blueprint, with_logs
from bonkei.base.events import Bus, Endpoint, TargetRegistered
from bonkei.miniature.console.requests import offer_requests
from bonkei.miniature.measures.traffic import Traffic
from bonkei.miniature.parts.edge.access_hooks import Requests
from bonkei.miniature.parts.edge.request_log import EdgeLog
from bonkei.miniature.requests.explaining import RequestWorld
from bonkei.miniature.requests.recorder import Recorder
from bonkei.services.console import Console
from bonkei.services.console.feed import QUICK_TICK
from bonkei.services.ecs import FileLogSink
from bonkei.services.edge import Edge, EdgeSettings
from bonkei.services.logs.delivery.requests.deliveries import Means, RequestDeliveries
from bonkei.services.logs.delivery.requests.target import Deliverer
from bonkei.services.logs.store.limits import InputEvent

_FACTOR = 300
"""Objects come once a second: a load of a few seconds pays for the compression of its entries."""

SECRET = "bench-header-value"  # noqa: S105 - a fixture


@dataclass(frozen=True, slots=True)
class Carried:
    """What an edge carries besides its layers. `enforces`: the network's decisions. `has_console`:
    the recorder of requests is there; `is_watched`: and its page is open."""

    enforces: bool = True
    has_metrics: bool = False
    has_logs: bool = False
    has_console: bool = False
    is_watched: bool = False


PLAIN = Carried()
RECORDS = Carried(has_metrics=True, has_logs=True)


def records(home: Path, carried: Carried = RECORDS) -> Requests:
    """The miniature's records of a request: metrics; and the edge's own lines with the logs of
    CloudFront, WAF and the load balancer as compressed objects."""
    hooks = Requests()
    if carried.has_metrics:
        traffic = Traffic()
        traffic.follow(blueprint(SECRET))
        hooks.hear_together(traffic.seen_together)
    if carried.has_logs:
        hooks.hear_together(_deliveries(home).seen_together)
    return hooks


def _deliveries(home: Path) -> RequestDeliveries:
    async def put(_bucket: str, key: str, content: bytes, _by: Deliverer) -> str:
        await asyncio.to_thread((home / key.replace("/", "-")).write_bytes, content)
        return ""

    def events(_group: str, _stream: str, _events: Sequence[InputEvent]) -> None: ...

    lines = EdgeLog(FileLogSink(home))
    deliveries = RequestDeliveries(
        "123456789012", Means(put, events, {}, lines.write, print, factor=_FACTOR)
    )
    deliveries.follow(with_logs(blueprint(SECRET)))
    deliveries.open()
    return deliveries


async def _offer(edge: Edge, hooks: Requests, home: Path, *, is_watched: bool) -> None:
    """What the console adds, and what it does while its page of requests is open, for one
    browser."""
    stack = blueprint(SECRET)
    world = RequestWorld(edge, lambda: stack, hooks.hear, home, home, home)
    recorder = Recorder()
    hooks.hear_together(recorder.seen)
    console = Console()
    offer_requests(console, recorder, world)
    while is_watched:
        await console.state("requests")
        await asyncio.sleep(QUICK_TICK)
    await asyncio.Event().wait()


def serve_edge(target_port: int, ready: Connection, home: Path, carried: Carried) -> None:
    """The child process: an edge whose target groups hold the one target."""

    async def run() -> None:
        bus = Bus()
        listens = carried.has_metrics or carried.has_logs
        hooks = records(home, carried) if listens else Requests()
        settings = EdgeSettings(
            distribution_port=0, load_balancer_port=0, enforces_network=carried.enforces
        )
        edge = Edge(bus, settings, on_access=hooks if listens else None)
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
        if carried.has_console:
            await _offer(edge, hooks, home, is_watched=carried.is_watched)
        await asyncio.Event().wait()

    uvloop.run(run())


@dataclass(frozen=True, slots=True)
class Running:
    """An edge: its process id, and the URLs of its load balancer and its distribution."""

    pid: int
    balancer: str
    distribution: str


@contextlib.contextmanager
def edge_process(target: int, home: Path, carried: Carried = PLAIN) -> Iterator[Running]:
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=serve_edge, args=(target, theirs, home, carried), daemon=True
    )
    child.start()
    try:
        if not ours.poll(30):
            raise RuntimeError("the edge did not become ready")
        ports = ours.recv()
        yield Running(
            child.pid or 0,
            f"http://127.0.0.1:{ports['lb HTTP:80']}",
            f"http://127.0.0.1:{ports['d1.cloudfront.net']}",
        )
    finally:
        child.terminate()
        child.join()
