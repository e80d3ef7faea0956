"""After a changed health check, an apply waits for the results of running targets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service, ServiceTarget
from bonkei.miniature.rollout.diagnosis import Unhealthy
from bonkei.miniature.rollout.target_checks import TargetChecks
from bonkei.miniature.steps import Steps
from tests.bonkei.services.edge.definitions import balancer_only
from tests.bonkei.services.edge.support import Message, Running, serving


def checked(blueprint: Blueprint, **changes: Any) -> Blueprint:
    """Every target group has another health check, and a service is behind the first."""
    groups = tuple(
        replace(group, health_check=replace(group.health_check, **changes))
        for group in blueprint.target_groups
    )
    service = Service(
        "a", "arn:web", "web", "cluster", "definition:1", 1,
        targets=(ServiceTarget(groups[0].arn, "web", 8000),),
    )  # fmt: skip
    return replace(blueprint, target_groups=groups, services=(service,))


async def follow(
    edge: Running, before: Blueprint, after: Blueprint, lines: list[str] | None = None
) -> list[Unhealthy]:
    with TargetChecks(edge.bus, before, after) as checks:
        await edge.edge.apply(after)
        steps = Steps((lines if lines is not None else []).append)
        return await checks.judge(edge.edge.snapshot, steps)


async def not_found(message: Message, _reader: Any, writer: Any) -> None:
    status = "200 OK" if message.target == "/other" else "404 Not Found"
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())


async def test_a_wrong_path_is_reported_although_no_deployment_starts() -> None:
    right = checked(balancer_only())
    wrong = checked(right, path="/nowhere")
    async with serving(right, not_found) as (edge, _):
        lines: list[str] = []
        (failing,) = await follow(edge, right, wrong, lines)
        assert failing.name == "web"
        assert failing.reason == (
            "fails its new health check, GET /nowhere: Health checks failed with these codes: [404]"
        )
        assert "web: fails its new health check" in lines[0]  # as soon as it is known
        assert "✗ health checks" in lines[-1]
        assert edge.state("web") == "unhealthy"
        # The way back: healthy again after the required number of successes.
        assert await follow(edge, wrong, right) == []
        assert edge.state("web") == "healthy"


async def test_a_right_path_is_awaited_and_passes() -> None:
    before = checked(balancer_only())
    after = checked(before, path="/other")
    async with serving(before, not_found) as (edge, target):
        lines: list[str] = []
        assert await follow(edge, before, after, lines) == []
        assert "1 of 1 targets pass" in lines[-1]
        assert any(message.target == "/other" for message in target.requests)


async def test_a_target_that_a_deployment_replaces_does_not_count() -> None:
    right = checked(balancer_only())
    wrong = checked(right, path="/nowhere", interval=30.0)
    async with serving(right, not_found) as (edge, _):
        with TargetChecks(edge.bus, right, wrong) as checks:
            await edge.edge.apply(wrong)
            snapshot = edge.edge.snapshot()
            edge.deregister("web")
            assert await checks.judge(lambda: snapshot, Steps(lambda _: None)) == []


async def test_an_unchanged_check_is_not_awaited() -> None:
    same = checked(balancer_only())
    async with serving(same) as (edge, _):
        lines: list[str] = []
        assert await follow(edge, same, same, lines) == []
        assert lines == []
