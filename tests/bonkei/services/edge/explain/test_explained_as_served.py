"""What is explained is what the edge does: compared for generated requests, odd ones too."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
import uvloop
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rows import keeping

from bonkei.services.edge import AccessRecord
from bonkei.services.edge.explain import Explanation
from tests.bonkei.services.edge.explain.everything import everything, requests
from tests.bonkei.services.edge.support import Running, Target, ok, running

Sent = tuple[bytes, bytes]


async def _record(
    edge: Running, kind: str, request: Sent, records: asyncio.Queue[AccessRecord]
) -> AccessRecord:
    """Send it on a connection of its own, and wait for its record."""
    async with edge.client(kind) as client:
        client.send(b"".join(request))
        return await asyncio.wait_for(records.get(), 60)


def _differences(told: Explanation, record: AccessRecord) -> list[str]:
    """What the record has, and the explanation did not say."""
    expected = told.expected
    compared = [
        ("status", expected.status or record.status, record.status),
        ("blocked by", expected.blocked_by, record.blocked_by),
        ("rule", expected.rule, record.rule),
        ("verdicts", expected.verdicts, tuple(each for each, _ in record.inspections)),
        ("redirect", expected.redirect_url, record.redirect_url),
    ]
    if expected.by == "cache":
        compared.append(("cache", expected.cache_result, record.cache_result))
    elif record.cache_result == "Hit":
        compared.append(("cache", "no hit", record.cache_result))
    if not expected.is_chance:
        compared.append(("group", expected.target_group_arn, record.target_group_arn))
        first = expected.targets[0] if expected.targets else ""
        compared.append(("target", first, record.task_id))
    if record.task_id and expected.targets and record.task_id not in expected.targets:
        compared.append(("targets", str(expected.targets), record.task_id))
    return [f"{what}: explained {a!r}, was {b!r}" for what, a, b in compared if a != b]


async def _compare(kind: str, sent: list[Sent], takes: Counter[str]) -> None:
    records: asyncio.Queue[AccessRecord] = asyncio.Queue()

    def keep(finished: Sequence[AccessRecord]) -> None:
        for record in finished:
            records.put_nowait(record)

    reply = ok(b"0123456789" * 30, ("Cache-Control", "max-age=60"), ("ETag", '"1"'),
               ("Content-Type", "text/plain"))  # fmt: skip
    hosts = ("site.example", "api.example")
    async with (
        running(everything(), hosts=hosts, on_access=keeping(keep)) as edge,
        Target(reply) as web, Target(reply) as one, Target(reply) as two, Target(reply) as sick,
    ):  # fmt: skip
        sick.healthy = False
        edge.register("sick", sick, "sick-1")
        await asyncio.gather(
            edge.join("web", web, "web-1"),
            edge.join("api", one, "api-1"),
            edge.join("api", two, "api-2"),
            edge.until(lambda: edge.state("sick", "sick-1") == "unhealthy"),
        )
        for head, body in sent:
            before = edge.edge.snapshot()
            told = edge.edge.explain(edge.port(kind), head, body)
            assert edge.edge.snapshot() == before  # nothing is counted, cached or sent
            record = await _record(edge, kind, (head, body), records)
            assert _differences(told, record) == [], (head, told)
            expected = told.expected
            takes[f"{expected.by} {expected.replaces or expected.status}"] += 1


@pytest.mark.parametrize("kind", ["distribution", "load_balancer"])
def test_what_is_explained_is_what_happens(kind: str) -> None:
    """Six edges, 60 to 90 requests to each of them: the cache and the rates fill up."""
    takes: Counter[str] = Counter()

    @settings(
        max_examples=6, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    @given(st.lists(requests, min_size=60, max_size=90))
    def compare(sent: list[Sent]) -> None:
        uvloop.run(_compare(kind, sent, takes))

    compare()
    print(takes)
    assert sum(takes.values()) >= 360
    seen = {"parser 400", "target 0", "web_acl 403"}
    if kind == "distribution":
        seen |= {"cache 200", "cloudfront 403", "load_balancer 410"}
    assert seen <= takes.keys()
