"""Every bounded store holds its bound, whatever a client fills it with."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from rows import rows_of

from bonkei.base import spool
from bonkei.base.aws_service import AwsCall, Caller
from bonkei.base.events import Bus, LogEvent
from bonkei.blueprint.sns import EventRule, EventTarget
from bonkei.grammar.filter_pattern import parse
from bonkei.miniature.requests import recorder
from bonkei.services.cloudwatch.metric import store
from bonkei.services.cloudwatch.metric.model import Datum, MetricId
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around
from bonkei.services.ecs.api.changes import Changes
from bonkei.services.edge.cloudfront.cache import Cache
from bonkei.services.edge.cloudfront.capture import Budget, Capture
from bonkei.services.edge.cloudfront.freshness import Lifetime
from bonkei.services.edge.cloudfront.stored import to_store
from bonkei.services.edge.http.message import header
from bonkei.services.edge.waf.rate import RateCounter
from bonkei.services.endpoint.calls.record import CallLog, Record
from bonkei.services.eventbridge import bus
from bonkei.services.logs.delivery.requests import deliveries
from bonkei.services.logs.delivery.requests.sorting import Entries
from bonkei.services.logs.live_tails import Session, Wish
from bonkei.services.slack.store import Entry, Inbox
from tests.bonkei.miniature.requests.test_recorder import Clock, record

MB = 1024 * 1024
TIME = 1_800_000_000.0
Fill = Callable[[Path, pytest.MonkeyPatch], Any]
"""Fills a store, and returns all that keeps it."""


def cache(key: int, count: int, value: int, body: int) -> Fill:
    """Responses whose keys, headers or bodies are long, or which are many."""

    def fill(_folder: Path, _patch: pytest.MonkeyPatch) -> Cache:
        found, number = Cache(2 * MB, 2 * MB), 0
        while not found.evictions:
            own = b"%d" % number
            parts = (b"GET", own + b"/" * key, own + b"q", own + b"c", own + b"e", own + b"n")
            headers = [header(b"X-%d" % n, own + b"v" * value) for n in range(count)]
            times = Lifetime(number / 7, number / 3, number / 5)
            response = to_store(200, own, headers, own + b"b" * body, times, number / 9)
            found.put(parts, response)
            number += 1
        return found

    return fill


def body_of_single_bytes(_folder: Path, _patch: pytest.MonkeyPatch) -> Capture:
    found = Capture(Budget(MB // 10, MB // 10))
    while found.add(b"x"):
        pass
    return found


def rates_by_long_headers(_folder: Path, _patch: pytest.MonkeyPatch) -> RateCounter:
    found = RateCounter(10, 300, lambda: 0.0)
    for number in range(11_000):
        found.exceeds(b"%d" % number + b"x" * 8_000)
    return found


def recent_requests(_folder: Path, patch: pytest.MonkeyPatch) -> recorder.Recorder:
    patch.setattr(recorder, "MOST_BYTES", 2 * MB)
    found = recorder.Recorder(Clock(), is_open=True)
    for number in range(1_000):
        found.refill()
        names = [header(b"%d-%d" % (number, n), b"%d" % n) for n in range(150)]
        found.seen(rows_of(record(f"/{number}" + "x" * 8_000)._replace(headers=names)))
    return found


def calls_of_long_resources(folder: Path, _patch: pytest.MonkeyPatch) -> CallLog:
    found = CallLog(folder / "calls.jsonl")
    found.open()
    for number in range(200):
        text = f"{number}" + "x" * MB
        found.add(Record(TIME, text, text, "s3", text, 403, text, 1.0, "id", text))
    return found


def events_under_way(_folder: Path, patch: pytest.MonkeyPatch) -> bytes:
    patch.setattr(bus, "_MOST_CHARACTERS", 4 * MB)

    async def never(_target: EventTarget, _payload: str, _marks: Mapping[str, str]) -> None:
        await asyncio.sleep(3600)

    async def put() -> int:
        found = bus.EventBus(never)
        targets = (EventTarget("t", "arn:aws:sns:eu-west-1:1:t"),)
        pattern = '{"source": ["own"]}'
        found.follow([EventRule("r", "arn:aws:events:::r", "r", pattern, deliveries=targets)])
        for number in range(40):
            detail = {"number": number, "text": "x" * 500_000}
            found.put({"source": "own", "detail-type": "d", "detail": detail})
        await asyncio.sleep(0)
        held = tracemalloc.get_traced_memory()[0]
        await found.stop()
        assert "too many deliveries" in found.notes()[0]
        return held

    return bytes(asyncio.run(put()))  # as much as it held while they were under way


def waiting_records(folder: Path, patch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    patch.setattr(spool, "BYTES", 2 * MB)
    found = spool.Spool(folder / "spool", 20_000)
    found.open()
    kept = []
    while not found.is_full:
        kept.append({"message": "x" * 100_000})
        found.put(f"{len(kept)}", kept[-1])
    again = spool.Spool(folder / "spool", 20_000)
    again.open()
    assert again.is_full
    again.remove("1")
    assert not again.is_full
    return kept


def waiting_log_entries(_folder: Path, patch: pytest.MonkeyPatch) -> deliveries.RequestDeliveries:
    patch.setattr(deliveries, "_MOST_BYTES", 2 * MB)
    means: Any = None
    found = deliveries.RequestDeliveries("123456789012", means)
    for number in range(100):
        lines = {"log": [f"{number}" + "x" * 50_000 for _ in range(4)]}
        found._enter(Entries(lines=lines), TIME)
    assert found.lost
    return found


def metrics(values: int, periods: int, name: int) -> Fill:
    def fill(_folder: Path, patch: pytest.MonkeyPatch) -> store.MetricStore:
        patch.setattr(store, "MOST_BYTES", 4 * MB)
        patch.setattr(store, "MOST_NAMED", MB)
        found, number = store.MetricStore(), 0.0
        for metric in range(30):
            dimensions = tuple((f"{n}", f"{metric}" + "x" * name) for n in range(3))
            for period in range(periods):
                number += values
                numbers = tuple((number + n / 7, 1.0) for n in range(values))
                at = TIME + 60 * period
                with suppress(store.MetricError):
                    found.put(Datum(MetricId("Own", "m", dimensions), at, numbers), at)
        return found

    return fill


def values_of_a_period(_folder: Path, _patch: pytest.MonkeyPatch) -> store.MetricStore:
    found = store.MetricStore()
    for number in range(30_000):
        datum = Datum(MetricId("Own", "m"), TIME, ((1.02**number, 1.0),))
        found.put(datum, TIME)
    return found


def held_metrics(_folder: Path, _patch: pytest.MonkeyPatch) -> Monitor:
    async def act(_arn: str, _subject: str, _message: str) -> None: ...

    found = Monitor(None, Bus(), Around(lambda _n, _s: (), act, lambda _e: None, lambda: TIME))
    metric = MetricId("Own", "m")
    found.hold([metric])
    for number in range(3_000):
        found.put(Datum(metric, TIME, tuple((number + n / 151, 1.0) for n in range(150))))
    return found


def live_tail(_folder: Path, _patch: pytest.MonkeyPatch) -> Session:
    found = Session(Wish({"g": "arn"}, parse("")))
    for number in range(40):
        found.take("g", "s", [LogEvent(number, f"{number}" + "x" * 500_000)])
    assert found.sampled
    assert len(found.update()["sessionResults"]) == 8
    for number in range(40):
        found.take("g", "s", [LogEvent(number, f"{number}" + "x" * 500_000)])
    return found


def client_tokens(_folder: Path, _patch: pytest.MonkeyPatch) -> Changes:
    found = Changes(lambda: pytest.fail("no task is started"))
    caller = Caller("arn:aws:iam::1:user/me", "AIDA", "1")
    for number in range(1_100):
        given = {"clientToken": f"{number}", "group": f"{number}" + "x" * 20_000}
        call = AwsCall("ecs", "RunTask", given, caller, "eu-west-1", TIME)
        found._remember(given["clientToken"], call.parameters, ())
    return found


def messages_to_slack(folder: Path, patch: pytest.MonkeyPatch) -> bytes:
    patch.setattr("bonkei.services.slack.store.BYTES", MB)
    found = Inbox(folder / "inbox.jsonl")
    for number in range(100):
        found.add(Entry(TIME, "slack", "hook", {"text": f"{number}" + "x" * 100_000}))
    assert [entry.body["text"][:2] for entry in found.entries()][-1] == "99"
    return found.file.read_bytes()


@pytest.mark.parametrize(
    ("fill", "bound"),
    [
        pytest.param(cache(0, 0, 0, 0), 2 * MB, id="cache-of-nothing"),
        pytest.param(cache(8_000, 1, 5, 1), 2 * MB, id="cache-of-keys"),
        pytest.param(cache(9, 60, 3, 0), 2 * MB, id="cache-of-headers"),
        pytest.param(cache(9, 3, 5_000, 0), 2 * MB, id="cache-of-long-headers"),
        pytest.param(cache(9, 2, 9, 50_000), 2 * MB, id="cache-of-bodies"),
        (body_of_single_bytes, 0.12 * MB),
        (rates_by_long_headers, 8 * MB),
        (recent_requests, 2 * MB),
        (calls_of_long_resources, 2 * MB),
        (events_under_way, 5 * MB),
        (waiting_records, 2.5 * MB),
        (waiting_log_entries, 2.5 * MB),
        pytest.param(metrics(1, 300, 3), 4 * MB, id="metrics-of-many-periods"),
        pytest.param(metrics(150, 30, 3), 4 * MB, id="metrics-of-many-values"),
        pytest.param(metrics(1, 1, 100_000), 2.2 * MB, id="metrics-of-long-names"),
        (values_of_a_period, 0.3 * MB),
        (client_tokens, 1 * MB),
        (held_metrics, 10 * MB),
        (live_tail, 4.5 * MB),
        (messages_to_slack, 2.2 * MB),
    ],
)
def test_a_store_holds_its_bound(
    fill: Fill, bound: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracemalloc.start()
    try:
        kept = fill(tmp_path, monkeypatch)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept is not None
    assert held <= bound
    for file in tmp_path.rglob("*.jsonl"):
        assert file.stat().st_size <= max(bound, 2 * MB)
