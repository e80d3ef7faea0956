"""CloudWatch Logs' store, the way of a line into it, and the cost of access logs for a request."""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.elbv2 import Forward, Listener, LoadBalancer, WeightedTarget
from bonkei.blueprint.logs.access_log import AccessLog
from bonkei.grammar.filter_pattern import parse
from bonkei.services.edge.client.access import Journal
from bonkei.services.edge.http.exchange import Exchange
from bonkei.services.edge.http.message import Request, header
from bonkei.services.logs.awslogs.options import parse_options
from bonkei.services.logs.delivery.requests.deliveries import Means, RequestDeliveries
from bonkei.services.logs.delivery.requests.target import Deliverer
from bonkei.services.logs.logs import Logs, LogsSettings
from bonkei.services.logs.store.documents import GroupDocument
from bonkei.services.logs.store.limits import InputEvent
from bonkei.services.logs.store.log_store import LogStore
from bonkei.services.logs.store.reading import Window

RECORDS = 500_000
BATCH = 500
LINES = 200
REQUESTS = 100_000
_RECORD = (
    '{{"type":"access","time":"2026-01-02T03:04:05.678Z","level":"{level}","logger":"backend.access",'
    '"message":"GET /api/v1/status 200","request_id":"Root=1-58337262-36d228ad5d99923122bbe354",'
    '"status":200,"duration_ms":1.25,"n":{n}}}'
)
_ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"


def main() -> None:
    """Print tables in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        _store(Path(folder) / "store")
        asyncio.run(_delay(Path(folder) / "delay"))
        asyncio.run(_requests())


def _store(directory: Path) -> None:
    store = LogStore(directory)
    store.open()
    store.create_group(GroupDocument("group", store.now))
    store.create_stream("group", "stream")
    texts = [_RECORD.format(level="ERROR" if n % 100 == 0 else "INFO", n=n) for n in range(1000)]
    print("| the store | records a second of CPU | |\n|---|---:|---|")
    begun = time.process_time()
    for at in range(0, RECORDS, BATCH):
        now = store.now
        store.put("group", "stream", [(now, texts[n % 1000]) for n in range(at, at + BATCH)])
    _row("put, 500 a call", begun, f"{store.stored / RECORDS:.0f} bytes a record on disk")
    begun = time.process_time()
    found = sum(1 for _ in store.read("group", Window()))
    _row("read all of them", begun, f"{found} found")
    pattern = parse('{ $.level = "ERROR" }')
    begun = time.process_time()
    found = sum(pattern.matches(event.message) for event in store.read("group", Window()))
    _row("search by a JSON pattern", begun, f"{found} found")
    begun = time.process_time()
    again = LogStore(directory)
    again.open()
    events = again.read("group", Window(), backwards=True)
    last = [next(events) for _ in range(100)]
    took = (time.process_time() - begun) * 1000
    print(f"| the last {len(last)}, opened anew | | {took:.1f} ms |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| memory of the process at most | | {peak:.0f} MB |\n")


def _row(what: str, begun: float, note: str) -> None:
    print(f"| {what} | {RECORDS / (time.process_time() - begun):,.0f} | {note} |")


async def _delay(directory: Path) -> None:
    """From a line that a program writes to the event that a reader gets."""
    settings = LogsSettings(directory, "123456789012", directory)
    logs = Logs(Bus(), settings, lambda *_: "", print)
    logs.start()
    options = {
        "awslogs-group": "/app", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web",
        "awslogs-create-group": "true",
    }  # fmt: skip
    driver = logs.awslogs(parse_options(options), "web", "0123", "role")
    delays = []
    for number in range(LINES):
        begun = time.perf_counter()
        driver.write("stdout", time.time(), [str(number)])
        stream = logs.store.group("/app").stream("web/web/0123")
        while stream.next_sequence <= number:  # noqa: ASYNC110 - that is what is measured
            await asyncio.sleep(0.001)
        delays.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(number % 7 / 1000)
    await driver.close()
    delays.sort()
    print("| from a line to GetLogEvents | p50 ms | p99 ms |\n|---|---:|---:|")
    print(f"| awslogs | {delays[LINES // 2]:.0f} | {delays[LINES * 99 // 100]:.0f} |\n")


async def _requests() -> None:
    async def put(_bucket: str, _key: str, _content: bytes, _by: Deliverer) -> str:
        return ""

    def events(_group: str, _stream: str, _events: Sequence[InputEvent]) -> None: ...

    means = Means(put, events, {"task": "10.0.0.1:80"}, lambda *_: None, print)
    deliveries = RequestDeliveries("123456789012", means)
    listener = Listener("listener", "arn", 80, "HTTP", Forward((WeightedTarget("arn:group"),)))
    deliveries.follow(
        Blueprint(
            load_balancers=(LoadBalancer("lb", _ARN, "web", "web.elb", (listener,)),),
            access_logs=(AccessLog("lb", _ARN, "logs"),),
        )
    )
    deliveries.open()
    print("| access logs, a request | CPU µs |\n|---|---:|")
    for name, exchanges in (
        ("same path", [_exchange(b"/api/v1/status")] * REQUESTS),
        ("other paths", [_exchange(b"/api/v1/status/%d" % n) for n in range(REQUESTS)]),
    ):
        journal = Journal(deliveries.seen_together, lambda _: None)
        begun = time.process_time()
        for exchange in exchanges:
            journal.add(exchange, 2.0, "listener", os.getpid(), 7)
            journal.flush()
        _each(f"{name}, on its way: the record, and its entry", begun)
        begun = time.process_time()
        await deliveries.deliver(time.time(), last=True)
        _each(f"{name}, later: compressed", begun)
    await deliveries.stop()


def _exchange(target: bytes) -> Exchange:
    """A finished one, as its load balancer leaves it."""
    fields = {b"host": b"site.example", b"user-agent": b"curl/8"}
    headers = [header(name, value) for name, value in fields.items()]
    request = Request(b"GET", target, target, b"", b"1.1", headers, fields, b"127.0.0.1")
    connection: Any = SimpleNamespace(logs=True)
    exchange = Exchange(connection, request, keep_alive=True, started=1.0)
    exchange.group_arn, exchange.task_id, exchange.trace_id = "arn:group", "task", b"Root=1-2-3"
    exchange.status, exchange.sent, exchange.identity = 200, 4021, (b"", b"", b"")
    return exchange


def _each(what: str, begun: float) -> None:
    print(f"| {what} | {(time.process_time() - begun) / REQUESTS * 1e6:.1f} |")


if __name__ == "__main__":
    main()
