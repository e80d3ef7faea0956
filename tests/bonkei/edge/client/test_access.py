"""The record of a request whose head is known equals the one that is made without knowing it."""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bonkei.edge.client.access import AccessRecord, Journal, access_record
from bonkei.edge.http.exchange import Exchange
from bonkei.edge.http.firewall import Verdict
from bonkei.edge.http.message import Request, header

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


@given(st.lists(st.tuples(_ways, _looks, _listeners), min_size=1, max_size=30))
def test_a_known_head_changes_no_record(requests: list[Any]) -> None:
    known, ports = _request(), count(1)
    known.kinds = {}
    for way, verdicts, listener in requests:
        end = 2.0, listener, next(ports), 7
        found = access_record(_exchange(known, way, verdicts), *end)
        plain = access_record(_exchange(_request(), way, verdicts), *end)
        assert plain.kind is None
        assert found.kind is not None
        assert found._replace(kind=None) == plain


def test_one_way_is_one_kind() -> None:
    request = _request()
    request.kinds = {}
    way = {"status": 200, "rule": "arn:rule", "task_id": "task", "group_arn": "arn:a"}

    def record(sent: int, **more: Any) -> AccessRecord:
        exchange = _exchange(request, way | more | {"sent": sent}, [VERDICTS[0]])
        return access_record(exchange, 2.0, "listener", sent, sent)

    assert record(1).kind is record(2).kind
    assert record(1).kind is not record(1, status=404).kind
    for number in range(100):
        record(1, status=number)
    assert len(request.kinds) <= 16


def test_a_kind_has_nothing_of_another_way() -> None:
    """What one request has for itself (a redirect, a body) is not passed to the next one."""
    request = _request()
    request.kinds = {}
    end = 2.0, "listener", 1, 7
    way = {"status": 301, "rule": "arn:rule"}
    redirected = access_record(
        _exchange(request, way | {"redirect_url": b"https://a/", "received": 3}, []), *end
    )
    plain = access_record(_exchange(request, way, []), *end)
    assert (redirected.redirect_url, redirected.received_bytes) == ("https://a/", 3)
    assert (plain.redirect_url, plain.received_bytes) == ("", 0)
    for task in ("task-1", "task-2") * 3:
        record = access_record(_exchange(request, way | {"task_id": task}, []), *end)
        assert record.task_id == task
    assert len(request.kinds) == 3


def test_a_record_is_a_value() -> None:
    record = access_record(_exchange(_request(), {"status": 404, "sent": 9}, []), 2.0, "one", 4, 5)
    changed = record._replace(status=200, client_port=8)
    assert (changed.status, changed.client_port, changed.sent_bytes) == (200, 8, 9)
    assert changed != record
    assert changed._replace(status=404, client_port=4) == record
    assert isinstance(changed, AccessRecord)


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
