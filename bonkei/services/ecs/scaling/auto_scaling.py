"""Auto scaling: a datapoint each minute, and the decisions of target tracking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bonkei.base.background import Background
from bonkei.services.ecs.execution.usage import Usage, UsageMeter
from bonkei.services.ecs.scaling.target_tracking import IN_AFTER, Cooldown, track
from bonkei.services.ecs.scheduling.service_state import ServiceState

CPU = "ECSServiceAverageCPUUtilization"
MEMORY = "ECSServiceAverageMemoryUtilization"

Scale = Callable[[str, int, str], None]  # (service's ARN, desired count, cause)


@dataclass(slots=True)
class Tracked:
    """One service: its last datapoints by metric, and its cooldowns."""

    history: dict[str, list[float | None]] = field(default_factory=dict)
    cooldown: Cooldown = field(default_factory=Cooldown)

    def observe(self, values: Mapping[str, float]) -> None:
        """Add one datapoint of each metric. A missing one is remembered as missing."""
        for metric in (CPU, MEMORY):
            points = self.history.setdefault(metric, [])
            points.append(values.get(metric))
            del points[:-IN_AFTER]


def utilization(service: ServiceState, usage: Mapping[str, Usage]) -> dict[str, float]:
    """The service's metrics in percent of the reservation of its RUNNING tasks, as in ECS.

    A Fargate task cannot use more than it has, so no task counts for more than 100 % here. `usage`
    has the measured tasks. The result is empty if there are none.
    """
    running = [t.life for t in service.live() if t.life.status == "RUNNING"]
    measured = [(life.spec.definition, usage[life.task_id]) for life in running
                if life.task_id in usage]  # fmt: skip
    cpu = sum(definition.cpu for definition, _ in measured)
    memory = sum(definition.memory for definition, _ in measured)
    if not cpu or not memory:
        return {}
    cpu_used = sum(min(d.cpu, used.cpu_percent * 10.24) for d, used in measured)
    memory_used = sum(min(d.memory, used.memory / 2**20) for d, used in measured)
    return {CPU: 100.0 * cpu_used / cpu, MEMORY: 100.0 * memory_used / memory}


class AutoScaler:
    """Measures the services that have a scalable target every `period` seconds.

    `services`, `pids` and `scale` are called on the event loop.
    """

    def __init__(
        self,
        services: Callable[[], Mapping[str, ServiceState]],
        pids: Callable[[str], Mapping[str, int]],
        scale: Scale,
        period: float,
    ) -> None:
        self._services = services
        self._pids = pids
        self._scale = scale
        self._period = period
        self._meter = UsageMeter()
        self._tracked: dict[str, Tracked] = {}
        self._known: set[str] = set()
        self._job = Background()

    def start(self) -> None:
        self._job.start(self._run())

    async def stop(self) -> None:
        await self._job.stop()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._period)
            try:
                await self._measure()
            except Exception as error:  # report it, and keep measuring
                context = {
                    "message": f"bonkei.services.ecs: auto scaling: {error}",
                    "exception": error,
                }
                asyncio.get_running_loop().call_exception_handler(context)

    async def _measure(self) -> None:
        scaled = [s for s in self._services().values() if s.spec.scaling is not None]
        pids = {task: list(self._pids(task).values()) for s in scaled for task in s.tasks}
        # In a thread, because a scan of the machine's processes takes some time with many tasks.
        usage = await asyncio.to_thread(self._meter.read, pids) if pids else {}
        # A task's CPU is known from its second sample on. The first sample has no interval.
        measured = {task: used for task, used in usage.items() if task in self._known}
        self._known = set(usage)
        self.follow({s.spec.arn: utilization(s, measured) for s in scaled}, time.monotonic())

    def follow(self, datapoints: Mapping[str, Mapping[str, float]], now: float) -> None:
        """Take one datapoint of each service, and scale the services that need it."""
        services = self._services()
        self._tracked = {a: self._tracked.get(a, Tracked()) for a in datapoints if a in services}
        for arn, tracked in self._tracked.items():
            service = services[arn]
            tracked.observe(datapoints[arn])
            if service.spec.scaling is None or service.primary is None or service.removed:
                continue
            activity = track(
                service.spec.scaling, service.limits.desired, tracked.history, tracked.cooldown,
                now, deploying=service.primary.is_in_progress,
            )  # fmt: skip
            if activity is not None:
                tracked.cooldown = activity.cooldown
                self._scale(arn, activity.capacity, activity.cause)
