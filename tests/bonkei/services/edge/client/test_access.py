"""The record of a request by its kind equals the one that is made of nothing but the request."""

from __future__ import annotations

import tracemalloc
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rows import records_of

from bonkei.services.edge.client.access import Journal, Kinds, Row, access_record
from bonkei.services.edge.http.exchange import Exchange
from bonkei.services.edge.http.firewall import Verdict
from bonkei.services.edge.http.message import Request, header

VERDICTS = [Verdict("acl", name, False) for name in ("one", "two")]
_ways = st.fixed_dictionaries(
    {
        "status": st.sampled_from([0, 200, 404, 503]),
        "sent": st.integers(0, 3),
        "received": st.integers(0, 1),
        "rule": st.sampled_from(["", "arn:rule"]),
        "group_arn": st.sampled_from(["", "arn:a", "arn:b"]),
        "task_id": st.sampled_from(["", "task-1", "task-2"]),
        "trace_id": st.sampled_from([b"", b"Root=1-2-3"]),
        "cache_result": st.sampled_from(["", "Hit", "Error"]),
        "blocked_by": st.sampled_from(["", "host"]),
        "redirect_url": st.sampled_from([b"", b"https://a/", b"https://b/\xff"]),
        "retries": st.integers(0, 2),
        "identity": st.sampled_from([(b"", b"", b""), header(b"X-Amz-Cf-Id", b"abc")]),
    }
)
_listeners = st.sampled_from(["listener", "another"])
_looks = st.lists(st.sampled_from(VERDICTS), max_size=3)


class Channel:
    logs = True


def _request() -> Request:
    headers = [header(b"Host", b"site.example"), header(b"User-Agent", b"curl/8 \xe9")]
    fields = {lower: value for lower, value, _ in headers}
    return Request(b"GET", b"/a?b=\xe9", b"/a", b"b", b"1.1", headers, fields, b"192.0.2.1")


def _exchange(request: Request, way: dict[str, Any], verdicts: list[Verdict]) -> Exchange:
    channel: Any = Channel()
    exchange = Exchange(channel, request, True, 1.5)
    for name, value in way.items():
        setattr(exchange, name, value)
    for verdict in verdicts:
        exchange.inspected(verdict, request)
    return exchange


def _requests() -> tuple[Request, ...]:
    """Two with another target, and two with a cookie."""
    made = _request(), _request(), _request(), _request()
    for number, each in enumerate(made[2:]):
        each.headers.append(header(b"Cookie", b"number=%d" % number))
        each.fields[b"cookie"] = b"number=%d" % number
    made[1].target = b"/other"
    return made


def _journal() -> tuple[Journal, list[Row]]:
    rows: list[Row] = []
    return Journal(rows.extend, lambda flush: None), rows


@given(st.lists(st.tuples(_ways, _looks, _listeners, st.integers(0, 3)), min_size=1, max_size=30))
def test_a_kind_changes_no_record(requests: list[Any]) -> None:
    (journal, rows), among, expected = _journal(), _requests(), []
    for number, (way, verdicts, listener, which) in enumerate(requests):
        exchange = _exchange(among[which], way, verdicts)
        journal.add(exchange, 2.0, listener, number, 7)
        expected.append(access_record(exchange, 2.0, listener, number, 7))
    journal.flush()
    assert records_of(rows) == expected


@given(_ways, _looks, st.integers(0, 3))
def test_one_way_is_one_kind(way: dict[str, Any], verdicts: list[Verdict], which: int) -> None:
    """Also where headers, target and sizes differ."""
    (journal, rows), among = _journal(), _requests()
    for sent, request in enumerate((*among, among[which])):
        exchange = _exchange(request, way | {"sent": sent, "received": sent}, verdicts)
        journal.add(exchange, 2.0, "listener", sent, sent)
    journal.add(_exchange(among[which], way | {"status": 418}, verdicts), 2.0, "listener", 1, 1)
    journal.flush()
    *alike, another = [row[0] for row in rows]
    assert len(set(alike)) == 1
    assert another not in alike


def test_a_kind_holds_no_headers() -> None:
    """Many kinds are kept, and headers may be long."""
    (journal, rows), request = _journal(), _request()
    journal.add(_exchange(request, {}, [VERDICTS[0]]), 2.0, "listener", 1, 1)
    journal.flush()
    sample = rows[0][0].sample
    assert (sample.target, sample.headers) == ("", ())
    assert sample.inspections == ((VERDICTS[0], []),)


def test_the_number_of_kinds_is_bounded() -> None:
    kinds = Kinds()
    for number in range(1_500):
        kinds.of(_exchange(_request(), {"redirect_url": b"/%d" % number}, []), "listener")
        assert len(kinds._kinds) <= 1_000


def test_the_bytes_that_kinds_hold_are_bounded() -> None:
    """A client chooses how long Host and User-Agent are."""
    kinds = Kinds()
    tracemalloc.start()
    try:
        for number in range(1_000):
            request = _request()
            request.fields |= {b"host": b"%8000d" % number, b"user-agent": b"%8000d" % number}
            kinds.of(_exchange(request, {}, []), "listener")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kinds._kinds) > 0
    assert held < 1 << 20


def test_a_verdict_that_is_made_anew_is_another_kind() -> None:
    """Kinds find verdicts by their numbers, which are given again once a verdict has gone."""
    (journal, rows), request = _journal(), _request()
    for number in range(200):
        exchange = _exchange(request, {}, [Verdict("acl", f"rule-{number}", False)])
        journal.add(exchange, 2.0, "listener", 1, 1)
        request.inspected = None
        del exchange
    journal.flush()
    names = [row[0].sample.inspections[0][0].rule for row in rows]
    assert names == [f"rule-{number}" for number in range(200)]


def test_requests_of_one_turn_come_together() -> None:
    soon: list[Any] = []
    heard: list[int] = []
    journal = Journal(lambda records: heard.append(len(records)), soon.append)
    for number in range(3):
        journal.add(_exchange(_request(), {}, []), 2.0, "listener", number, number)
    assert (len(soon), heard) == (1, [])
    soon.pop()()
    assert heard == [3]
    journal.flush()
    assert heard == [3], "an empty turn is not told"
    journal.add(_exchange(_request(), {}, []), 2.0, "listener", 1, 1)
    assert len(soon) == 1
