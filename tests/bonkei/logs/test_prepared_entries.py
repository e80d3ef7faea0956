"""Prepared entries equal the entries that are written from nothing but one request."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

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

from bonkei.blueprint.log_delivery import LogDelivery
from bonkei.edge import AccessRecord
from bonkei.logs.delivery.requests.load_balancer import connection_id
from bonkei.logs.delivery.requests.request import Finished
from bonkei.logs.delivery.requests.routes import Routes, find_routes, sort

TASKS = {"task": "10.0.0.1:80", "other": "10.0.0.2:80"}
_texts = st.sampled_from(["", "-", 'a"b\\c', "%s {x} \t", "site.example:8080", "é%41"])
_kinds = st.fixed_dictionaries(
    {
        "listener": st.sampled_from(["aws_cloudfront_distribution.site", "aws_lb_listener.web"]),
        "method": st.sampled_from(["GET", "HEAD"]),
        "target": st.sampled_from(["/", "/a?b=c", '/"%25{}?x=%20%s', "/é"]),
        "host": _texts,
        "user_agent": _texts,
        "status": st.sampled_from([0, 200, 301, 404, 502]),
        "received_bytes": st.integers(0, 9),
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
        "seconds": st.floats(0, 90, allow_subnormal=False),
        "sent_bytes": st.integers(0, 10**9),
        "trace_id": st.sampled_from(["", "Root=1-2-3", "Self=1-2-3;Root=1-0-0;x=%s"]),
        "edge_id": st.sampled_from(["", "id==", "other=="]),
        "connection": st.integers(0, 3),
        "retries": st.sampled_from(["", "1"]),
    }
)
_times = st.floats(NOW, NOW + 90, allow_nan=False)
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


def _entries(routes: Routes, requests: list[tuple[float, AccessRecord]]) -> dict[str, list[Any]]:
    logged: dict[str, set[int]] = defaultdict(set)
    together = [
        (time, [access for _, access in group]) for time, group in groupby(requests, itemgetter(0))
    ]
    found = sort(routes, together, logged)
    return {**found.lines, **found.events}


def _of_kinds(finished: Any) -> tuple[list[Any], list[Any]]:
    """The same requests, with and without their kinds."""
    known: list[tuple[float, AccessRecord]] = []
    for common, each in finished:
        kind: Any = object()
        first = BY_DISTRIBUTION._replace(**common, kind=kind)
        known += [(time, first._replace(**own)) for time, own in each]
    return known, [(time, access._replace(kind=None)) for time, access in known]


@given(_finished)
def test_known_kinds_change_no_entry(finished: Any) -> None:
    """The logs of the load balancer (also of its connections), the distribution and the web ACL."""
    wanted = architecture(BLOCKS, connections=True)
    known, plain = _of_kinds(finished)
    expected = _entries(find_routes(wanted, ACCOUNT, TASKS), plain)
    assert _entries(find_routes(wanted, ACCOUNT, TASKS), known) == expected


@given(_finished)
def test_entries_of_the_load_balancer(finished: Any) -> None:
    routes = find_routes(architecture(), ACCOUNT, TASKS)
    known, _ = _of_kinds(finished)
    [log] = routes.of[BALANCER]
    expected = [_balancer_entry(*each) for each in known if log in routes.way(each[1])]
    assert _entries(routes, known).get(log.id, []) == expected


@given(_finished)
def test_entries_of_the_distribution(finished: Any) -> None:
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
    known, _ = _of_kinds(finished)
    legacy, delivered = routes.of[DISTRIBUTION]
    assert delivered.prepare is None
    found = _entries(routes, known)
    assert found.get(legacy.id) == found.get(delivered.id)
    by_itself = [delivered.line(Finished(*each)) for each in known if legacy in routes.way(each[1])]
    assert found.get(legacy.id, []) == by_itself


def test_a_task_that_becomes_known_later() -> None:
    tasks: dict[str, str] = {}
    routes = find_routes(architecture(), ACCOUNT, tasks)
    kind: Any = object()
    access = BY_DISTRIBUTION._replace(kind=kind)
    [log] = routes.of[BALANCER]

    def target() -> str:
        [line] = _entries(routes, [(NOW, access)])[log.id]
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
    kind: Any = object()
    number, each = 120_000, 32
    for begin in range(0, number, each):
        deliveries.seen_together(
            [BY_DISTRIBUTION._replace(kind=kind, sent_bytes=begin + at) for at in range(each)]
        )
    await deliveries.stop()
    objects = [key for key in buckets.objects if "_elasticloadbalancing_" in key]
    lines = [buckets.lines(key) for key in objects]
    assert max(len(found) for found in lines) <= 50_000
    sizes = [int(line.split(" ")[11]) for found in lines for line in found]
    assert sorted(sizes) == list(range(number))
    assert deliveries.lost == 0
