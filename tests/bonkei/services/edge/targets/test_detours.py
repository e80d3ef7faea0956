"""Requests and health checks for a target are led elsewhere, and come back."""

from __future__ import annotations

import asyncio
from typing import Any

from bonkei.base.events import Endpoint, TargetDeregistered, TargetDrained, TargetRegistered
from bonkei.services.edge import Detour, TargetKey
from bonkei.services.faults.ways.detour import Refusal
from tests.bonkei.services.edge.definitions import balancer_only
from tests.bonkei.services.edge.support import Message, Target, ok, running, serving

WEB = TargetKey("arn:tg/web", "", "task-1")


async def test_requests_and_checks_take_the_detour_and_come_back() -> None:
    async with serving(balancer_only()) as (edge, target), Target(ok(b"elsewhere")) as other:
        assert edge.edge.targets() == {WEB: target.endpoint}
        assert (await edge.get("/")).body == b"ok"  # an idle connection is kept
        edge.edge.detour({WEB: Detour(other.endpoint)})
        assert (await edge.get("/")).body == b"elsewhere"
        await edge.until(lambda: other.checks > 0)
        shown = edge.edge.snapshot().target_groups[0].targets[0]
        assert (shown.host, shown.port) == (target.endpoint.host, target.endpoint.port)
        assert edge.edge.targets() == {WEB: target.endpoint}
        edge.edge.detour({})
        assert (await edge.get("/")).body == b"ok"


async def test_a_request_in_flight_keeps_its_way_and_its_connection_is_not_kept() -> None:
    async def slowly(message: Message, reader: Any, writer: Any) -> None:
        await gate.wait()
        await ok(b"slow")(message, reader, writer)

    gate, elsewhere = asyncio.Event(), Target(ok(b"elsewhere"))
    async with serving(balancer_only(), slowly) as (edge, target), elsewhere as other:
        asked = asyncio.create_task(edge.get("/slow"))
        await edge.until(lambda: len(target.requests) == 1)
        edge.edge.detour({WEB: Detour(other.endpoint)})
        gate.set()
        assert (await asked).body == b"slow"
        assert (await edge.get("/")).body == b"elsewhere"


async def test_a_detour_that_cuts_gives_up_what_is_in_flight() -> None:
    async def never(message: Message, reader: Any, writer: Any) -> None:
        await asyncio.sleep(600)

    refusal = Refusal()
    async with serving(balancer_only(), never) as (edge, target):
        asked = asyncio.create_task(edge.get("/"))
        await edge.until(lambda: len(target.requests) == 1)
        edge.edge.detour({WEB: Detour(Endpoint("127.0.0.1", refusal.port), cuts=True)})
        assert (await asyncio.wait_for(asked, 60)).status == 502
        await edge.until(lambda: edge.state("web") == "unhealthy")
    refusal.close()


async def test_a_target_that_registers_again_takes_the_detour() -> None:
    async with running(balancer_only()) as edge, Target() as own, Target(ok(b"else")) as other:
        edge.edge.detour({WEB: Detour(other.endpoint)})
        await edge.join("web", own, "task-1")
        assert (await edge.get("/")).body == b"else"
        edge.bus.publish(TargetRegistered("arn:tg/web", "task-2", own.endpoint))
        assert edge.edge.targets()[TargetKey("arn:tg/web", "", "task-2")] == own.endpoint


async def test_draining_under_a_detour_ends() -> None:
    async with serving(balancer_only()) as (edge, _), Target() as other:
        edge.edge.detour({WEB: Detour(other.endpoint)})
        edge.bus.publish(TargetDeregistered("arn:tg/web", "task-1"))
        await edge.until(lambda: any(isinstance(one, TargetDrained) for one in edge.events))
        edge.edge.detour({})
