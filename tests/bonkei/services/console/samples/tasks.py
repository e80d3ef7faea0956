"""Two services as a miniature has them: one healthy, one whose new deployment fails."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path

from bonkei.base.events import (
    Bus,
    DeploymentStateChanged,
    DesiredCountChanged,
    TargetChecked,
    TargetHealthChanged,
    TaskStateChanged,
)
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import AutoScaling, Container, Service, TargetTracking, TaskDefinition
from bonkei.blueprint.elbv2 import TargetGroup, TargetHealthCheck
from bonkei.miniature.console.tasks import TaskDeeds, TaskSources, offer_tasks
from bonkei.miniature.parts.ecs.timeline import Timeline
from bonkei.miniature.parts.ecs.usage import Usage
from bonkei.services.console import Console
from bonkei.services.ecs.snapshot import (
    ContainerSnapshot,
    DeploymentSnapshot,
    Note,
    ServiceSnapshot,
    TaskSnapshot,
    TasksSnapshot,
)
from tests.bonkei.services.console.samples.world import MARKUP, Done

MIB = 1024 * 1024


def _definition(name: str, revision: int) -> TaskDefinition:
    arn = f"arn:aws:ecs:ap-northeast-1:123456789012:task-definition/statuspage-{name}:{revision}"
    containers = (Container(name, f"{name}:1"), Container("log_router", "fluent-bit:5"))
    return TaskDefinition(
        f"module.{name}_task.aws_ecs_task_definition.this", arn, f"statuspage-{name}", revision,
        512, 1024, containers,
    )  # fmt: skip


DEFINITIONS = (_definition("backend", 4), _definition("frontend", 3))
GROUP = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/statuspage-backend/1"


def _service(name: str, definition: TaskDefinition) -> Service:
    arn = f"arn:aws:ecs:ap-northeast-1:123456789012:service/statuspage/statuspage-{name}"
    policies = (TargetTracking("ECSServiceAverageCPUUtilization", 60.0),)
    return Service(
        f"module.{name}_service.aws_ecs_service.this", arn, f"statuspage-{name}", "cluster",
        definition.arn, 2, scaling=AutoScaling(2, 6, policies),
    )  # fmt: skip


SERVICES = (_service("backend", DEFINITIONS[0]), _service("frontend", DEFINITIONS[1]))
FAILED = "Essential container in task exited: backend exit code 3"


def _task(number: int, service: Service, health: str = "HEALTHY") -> TaskSnapshot:
    name = service.name.removeprefix("statuspage-")
    task_id = f"{number:x}a7f3c05e9b".ljust(32, "4")
    definition = next(d for d in DEFINITIONS if d.arn == service.task_definition_arn)
    return TaskSnapshot(
        task_id, f"service:{service.name}", f"{definition.family}:{definition.revision}", "RUNNING",
        health, "", f"127.0.0.1:{40000 + number}", ((name, 4000 + number), ("log_router", 4100)),
        time.time() - 3600 * number, 3.4 * number, (60 + 11 * number) * MIB,
        (ContainerSnapshot(name, "RUNNING", None, "", health),
         ContainerSnapshot("log_router", "RUNNING", None, "", "UNKNOWN")),
        time.time() - 3600 * number - 2,
    )  # fmt: skip


def snapshot() -> TasksSnapshot:
    tasks = (
        _task(1, SERVICES[0]),
        replace(_task(2, SERVICES[0], "UNHEALTHY"), reason=MARKUP),
        _task(3, SERVICES[1]),
        _task(4, SERVICES[1]),
    )
    fine = DeploymentSnapshot("d1", "PRIMARY", "statuspage-frontend:3", "COMPLETED", 2, 0, 0)
    new = DeploymentSnapshot(
        "d3", "PRIMARY", "statuspage-backend:4", "IN_PROGRESS", 1, 1, 2, FAILED
    )
    old = DeploymentSnapshot("d2", "ACTIVE", "statuspage-backend:3", "COMPLETED", 2, 0, 0)
    ended = replace(
        _task(9, SERVICES[0]),
        last_status="STOPPED",
        reason=FAILED,
        stopped_at=time.time() - 40,
        containers=(ContainerSnapshot("backend", "STOPPED", 3, "", "UNKNOWN"),),
    )
    scheduled = replace(
        ended,
        id="5" * 32,
        group="family:report",
        task_definition="report:1",
        started_by="events-rule/nightly",
        failed=True,
    )
    services = (
        ServiceSnapshot(SERVICES[0].arn, SERVICES[0].name, 2, 2, 1, 1, (new, old)),
        ServiceSnapshot(SERVICES[1].arn, SERVICES[1].name, 2, 2, 0, 2, (fine,)),
    )
    note = Note("statuspage-backend", "the image has curl, which is not on this machine")
    return TasksSnapshot(services, tasks, (ended, scheduled), (note,))


def _past(usage: Usage, tasks: TasksSnapshot, now: float) -> None:
    """Ten minutes of work that comes and goes."""
    for second in range(600):
        at = now - 600 + second
        wave = 1 + 0.7 * math.sin(second / 17)
        moved = tuple(
            replace(t, cpu_percent=t.cpu_percent * wave, memory=int(t.memory * (1 + wave / 9)))
            for t in tasks.tasks
        )
        usage.note(replace(tasks, tasks=moved), at)


def _events(bus: Bus, tasks: TasksSnapshot) -> None:
    definition = DEFINITIONS[0].arn
    arn = SERVICES[0].arn
    bus.publish(DeploymentStateChanged(arn, definition, "IN_PROGRESS"))
    bus.publish(DesiredCountChanged(arn, 2, "ECSServiceAverageCPUUtilization 71 % of 60 %"))
    for task in tasks.tasks[:2]:
        bus.publish(TaskStateChanged(arn, task.id, "RUNNING", "HEALTHY"))
        bus.publish(TargetHealthChanged(GROUP, task.id, "healthy"))
        for number in range(8):
            passed = task.health == "HEALTHY" or number < 5
            state = "healthy" if passed else "unhealthy"
            detail = "" if passed else "Health checks failed with these codes: [500]"
            bus.publish(TargetChecked(GROUP, task.id, passed, state, detail))
    bus.publish(TaskStateChanged(arn, "9" * 32, "STOPPED", "UNHEALTHY", FAILED))
    bus.publish(DeploymentStateChanged(arn, definition, "FAILED", MARKUP))


def blueprint() -> Blueprint:
    group = TargetGroup(
        "aws_lb_target_group.backend",
        GROUP,
        "statuspage-backend",
        8000,
        "HTTP",
        TargetHealthCheck(),
    )
    return Blueprint(services=SERVICES, task_definitions=DEFINITIONS, target_groups=(group,))


def offer(console: Console, done: Done, _home: Path) -> None:
    bus, now = Bus(), snapshot()
    timeline, usage = Timeline(bus), Usage()
    _events(bus, now)
    _past(usage, now, time.time())

    async def restart(arn: str) -> None:
        done.append(("restart", arn))

    async def scale(arn: str, count: int) -> None:
        done.append(("scale", arn, count))

    sources = TaskSources(blueprint, lambda: now, usage, timeline)
    deeds = TaskDeeds(lambda task: done.append(("stop", task)), restart, scale)
    offer_tasks(console, sources, deeds)
