"""The recorder: bounded, and deaf while nobody looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from rows import rows_of

from bonkei.miniature.parts.edge.access_hooks import Requests
from bonkei.miniature.requests import recorder as module
from bonkei.miniature.requests.recorder import MOST, MOST_BYTES, QUOTA, Recorder, Wanted, matcher
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
        0.01,
        task_id=str(more.get("task", "")), headers=headers,
    )  # fmt: skip


async def test_it_hears_only_while_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE", 0.05)
    requests, clock = Requests(), Clock()
    recorder = Recorder(requests.hear, clock)
    requests(rows_of(record()))
    assert (requests._hooks, recorder.size) == ((), (0, 0))
    for _ in range(5):
        recorder.look()
    assert len(requests._hooks) == 1  # asked often, heard once
    requests(rows_of(record("/seen")))
    clock.now += 0.04
    recorder.look()
    clock.now += 0.03
    await asyncio.sleep(0.08)
    assert recorder.is_open  # looked at meanwhile
    clock.now += 1
    await asyncio.sleep(0.1)
    assert not recorder.is_open
    assert requests._hooks == ()
    requests(rows_of(record("/unseen")))
    assert [each.record.target for each in recorder.find(lambda _: True)] == ["/seen"]
    recorder.look()
    recorder.close()
    assert requests._hooks == ()


def kept(*records: AccessRecord) -> Recorder:
    made = Recorder(lambda _: lambda: None, Clock())
    for each in records:
        made._quota = 1
        made.record(each)
    return made


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
    large._quota = 2
    large.record(record(bytes_=2 * MOST_BYTES))  # larger than all that may be kept
    assert large.size == (0, 0)
    large.record(record("/next"))
    assert [each.record.target for each in large.find(lambda _: True)] == ["/next"]
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
    ],
)
def test_it_finds_by_path_status_client_and_service(wanted: Wanted, found: list[str]) -> None:
    names: Callable[[AccessRecord], str] = lambda each: each.task_id  # noqa: E731
    recorder = kept(
        record("/a?q=1"), record("/b", 404, client="10.0.0.1"), record("/c", 502, task="task-1")
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
    recorder = Recorder(lambda _: lambda: None, clock)
    recorder.look()
    for _ in range(4):
        clock.now += 0.25
        for _ in range(3 * QUOTA):
            recorder.record(record())
        recorder.look()
        recorder.look()  # another topic of the same page
    assert recorder.size[0] == 4 * QUOTA
    assert recorder.left_out == 8 * QUOTA
    assert recorder.rate() == 12 * QUOTA
    recorder.close()


async def test_it_goes_on_when_the_clock_is_set_back() -> None:
    requests, clock = Requests(), Clock()
    recorder = Recorder(requests.hear, clock)
    recorder.look()
    requests(rows_of(*(record() for _ in range(QUOTA + 1))))
    assert recorder.left_out == 1
    clock.now -= 500
    recorder.look()
    requests(rows_of(record("/new")))
    assert next(recorder.find(lambda _: True)).record.target == "/new"
    clock.now -= 400
    recorder._expire()
    assert not recorder.is_open
