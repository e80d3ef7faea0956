"""A deployment, and what goes wrong with tasks, in the words of ECS."""

from __future__ import annotations

from bonkei.base.events import (
    Bus,
    DeploymentStateChanged,
    Endpoint,
    Event,
    TargetHealthChanged,
    TargetRegistered,
    TaskStateChanged,
)
from bonkei.miniature.parts.ecs.service_events import service_events
from bonkei.miniature.parts.ecs.timeline import Timeline
from bonkei.miniature.rollout.watch import INTENDED
from bonkei.services.ecs.api.values import EcsService

WEB, OTHER = "arn:service/shop/web", "arn:service/shop/other"
GROUP, DEFINITION = "arn:targetgroup/web", "arn:task-definition/web:3"
SERVICE = EcsService(
    WEB, "web", "arn:cluster", DEFINITION, 1, 1, 0, (), ((GROUP, "web", 8000),),
)  # fmt: skip


def said(*events: Event) -> list[str]:
    """Oldest first."""
    bus = Bus()
    timeline = Timeline(bus, clock=lambda: 7.5)
    for event in events:
        bus.publish(event)
    found = service_events(SERVICE, timeline.entries())
    assert {one.created_at for one in found} <= {7.5}
    assert len({one.id for one in found}) == len(found)
    assert found == service_events(SERVICE, timeline.entries())  # ids stay
    return [one.message.removeprefix("(service web) ") for one in reversed(found)]


def task(name: str, status: str, reason: str = "", service: str = WEB) -> TaskStateChanged:
    return TaskStateChanged(service, name, status, "UNKNOWN", reason)


def test_a_deployment() -> None:
    assert said(
        DeploymentStateChanged(WEB, DEFINITION, "IN_PROGRESS"),
        task("new", "PROVISIONING"),
        task("new", "PENDING"),
        task("new", "RUNNING"),
        TargetRegistered(GROUP, "new", Endpoint("127.0.0.1", 1)),
        TargetHealthChanged(GROUP, "new", "initial"),
        TargetHealthChanged(GROUP, "new", "healthy"),
        TargetHealthChanged(GROUP, "old", "draining"),
        task("old", "DEACTIVATING", f"{INTENDED} initiated by (deployment ecs-svc/1)"),
        task("old", "STOPPED", f"{INTENDED} initiated by (deployment ecs-svc/1)"),
        DeploymentStateChanged(WEB, DEFINITION, "COMPLETED", deployment_id="ecs-svc/1"),
    ) == [
        "has started 1 tasks: (task new).",
        f"registered 1 targets in (target-group {GROUP})",
        f"deregistered 1 targets in (target-group {GROUP})",
        "has begun draining connections on 1 tasks.",
        "has stopped 1 running tasks: (task old).",
        "(deployment ecs-svc/1) deployment completed.",
        "has reached a steady state.",
    ]


def test_what_goes_wrong() -> None:
    assert said(
        task("bad", "PROVISIONING"),
        TargetHealthChanged(GROUP, "bad", "unhealthy", "Health checks failed"),
        TaskStateChanged(WEB, "bad", "RUNNING", "UNHEALTHY"),
        task("bad", "STOPPED", "Essential container in task exited"),
        DeploymentStateChanged(WEB, "arn:other", "FAILED", "tasks failed to start.", "ecs-svc/2"),
    ) == [
        "has started 1 tasks: (task bad).",
        f"(port 8000) is unhealthy in (target-group {GROUP}) due to (reason Health checks failed).",
        "(task bad) failed container health checks.",
        "(deployment ecs-svc/2) deployment failed: tasks failed to start.",
    ]


def test_nothing_of_other_services() -> None:
    assert (
        said(
            task("theirs", "PROVISIONING", service=OTHER),
            TargetHealthChanged(GROUP, "theirs", "initial"),
            DeploymentStateChanged(OTHER, DEFINITION, "COMPLETED"),
            task("alone", "PROVISIONING", service=""),
            TargetHealthChanged(GROUP, "alone", "initial"),
        )
        == []
    )
