"""The targets behind the edge. It learns about them from the bus, checks and drains them, and
publishes their health."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType

from bonkei.base.events import (
    Bus,
    ServiceEndpointAdded,
    ServiceEndpointRemoved,
    TargetChecked,
    TargetDeregistered,
    TargetDrained,
    TargetHealthChanged,
    TargetRegistered,
    TrafficShifted,
)
from bonkei.blueprint.elbv2 import TargetGroup, WeightedTarget
from bonkei.services.edge.targets.checks import HealthChecker
from bonkei.services.edge.targets.detours import Detour, Detours, TargetKey
from bonkei.services.edge.targets.target import Pool, Target
from bonkei.services.edge.targets.target_health import (
    ASSUMED,
    DISABLED,
    DRAINING,
    NEW,
    UNREACHABLE,
    UNUSED,
    Health,
    Outcome,
)
from bonkei.services.edge.targets.upstream import KeptConnections

SERVICE_DRAIN = 30.0
"""Seconds that requests in flight to a removed Service Connect endpoint have to end."""


class Registry:
    """The pools of targets, by the ARN of the target group or by (service, port name).

    Registrations that arrive before their target group are kept. `shifts`: the weights that a
    deployment has written into a listener rule, by its ARN, in place of the declared ones. `kept`
    is how many idle connections each target may have; `exhausted` is called when no descriptor is
    left for a new connection.
    """

    def __init__(
        self, bus: Bus, initial_interval: float, kept: int, exhausted: Callable[[], None]
    ) -> None:
        self._kept = partial(KeptConnections, kept, exhausted)
        self._bus = bus
        self._initial_interval = initial_interval
        self.pools: dict[str, Pool] = {}
        self.services: dict[tuple[str, str], Pool] = {}
        self.shifts: dict[str, tuple[WeightedTarget, ...]] = {}
        self.detours = Detours(self.pools, self.services)
        self._in_use: frozenset[str] = frozenset()
        self._checkers: dict[Target, HealthChecker] = {}
        self._timers: dict[Target, asyncio.TimerHandle] = {}
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Subscribe to the bus."""
        bus = self._bus
        self._undo = [
            bus.subscribe(TargetRegistered, self._registered),
            bus.subscribe(TargetDeregistered, self._deregistered),
            bus.subscribe(ServiceEndpointAdded, self._added),
            bus.subscribe(ServiceEndpointRemoved, self._removed),
            bus.subscribe(TrafficShifted, self._shifted),
        ]

    async def stop(self) -> None:
        """Unsubscribe, stop the checks, close every idle connection."""
        for undo in self._undo:
            undo()
        self._undo = []
        checks = [checker.stop() for checker in self._checkers.values()]
        await asyncio.gather(*checks, return_exceptions=True)
        for timer in self._timers.values():
            timer.cancel()
        self._checkers.clear()
        self._timers.clear()
        for pool in (*self.pools.values(), *self.services.values()):
            for target in (*pool.targets.values(), *pool.draining.values()):
                target.on_idle = None
                target.kept.close()

    def know(self, arns: Iterable[str]) -> None:
        """Have a pool for each of these target groups."""
        for arn in arns:
            self.pools.setdefault(arn, Pool(arn))

    def configure(
        self,
        groups: Iterable[TargetGroup],
        in_use: Iterable[str],
        closed: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Take new settings. `in_use`: the groups that a listener forwards to. `closed`: the groups
        that the network makes unreachable, with the reason."""
        self._in_use = frozenset(in_use)
        known = {group.arn: group for group in groups}
        for arn, pool in tuple(self.pools.items()):
            pool.configure(known.get(arn))
            self._close(pool, closed.get(arn, ""))
            for target in pool.targets.values():
                self._supervise(pool, target)
            pool.refresh()
            if arn not in known and not pool.targets and not pool.draining:
                del self.pools[arn]

    def service(self, service_arn: str, port_name: str) -> Pool:
        """The pool of a Service Connect endpoint."""
        return self.services.setdefault((service_arn, port_name), Pool(service_arn))

    def detour(self, wanted: Mapping[TargetKey, Detour]) -> None:
        """Lead requests for these targets elsewhere, and for no others."""
        for target in self.detours.change(wanted):
            self._keep_none(target)

    def _keep_none(self, target: Target) -> None:
        """Close idle connections. Requests in flight end, and their connections are not kept."""
        old = target.kept
        is_open = old.open
        old.close()
        if is_open:
            target.kept = self._kept()
            target.kept.every = old.every  # the end of draining cuts those, too

    def _close(self, pool: Pool, obstacle: str) -> None:
        """A route that opens again begins with the first check."""
        if pool.obstacle and not obstacle:
            for target in pool.targets.values():
                target.health = Health("unused")
        pool.obstacle = obstacle
        if obstacle:
            for target in pool.targets.values():
                target.kept.close()
                target.kept = self._kept()

    def _shifted(self, event: TrafficShifted) -> None:
        self.know(arn for arn, _ in event.weights)
        self.shifts[event.rule_arn] = tuple(WeightedTarget(*each) for each in event.weights)

    # Targets.

    def _registered(self, event: TargetRegistered) -> None:
        pool = self.pools.setdefault(event.target_group_arn, Pool(event.target_group_arn))
        self._forget(pool, event.task_id)
        target = Target(
            pool.arn, event.task_id, event.endpoint, Health("unused"), self._kept(), event.pid
        )
        pool.targets[event.task_id] = target
        self.detours.lead(TargetKey(pool.arn, "", event.task_id), target)
        self._supervise(pool, target)
        pool.refresh()

    def _supervise(self, pool: Pool, target: Target) -> None:
        """Give a target the checker and the state that its group's settings require."""
        group = pool.configuration
        checker = self._checkers.get(target)
        used = group is not None and pool.arn in self._in_use
        if used and pool.obstacle:
            if checker is not None:
                self._checkers.pop(target).stop()
            self._change(pool, target, UNREACHABLE)
            return
        if group is not None and used and group.health_check.enabled:
            if checker is None or checker.check != group.health_check:
                if checker is not None:
                    checker.stop()
                if target.health.state == "unused":
                    self._change(pool, target, NEW)
                self._checkers[target] = HealthChecker(
                    target,
                    group.health_check,
                    self._judged,
                    self._initial_interval,
                    checked=self._checked,
                )
            return
        if checker is not None:
            self._checkers.pop(target).stop()
        self._change(pool, target, Health("healthy", DISABLED) if used else UNUSED)

    def _judged(self, target: Target) -> None:
        pool = self.pools.get(target.group)
        if pool is not None and pool.targets.get(target.task_id) is target:
            pool.refresh()
            self._publish(target)

    def _checked(self, target: Target, outcome: Outcome) -> None:
        self._bus.publish(
            TargetChecked(
                target.group, target.task_id, outcome.passed, target.health.state, outcome.detail
            )
        )

    def _change(self, pool: Pool, target: Target, health: Health) -> None:
        if target.health != health:
            target.health = health
            pool.refresh()
            self._publish(target)

    def _publish(self, target: Target) -> None:
        health = target.health
        self._bus.publish(
            TargetHealthChanged(target.group, target.task_id, health.state, health.reason)
        )

    def _deregistered(self, event: TargetDeregistered) -> None:
        pool = self.pools.get(event.target_group_arn)
        target = pool.targets.pop(event.task_id, None) if pool else None
        if pool is None or target is None:
            return
        checker = self._checkers.pop(target, None)
        if checker is not None:
            checker.stop()
        delay = pool.configuration.deregistration_delay if pool.configuration else 0.0
        self._drain(pool, target, delay)
        target.health = DRAINING
        self._publish(target)

    def _forget(self, pool: Pool, task_id: str) -> None:
        """Drop a task's earlier registration, because it registers again."""
        target = pool.targets.pop(task_id, None)
        if target is not None:
            checker = self._checkers.pop(target, None)
            if checker is not None:
                checker.stop()
            target.kept.close()
        draining = pool.draining.pop(task_id, None)
        if draining is not None:
            draining.on_idle = None
            self._cancel_timer(draining)

    # Draining ("Deregistration delay", Target groups for your Application Load Balancers): no new
    # requests. It ends when no request is in flight, or after the delay. Requests that are
    # still in flight then get a 502 ("HTTP 502: Bad gateway", Troubleshoot your Application Load
    # Balancers).

    def _drain(self, pool: Pool, target: Target, delay: float) -> None:
        pool.refresh()
        pool.draining[target.task_id] = target
        loop = asyncio.get_running_loop()
        target.on_idle = lambda: self._drained(pool, target)
        target.kept.close()
        if target.outstanding == 0:
            self._timers[target] = loop.call_later(0, self._drained, pool, target)
        else:
            self._timers[target] = loop.call_later(delay, self._drained, pool, target)

    def _drained(self, pool: Pool, target: Target) -> None:
        if pool.draining.get(target.task_id) is not target:
            return
        del pool.draining[target.task_id]
        self._cancel_timer(target)
        if pool.arn in self.pools and self.pools[pool.arn] is pool:
            target.on_idle = None
            target.kept.cut()
            self._bus.publish(TargetDrained(target.group, target.task_id))

    def _cancel_timer(self, target: Target) -> None:
        timer = self._timers.pop(target, None)
        if timer is not None:
            timer.cancel()

    # Service Connect.

    def _added(self, event: ServiceEndpointAdded) -> None:
        pool = self.service(event.service_arn, event.port_name)
        self._forget(pool, event.task_id)
        target = Target(pool.arn, event.task_id, event.endpoint, ASSUMED, self._kept(), event.pid)
        pool.targets[event.task_id] = target
        self.detours.lead(TargetKey(event.service_arn, event.port_name, event.task_id), target)
        pool.refresh()

    def _removed(self, event: ServiceEndpointRemoved) -> None:
        pool = self.service(event.service_arn, event.port_name)
        target = pool.targets.pop(event.task_id, None)
        if target is not None:
            self._drain(pool, target, SERVICE_DRAIN)
