"""Targets are registered, checked, and deregistered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from bonkei.base.events import Endpoint, TargetDrained, TargetRegistered
from bonkei.blueprint.elbv2 import FixedResponse
from tests.bonkei.services.edge.definitions import (
    balancer_only,
    forward,
    load_balancer,
    target_group,
)
from tests.bonkei.services.edge.support import Message, Reply, Running, Target, ok, running, serving


def held(gate: asyncio.Event) -> Reply:
    """Answers /held when the gate opens, and everything else at once."""

    async def reply(message: Message, reader: Any, writer: Any) -> None:
        if message.target == "/held":
            await gate.wait()
        await ok()(message, reader, writer)

    return reply


def drained(edge: Running) -> list[str]:
    return [event.task_id for event in edge.events if isinstance(event, TargetDrained)]


async def test_a_target_is_initial_then_healthy_then_unhealthy_then_healthy() -> None:
    async with serving(balancer_only()) as (edge, target):
        assert edge.health_events() == [("task-1", "initial"), ("task-1", "healthy")]
        target.healthy = False
        await edge.until(lambda: edge.state("web") == "unhealthy")
        state = edge.edge.snapshot().target_groups[0].targets[0]
        assert state.reason == "Target.ResponseCodeMismatch"
        target.healthy = True
        await edge.until(lambda: edge.state("web") == "healthy")


async def test_an_unhealthy_target_gets_no_requests_while_another_is_healthy() -> None:
    async with running(balancer_only()) as edge, Target() as good, Target() as bad:
        await edge.join("web", good, "good")
        await edge.join("web", bad, "bad")
        bad.healthy = False
        await edge.until(lambda: edge.state("web", "bad") == "unhealthy")
        for _ in range(6):
            await edge.get("/")
        assert (len(good.requests), len(bad.requests)) == (6, 0)


async def test_without_a_healthy_target_all_targets_are_used() -> None:
    """ "If a target group contains only unhealthy registered targets, the load balancer routes
    requests to all those targets, regardless of their health status" (Health checks for
    Application Load Balancer target groups)."""
    async with running(balancer_only()) as edge, Target() as a, Target() as b:
        for name, target in (("a", a), ("b", b)):
            await edge.join("web", target, name)
            target.healthy = False
        await edge.until(lambda: {edge.state("web", n) for n in "ab"} == {"unhealthy"})
        for _ in range(4):
            assert (await edge.get("/")).status == 200
        assert (len(a.requests), len(b.requests)) == (2, 2)


async def test_a_starting_target_gets_no_requests_yet() -> None:
    group = target_group("web")
    # While it starts, its failures count once an interval.
    group = replace(group, health_check=replace(group.health_check, interval=600.0))
    blueprint = balancer_only(target_groups=(group,))
    async with running(blueprint) as edge, Target() as target:
        target.healthy = False
        edge.register("web", target)
        assert edge.state("web") == "initial"
        assert (await edge.get("/")).status == 503
        target.healthy = True
        await edge.until(lambda: edge.state("web") == "healthy")
        assert (await edge.get("/")).status == 200


async def test_a_silent_target_is_timed_out() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    group = target_group("web")
    group = replace(group, health_check=replace(group.health_check, timeout=0.2))
    async with (
        running(balancer_only(target_groups=(group,))) as edge,
        await asyncio.start_server(never, "127.0.0.1", 0) as server,
    ):
        port = server.sockets[0].getsockname()[1]
        edge.bus.publish(TargetRegistered("arn:tg/web", "task-1", Endpoint("127.0.0.1", port)))
        await edge.until(lambda: edge.state("web") == "unhealthy")
        state = edge.edge.snapshot().target_groups[0].targets[0]
        assert state.reason == "Target.Timeout"


async def test_a_check_answered_in_another_protocol_has_failed() -> None:
    """And the next check follows."""

    class Odd(Target):
        async def _serve(self, reader: Any, writer: Any) -> None:
            await reader.readuntil(b"\r\n\r\n")
            self.checks += 1
            status = b"200 OK" if self.checks > 1 else b"101 Switching Protocols"
            writer.write(b"HTTP/1.1 %b\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" % status)
            writer.close()

    async with running(balancer_only()) as edge, Odd() as target:
        await edge.join("web", target)
        assert target.checks == 2


async def test_a_group_that_no_listener_uses_is_not_checked() -> None:
    """ "unused: the target group is not used in a listener rule" (Target health status)."""
    blueprint = balancer_only(target_groups=(target_group("web"), target_group("other")))
    async with running(blueprint) as edge, Target() as target:
        edge.register("other", target)
        assert edge.state("other") == "unused"
        await asyncio.sleep(0.1)
        assert target.checks == 0
        used = replace(blueprint, load_balancers=(load_balancer(default=forward("other")),))
        await edge.edge.apply(used)
        await edge.until(lambda: edge.state("other") == "healthy")
        unused = replace(blueprint, load_balancers=(load_balancer(default=FixedResponse(200)),))
        await edge.edge.apply(unused)
        assert edge.state("other") == "unused"


async def test_a_target_may_register_before_its_group_is_known() -> None:
    async with (
        running(balancer_only(load_balancers=(), target_groups=())) as edge,
        Target() as target,
    ):
        edge.register("web", target)
        await edge.edge.apply(balancer_only())
        await edge.until(lambda: edge.state("web") == "healthy")
        assert (await edge.get("/")).status == 200


async def test_an_idle_target_is_drained_at_once() -> None:
    """ "If a deregistering target has no in-flight requests and no active connections, Elastic Load
    Balancing immediately completes the deregistration process" (Deregistration delay)."""
    groups = (target_group("web", deregistration_delay=600.0),)
    async with serving(balancer_only(target_groups=groups)) as (edge, _):
        await edge.get("/")
        edge.deregister("web")
        assert edge.health_events()[-1] == ("task-1", "draining")
        assert drained(edge) == []  # never inside the publisher's own call
        await edge.until(lambda: drained(edge) == ["task-1"])
        assert edge.state("web") is None


async def test_requests_in_flight_end_before_a_target_is_drained() -> None:
    gate = asyncio.Event()
    async with running(balancer_only()) as edge, Target(held(gate)) as old, Target() as new:
        await edge.join("web", old, "old")
        slow = asyncio.create_task(edge.get("/held"))
        await edge.until(lambda: len(old.requests) == 1)
        edge.deregister("web", "old")
        await edge.join("web", new, "new")
        assert edge.state("web", "old") == "draining"
        for _ in range(3):
            assert (await edge.get("/")).status == 200
        assert (len(old.requests), len(new.requests), drained(edge)) == (1, 3, [])
        gate.set()
        assert (await slow).status == 200
        await edge.until(lambda: drained(edge) == ["old"])


async def test_the_deregistration_delay_bounds_draining() -> None:
    """ "HTTP 502: … The deregistration delay period elapsed for a request being handled by a target
    that was deregistered" (Troubleshoot your Application Load Balancers)."""
    groups = (target_group("web", deregistration_delay=0.1),)
    never = held(asyncio.Event())
    async with serving(balancer_only(target_groups=groups), never) as (edge, target):
        slow = asyncio.create_task(edge.get("/held"))
        await edge.until(lambda: len(target.requests) == 1)
        edge.deregister("web")
        await edge.until(lambda: drained(edge) == ["task-1"])
        assert (await slow).status == 502


async def test_a_task_that_registers_again_is_not_drained() -> None:
    async with serving(balancer_only()) as (edge, target):
        edge.deregister("web")
        edge.register("web", target)
        await edge.until(lambda: edge.state("web") == "healthy")
        await asyncio.sleep(0.05)
        assert drained(edge) == []


async def test_thousands_of_requests_while_targets_and_rules_change() -> None:
    """No request is lost. Each deploy registers, waits for health, deregisters, waits for
    drained, and only then ends the task. The rules are swapped meanwhile.
    """
    results: dict[int, int] = {}
    running_clients = True
    blueprint = balancer_only()

    async with running(blueprint) as edge:

        async def client() -> None:
            while running_clients:
                async with edge.client() as connection:
                    for _ in range(50):
                        body = b"x" * 10 if len(results) % 2 else None
                        answer = await connection.request(
                            "/a", method="POST" if body else "GET", body=body
                        )
                        results[answer.status] = results.get(answer.status, 0) + 1

        first = await Target().__aenter__()
        await edge.join("web", first, "0")
        clients = [asyncio.create_task(client()) for _ in range(8)]
        current = first
        for deploy in range(1, 13):
            following = await Target().__aenter__()
            await edge.join("web", following, str(deploy))
            changed = replace(load_balancer(), idle_timeout=20.0 + deploy)
            await edge.edge.apply(replace(blueprint, load_balancers=(changed,)))
            edge.deregister("web", str(deploy - 1))
            await edge.until(lambda d=deploy: str(d - 1) in drained(edge))  # type: ignore[misc]
            await current.__aexit__()
            current = following
        await edge.until(lambda: sum(results.values()) > 2000)
        running_clients = False
        await asyncio.gather(*clients)
        await current.__aexit__()
    assert set(results) == {200}
