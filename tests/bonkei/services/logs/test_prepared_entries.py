"""Prepared entries equal the entries that are written from nothing but one request."""

from __future__ import annotations

import tracemalloc
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from random import Random
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from requests_sample import (
    ACCOUNT,
    BALANCER,
    BLOCKED,
    BLOCKS,
    BY_DISTRIBUTION,
    DISTRIBUTION,
    NOW,
    Buckets,
    architecture,
)
from rows import row_of, rows_of

from bonkei.blueprint.logs.access_log import AccessLog
from bonkei.blueprint.logs.log_delivery import LogDelivery
from bonkei.services.edge import AccessRecord
from bonkei.services.edge.client.access import Kind, Row
from bonkei.services.edge.http.message import Header, header
from bonkei.services.logs.delivery.requests.load_balancer import connection_id
from bonkei.services.logs.delivery.requests.request import header as header_value
from bonkei.services.logs.delivery.requests.routes import Routes, find_routes
from bonkei.services.logs.delivery.requests.sorting import sort

COOKIES = AccessLog("cookies", DISTRIBUTION, "logs", cookies=True)
TASKS = {"task": "10.0.0.1:80", "other": "10.0.0.2:80"}
_texts = st.sampled_from(["", "-", 'a"b\\c', "%s {x} \t", "site.example:8080", "é%41"])
_HEADS = [
    BY_DISTRIBUTION.headers,
    (),
    (header(b"Cookie", b"a=1"), header(b"Cookie", b"b=\xe9 2"), header(b"Referer", b"")),
    (header(b"X-Forwarded-For", b"10.0.0.1"), header(b"X-Forwarded-For", b"10.0.0.2")),
]
_kinds = st.fixed_dictionaries(
    {
        "listener": st.sampled_from(["aws_cloudfront_distribution.site", "aws_lb_listener.web"]),
        "method": st.sampled_from(["GET", "HEAD"]),
        "host": _texts,
        "user_agent": _texts,
        "status": st.sampled_from([0, 200, 301, 404, 502]),
        "task_id": st.sampled_from(["", "task", "other", "unknown"]),
        "rule": st.sampled_from(["", "arn:rule"]),
        "target_group_arn": st.sampled_from(["", "arn:group"]),
        "cache_result": st.sampled_from(["", "Hit", "Miss", "Error"]),
        "blocked_by": st.sampled_from(["", "host", "no-header"]),
        "redirect_url": _texts,
        "inspections": st.sampled_from([(), BY_DISTRIBUTION.inspections, BLOCKED.inspections]),
    }
)
_own = st.fixed_dictionaries(
    {
        "client_port": st.integers(1, 65535),
        "target": st.sampled_from(["/", "/a?b=c", '/"%25{}?x=%20%s', "/é", "/a b\\"]),
        "headers": st.sampled_from(_HEADS),
        "received_bytes": st.integers(0, 2),
        "seconds": st.sampled_from([0.0, 0.001]) | st.floats(0, 90, allow_subnormal=False),
        "sent_bytes": st.sampled_from([0, 1]) | st.integers(0, 10**9),
        "trace_id": st.sampled_from(["", "Root=1-2-3", "Self=1-2-3;Root=1-0-0;x=%s"]),
        "edge_id": st.sampled_from(["", "id==", "other=="]),
        "connection": st.integers(0, 3),
        "retries": st.sampled_from(["", "1"]),
    }
)
_times = st.sampled_from([NOW, NOW + 1]) | st.floats(NOW, NOW + 90, allow_nan=False)
_finished = st.lists(st.tuples(_kinds, st.lists(st.tuples(_times, _own), max_size=4)), max_size=4)


def _iso(time: float) -> str:
    whole = int(time)
    second = f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}"
    return f"{second}.{int((time - whole) * 1e6):06d}Z"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\x5C").replace('"', "\\x22")


def _balancer_entry(time: float, access: AccessRecord) -> str:
    """An entry of the load balancer, field by field."""
    target = TASKS.get(access.task_id, "-")
    answers = access.status if target != "-" and access.status else "-"
    host = access.host.rpartition(":")[0] or access.host
    priority, kind = (7, "forward") if access.rule == "arn:rule" else (0, "")
    kind = kind or ("redirect" if access.redirect_url else "fixed-response")
    kind = "forward" if target != "-" else kind
    actions = f"waf,{kind}" if access.inspections else kind
    if access.blocked_by:
        priority, actions = -1, "waf"
    return " ".join(
        (
            "http", _iso(time), "app/web/50dc6c495c0c9188",
            f"{access.client}:{access.client_port}", target,
            f"0.000 {access.seconds:.3f} 0.000" if target != "-" else "-1 -1 -1",
            str(access.status or 460), str(answers),
            str(access.received_bytes), str(access.sent_bytes),
            f'"{access.method} http://{host}:80{_escaped(access.target)} HTTP/1.1"',
            f'"{_escaped(access.user_agent) or "-"}"', "- -", access.target_group_arn or "-",
            f'"{access.trace_id or "-"}"', '"-" "-"', str(priority), _iso(time - access.seconds),
            f'"{actions}"', f'"{_escaped(access.redirect_url) or "-"}"', '"-"',
            f'"{target}" "{answers}"', '"-" "-"', connection_id(access.connection), '"-" "-" "-"',
        )
    )  # fmt: skip


def _entries(routes: Routes, requests: list[tuple[float, Row]]) -> dict[str, list[Any]]:
    logged: dict[str, set[int]] = defaultdict(set)
    together = [(time, [row for _, row in group]) for time, group in groupby(requests, _time)]
    found = sort(routes, together, logged)
    return {**found.lines, **found.events}


def _time(finished: tuple[float, Any]) -> float:
    return finished[0]


def _of_kinds(finished: Any, order: Random) -> tuple[list[Any], list[Any]]:
    """The same requests in any order: those of a kind share it, and each has one of its own."""
    known: list[tuple[float, AccessRecord, Kind]] = []
    for common, each in finished:
        first = BY_DISTRIBUTION._replace(**common)
        kind = Kind(first)
        known += [(time, first._replace(**own), kind) for time, own in each]
    order.shuffle(known)
    shared = [(time, row_of(access, kind)) for time, access, kind in known]
    return shared, [(time, row_of(access, Kind(access))) for time, access, _ in known]


@given(_finished, st.randoms())
def test_known_kinds_change_no_entry(finished: Any, order: Random) -> None:
    """The logs of the load balancer (also of its connections), the distribution and the web ACL."""
    wanted = architecture(BLOCKS, connections=True)
    shared, own = _of_kinds(finished, order)
    expected = _entries(find_routes(wanted, ACCOUNT, TASKS), own)
    assert _entries(find_routes(wanted, ACCOUNT, TASKS), shared) == expected


@given(_finished, st.randoms())
def test_entries_of_the_load_balancer(finished: Any, order: Random) -> None:
    routes = find_routes(architecture(), ACCOUNT, TASKS)
    rows, _ = _of_kinds(finished, order)
    [log] = routes.of[BALANCER]
    records = [(time, row[0].record(row)) for time, row in rows]
    expected = [_balancer_entry(*each) for each in records if log in routes.way(each[1])]
    assert _entries(routes, rows).get(log.id, []) == expected


@given(_finished, st.randoms())
def test_entries_of_the_distribution(finished: Any, order: Random) -> None:
    """The legacy log is prepared; a v2 log with the same fields writes each request by itself."""
    source = f"arn:aws:logs:us-east-1:{ACCOUNT}:delivery-source:site"
    fields = tuple(find_routes(architecture(), ACCOUNT).of[DISTRIBUTION][0].head.split()[3:])
    delivery = LogDelivery(
        "delivery", source, DISTRIBUTION, "ACCESS_LOGS", "arn:aws:s3:::logs", "plain", fields, "\t"
    )
    wanted = replace(architecture(), log_deliveries=(delivery,))
    wanted = replace(
        wanted, access_logs=tuple(replace(x, cookies=True) for x in wanted.access_logs)
    )
    routes = find_routes(wanted, ACCOUNT, TASKS)
    rows, _ = _of_kinds(finished, order)
    legacy, delivered = routes.of[DISTRIBUTION]
    assert (legacy.line, delivered.prepare) == (None, None)
    found = _entries(routes, rows)
    assert found.get(legacy.id) == found.get(delivered.id)


@given(st.permutations([*_HEADS[0], *_HEADS[2], *_HEADS[3]]), st.integers(0, 9))
def test_fields_that_say_what_headers_said(headers: list[Header], number: int) -> None:
    """Values of repeated headers are joined; all are percent-encoded."""
    routes = find_routes(replace(architecture(), access_logs=(COOKIES,)), ACCOUNT, TASKS)
    given = headers[:number]
    [row] = rows_of(BY_DISTRIBUTION._replace(headers=given))
    [[line]] = _entries(routes, [(NOW, row)]).values()
    names = (b"referer", b"cookie", b"x-forwarded-for")
    expected = [quote(header_value(given, name), safe="/%:@!$&'()*+,;=~-._") for name in names]
    fields = line.split("\t")
    assert [fields[9], fields[12], fields[19]] == [text or "-" for text in expected]


def test_what_logs_remember_of_kinds_is_bounded() -> None:
    """Clients choose how long Host and User-Agent are."""
    routes = find_routes(architecture(), ACCOUNT, TASKS)
    tracemalloc.start()
    try:
        for number in range(500):
            text = f"{number:08000}"  # a space would have to be escaped
            [row] = rows_of(BY_DISTRIBUTION._replace(host=text, user_agent=text))
            assert _entries(routes, [(NOW, row)])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 3 << 20


def test_a_task_that_becomes_known_later() -> None:
    tasks: dict[str, str] = {}
    routes = find_routes(architecture(), ACCOUNT, tasks)
    [row] = rows_of(BY_DISTRIBUTION)
    [log] = routes.of[BALANCER]

    def target() -> str:
        [line] = _entries(routes, [(NOW, row)])[log.id]
        return str(line.split(" ")[4])

    assert target() == "-"
    tasks["task"] = "10.0.0.9:80"
    assert target() == "10.0.0.9:80"
    del tasks["task"]
    assert target() == "-"


async def test_no_entry_is_lost_in_bursts() -> None:
    """More requests than an object holds, and none of them twice."""
    buckets = Buckets()
    deliveries = buckets.deliveries(architecture())
    kind = Kind(BY_DISTRIBUTION)
    number, each = 120_000, 32
    for begin in range(0, number, each):
        deliveries.seen_together(
            [row_of(BY_DISTRIBUTION._replace(sent_bytes=begin + at), kind) for at in range(each)]
        )
    await deliveries.stop()
    objects = [key for key in buckets.objects if "_elasticloadbalancing_" in key]
    lines = [buckets.lines(key) for key in objects]
    assert max(len(found) for found in lines) <= 50_000
    sizes = [int(line.split(" ")[11]) for found in lines for line in found]
    assert sorted(sizes) == list(range(number))
    assert deliveries.lost == 0
