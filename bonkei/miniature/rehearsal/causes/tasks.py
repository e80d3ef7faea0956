"""A service's real tasks: suspended, killed, slow, more of them, one that cannot start."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import psutil

from bonkei.base.aws_service import Aws
from bonkei.base.background import Background
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.miniature.rehearsal.causes.aws import call
from bonkei.miniature.rehearsal.causes.base import Quiet
from bonkei.miniature.rehearsal.values import RehearsalError
from bonkei.services.ecs import Tasks

Ask = Callable[[], Awaitable[None]]


class Targets:
    """The processes of the containers that receive requests from a load balancer."""

    def __init__(self, service: Service, tasks: Callable[[], Tasks]) -> None:
        self._group = f"service:{service.name}"
        self._containers = {target.container_name for target in service.targets}
        self._tasks = tasks

    def signal(self, number: int) -> int:
        """Send a signal to all of them and their children. Returns the number of tasks."""
        count = 0
        for root in self._roots():
            count += 1
            with suppress(psutil.Error):
                for process in (*root.children(recursive=True), root):
                    with suppress(psutil.Error, ProcessLookupError):
                        os.kill(process.pid, number)
        return count

    def _roots(self) -> Iterator[psutil.Process]:
        for task in self._tasks().snapshot().tasks:
            if task.group != self._group or task.last_status not in ("RUNNING", "ACTIVATING"):
                continue
            for container, pid in task.pids:
                if container in self._containers or not self._containers:
                    with suppress(psutil.Error):
                        yield psutil.Process(pid)


class Suspended(Quiet):
    """Suspended tasks answer no request, not even health checks. At the end they are killed, and
    ECS replaces them. A resumed task would be unhealthy until it has passed enough checks."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._is_over = True

    async def begin(self) -> None:
        self._is_over = False

    async def push(self) -> None:
        """This includes the tasks that ECS has started in their place."""
        if not self._is_over:
            self._targets.signal(signal.SIGSTOP)

    async def end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._targets.signal(signal.SIGKILL)


class Killed(Quiet):
    """SIGKILL, and requests without an answer until ECS has replaced the tasks."""

    def __init__(self, targets: Targets, ask: Ask) -> None:
        self._targets = targets
        self._ask = ask

    async def push(self) -> None:
        self._targets.signal(signal.SIGKILL)
        await self._ask()


class Slow(Quiet):
    """Suspends the tasks again and again for some seconds, while requests wait."""

    def __init__(self, targets: Targets, seconds: float, ask: Ask) -> None:
        self._targets = targets
        self._seconds = seconds
        self._ask = ask
        self._job = Background()

    async def begin(self) -> None:
        self._job.start(self._run())

    async def _run(self) -> None:
        try:
            while True:
                self._targets.signal(signal.SIGSTOP)
                asked = asyncio.ensure_future(self._ask())
                try:
                    await asyncio.sleep(self._seconds)
                finally:
                    self._targets.signal(signal.SIGCONT)
                await asked
        finally:
            self._targets.signal(signal.SIGCONT)

    async def end(self) -> None:
        await self._job.stop()


class MoreTasks(Quiet):
    """The service's desired count, set as by `ecs update-service`."""

    def __init__(self, service: Service, count: int, aws: Aws) -> None:
        self._service = service
        self._count = count
        self._aws = aws
        self._before: int | None = None

    async def begin(self) -> None:
        found = await self._call("DescribeServices", services=[self._service.arn])
        self._before = int(found["services"][0]["desiredCount"])
        await self._set(self._count)

    async def end(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            await self._set(before)

    async def _set(self, count: int) -> None:
        await self._call("UpdateService", service=self._service.arn, desiredCount=count)

    async def _call(self, operation: str, **given: Any) -> Mapping[str, Any]:
        cluster = self._service.cluster_arn
        return await call(self._aws, "ecs", operation, cluster, cluster=cluster, **given)


class NoStart(Quiet):
    """A task of the service's definition with empty variables. Its program refuses to start, and
    logs the reason."""

    def __init__(self, service: Service, blueprint: Blueprint, aws: Aws) -> None:
        self._service = service
        self._definition = blueprint.task_definition(service.task_definition_arn)
        self._aws = aws
        self._started: list[str] = []

    async def begin(self) -> None:
        names = {target.container_name for target in self._service.targets}
        containers = [c for c in self._definition.containers if c.name in names]
        if not containers:
            raise RehearsalError(f"no container of {self._service.name} can be made to fail")
        overrides = [
            {
                "name": one.name,
                "environment": [{"name": n, "value": ""} for n, _ in one.environment],
            }
            for one in containers
        ]
        network = {"awsvpcConfiguration": {"subnets": list(self._service.subnet_ids)}}
        answer = await call(
            self._aws, "ecs", "RunTask", self._service.cluster_arn,
            cluster=self._service.cluster_arn, taskDefinition=self._definition.arn,
            launchType="FARGATE", startedBy="bonkei rehearsal",
            networkConfiguration=network,
            overrides={"containerOverrides": overrides},
        )  # fmt: skip
        self._started += [str(task["taskArn"]) for task in answer["tasks"]]

    async def end(self) -> None:
        started, self._started = self._started, []
        for arn in started:
            with suppress(RehearsalError):  # it has ended, and may be forgotten by now
                await call(
                    self._aws, "ecs", "StopTask", self._service.cluster_arn,
                    cluster=self._service.cluster_arn, task=arn, reason="The rehearsal is over",
                )  # fmt: skip
