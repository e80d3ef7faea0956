"""The recorder: bounded. While no page is open, it keeps only what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest
from rows import rows_of

from bonkei.miniature.requests import recorder as module
from bonkei.miniature.requests.recorder import (
    MOST,
    MOST_BYTES,
    MOST_TROUBLED,
    QUOTA,
    Recorder,
    Wanted,
    matcher,
)
from bonkei.miniature.requests.timeline import request_of
from bonkei.services.edge import AccessRecord
from bonkei.services.edge.http.message import header


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def record(target: str = "/", status: int = 200, bytes_: int = 0, **more: object) -> AccessRecord:
    headers = [header(b"X-Pad", b"x" * bytes_)] if bytes_ else []
    return AccessRecord(
        "front", str(more.get("client", "127.0.0.1")), 1, "GET", target, "a", "", status, 0, 0,
        cast(float, more.get("seconds", 0.01)),
        task_id=str(more.get("task", "")), headers=headers,
    )  # fmt: skip


async def test_it_keeps_requests_without_trouble_only_while_a_page_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "IDLE", 0.05)
    clock = Clock()
    recorder = Recorder(clock)
    recorder.seen(rows_of(record()))
    assert recorder.size == (0, 0)
    for _ in range(5):
        recorder.look()
    recorder.seen(rows_of(record("/seen")))
    clock.now += 0.04
    recorder.look()
    clock.now += 0.03
    await asyncio.sleep(0.08)
    assert recorder.is_open  # looked at meanwhile
    clock.now += 1
    await asyncio.sleep(0.1)
    assert not recorder.is_open
    recorder.seen(rows_of(record("/unseen")))
    assert targets(recorder) == ["/seen"]
    recorder.look()
    recorder.close()


def kept(*records: AccessRecord) -> Recorder:
    made = Recorder(Clock(), is_open=True)
    for each in records:
        made.refill()
        made.seen(rows_of(each))
    return made


def targets(recorder: Recorder, until: int = 0) -> list[str]:
    return [each.record.target for each in recorder.find(lambda _: True, until)]


def test_what_failed_or_was_slow_is_kept_before_a_page_is_open() -> None:
    recorder = Recorder(Clock())
    slow, upgraded = (record("/slow", status)._replace(seconds=1.5) for status in (200, 101))
    failed = [record(f"/failed/{number}", 503) for number in range(MOST_TROUBLED + 1)]
    recorder.seen(rows_of(record("/"), record("/none", 404), slow, upgraded, *failed))
    assert (recorder.size[0], recorder.left_out) == (MOST_TROUBLED + 2, 0)
    assert targets(recorder)[-3:] == ["/failed/1", "/failed/0", "/slow"]
    recorder.is_open = True
    for _ in range(MOST // QUOTA + 1):
        recorder.refill()
        recorder.seen(rows_of(*(record() for _ in range(QUOTA))))
    found = targets(recorder)
    assert (found[MOST], found[-1]) == (f"/failed/{MOST_TROUBLED}", "/failed/1")
    oldest = recorder.entry(3)
    assert oldest is not None
    assert oldest.record.target == "/failed/1"
    assert targets(recorder, until=4) == ["/failed/2", "/failed/1"]


def test_it_is_bounded_by_number_and_by_bytes() -> None:
    many = kept(*[record(str(number)) for number in range(MOST + 100)])
    assert many.size[0] == MOST
    assert many.newest == MOST + 100
    assert many.entry(100) is None
    assert (many.entry(101), many.entry(MOST + 100)) != (None, None)
    large = kept(*[record(bytes_=60_000) for _ in range(1000)])
    assert large.size[1] <= MOST_BYTES
    assert 100 < large.size[0] < 300
    assert large.entry(1000) is not None
    large.refill()
    large.seen(rows_of(record(bytes_=2 * MOST_BYTES)))  # larger than all that may be kept
    assert large.size == (0, 0)
    large.seen(rows_of(record("/next")))
    assert targets(large) == ["/next"]
    assert large.entry(1002) is not None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["/c", "/b", "/a?q=1"]),
        (Wanted(path="/A?Q"), ["/a?q=1"]),
        (Wanted(path="get /b"), ["/b"]),
        (Wanted(status="5xx"), ["/c"]),
        (Wanted(status="404"), ["/b"]),
        (Wanted(status="0"), []),
        (Wanted(status="9xx"), []),
        (Wanted(client="10.0"), ["/b"]),
        (Wanted(service="TASK-1"), ["/c"]),
        (Wanted(least=250), ["/c", "/b"]),
        (Wanted(least=251), ["/c"]),
    ],
)
def test_it_finds_by_path_status_client_service_and_duration(
    wanted: Wanted, found: list[str]
) -> None:
    names: Callable[[AccessRecord], str] = lambda each: each.task_id  # noqa: E731
    recorder = kept(
        record("/a?q=1"),
        record("/b", 404, client="10.0.0.1", seconds=0.25),
        record("/c", 502, task="task-1", seconds=2.0),
    )
    fits = matcher(wanted, names)
    assert [each.record.target for each in recorder.find(fits)] == found
    assert [each.record.target for each in recorder.find(fits, until=1)] == [
        each for each in found if each == "/a?q=1"
    ]


def test_a_request_is_found_by_the_trace_id_that_a_log_line_has() -> None:
    root = "Root=1-674612f3-0aa1b2c3d4e5f60718293a4b"
    traced = record("/traced")._replace(headers=[header(b"X-Amzn-Trace-Id", root.encode())])
    recorder = kept(record("/other"), traced)
    for text in (root, root.removeprefix("Root="), root.upper()):
        found = recorder.find(matcher(Wanted(path=text), lambda _: ""))
        assert [each.record.target for each in found] == ["/traced"]
    other = Wanted(path="Root=1-00000000-0aa1b2c3d4e5f60718293a4b")
    assert list(recorder.find(matcher(other, lambda _: ""))) == []


def test_a_recorded_request_is_what_it_was() -> None:
    access = record("/a%2f?b=1&c").__class__(
        "front", "10.0.0.1", 1, "POST", "/a%2f?b=1&c", "h", "", 200, 3, 0, 0.0,
        headers=[header(b"Cookie", b"a=1"), header(b"cookie", b"b=2"), header(b"X", b"1"),
                 header(b"X", b"2"), header(b"Content-Length", b"3")],
    )  # fmt: skip
    request = request_of(access)
    assert (request.method, request.path, request.query) == (b"POST", b"/a%2f", b"b=1&c")
    assert (request.fields[b"cookie"], request.fields[b"x"]) == (b"a=1; b=2", b"1,2")
    assert (request.has_body, request.length, request.client) == (True, 3, b"10.0.0.1")


async def test_under_load_it_keeps_some_and_counts_the_others() -> None:
    clock = Clock()
    recorder = Recorder(clock)
    recorder.look()
    for _ in range(4):
        clock.now += 0.25
        recorder.seen(rows_of(*(record() for _ in range(3 * QUOTA))))
        recorder.look()
        recorder.look()  # another topic of the same page
    assert recorder.size[0] == 4 * QUOTA
    assert recorder.left_out == 8 * QUOTA
    assert recorder.rate() == 12 * QUOTA
    recorder.close()


async def test_it_goes_on_when_the_clock_is_set_back() -> None:
    clock = Clock()
    recorder = Recorder(clock)
    recorder.look()
    recorder.seen(rows_of(*(record() for _ in range(QUOTA + 1))))
    assert recorder.left_out == 1
    clock.now -= 500
    recorder.look()
    recorder.seen(rows_of(record("/new")))
    assert next(recorder.find(lambda _: True)).record.target == "/new"
    clock.now -= 400
    recorder._expire()
    assert not recorder.is_open
