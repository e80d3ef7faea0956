"""Judges running targets after a change of their target group's health check.

No deployment begins in this case, so the load balancer's checks count. A target is judged when it
has passed a check, or has failed often enough to be unhealthy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from bonkei.base.events import Bus, TargetChecked, TargetDeregistered
from bonkei.blueprint import Blueprint
from bonkei.miniature.rollout.diagnosis import Unhealthy
from bonkei.miniature.steps import Steps
from bonkei.services.edge import EdgeSnapshot

_PATIENCE = 90.0  # seconds for targets without enough passed or failed checks
_Key = tuple[str, str]  # a target group's ARN, and a task


class TargetChecks:
    """Collects the checks from the change on, until the `with` block ends."""

    def __init__(self, bus: Bus, before: Blueprint, after: Blueprint) -> None:
        self._bus = bus
        self._blueprint = after
        self._groups = changed_checks(before, after)
        self._heard: dict[_Key, TargetChecked] = {}
        self._gone: set[_Key] = set()
        self._news = asyncio.Event()
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> TargetChecks:
        self._undo = [
            self._bus.subscribe(TargetChecked, self._on_check),
            self._bus.subscribe(TargetDeregistered, self._on_deregistered),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for undo in self._undo:
            undo()

    async def judge(self, edge: Callable[[], EdgeSnapshot], steps: Steps) -> list[Unhealthy]:
        """The services with targets that fail the new check. They are also reported meanwhile."""
        targets = targets_of(edge(), self._groups)
        if not targets:
            return []

        def report(reasons: Mapping[str, str]) -> None:
            for one in owners(self._blueprint, reasons):
                steps.note(f"{one.name}: {one.reason}")

        with steps.step("health checks") as step:
            reasons = await self.failing(targets, _PATIENCE, report)
            passed = sum(arn not in reasons for arn, _ in targets)
            step.detail = f"{passed} of {len(targets)} targets pass the new check"
            step.failed = bool(reasons)
        return list(owners(self._blueprint, reasons))

    async def failing(
        self, targets: Collection[_Key], limit: float, report: Callable[[Mapping[str, str]], None]
    ) -> dict[str, str]:
        """Wait until all `targets` are judged, for at most `limit` seconds. Returns the reasons of
        failing targets, by target group ARN.

        Meanwhile `report` is called with new reasons. A target that is deregistered before it is
        judged no longer counts: another deployment has replaced it.
        """
        reported: set[tuple[str, str]] = set()
        try:
            async with asyncio.timeout(limit):
                while not all(map(self._is_judged, targets)):
                    self._news.clear()
                    await self._news.wait()
                    news = self._failures(targets).items() - reported
                    reported |= news
                    report(dict(news))
        except TimeoutError:
            pass
        return self._failures(targets)

    def _on_check(self, event: TargetChecked) -> None:
        self._heard[event.target_group_arn, event.task_id] = event
        self._news.set()

    def _on_deregistered(self, event: TargetDeregistered) -> None:
        self._gone.add((event.target_group_arn, event.task_id))
        self._news.set()

    def _is_judged(self, target: _Key) -> bool:
        heard = self._heard.get(target)
        if target in self._gone:
            return True
        return heard is not None and heard.state == ("healthy" if heard.passed else "unhealthy")

    def _failures(self, targets: Iterable[_Key]) -> dict[str, str]:
        return {
            event.target_group_arn: event.detail
            for target in targets
            if (event := self._heard.get(target)) is not None
            and not event.passed
            and (event.state == "unhealthy" or target not in self._gone)
        }


def changed_checks(before: Blueprint, after: Blueprint) -> frozenset[str]:
    """The ARNs of the target groups with a changed health check."""
    known = {group.arn: group.health_check for group in before.target_groups}
    return frozenset(
        group.arn
        for group in after.target_groups
        if group.health_check.enabled
        and known.get(group.arn, group.health_check) != group.health_check
    )


def targets_of(edge: EdgeSnapshot, arns: Collection[str]) -> frozenset[_Key]:
    """The checked targets that are registered with these target groups."""
    return frozenset(
        (group.arn, target.task_id)
        for group in edge.target_groups
        for target in group.targets
        if group.arn in arns and target.state not in {"unused", "draining"}
    )


def owners(blueprint: Blueprint, reasons: Mapping[str, str]) -> Iterator[Unhealthy]:
    """The services with targets that fail their check, and the load balancer's reason."""
    groups = {group.arn: group for group in blueprint.target_groups}
    for service in blueprint.services:
        for target in service.targets:
            arn = target.target_group_arn
            if arn in reasons and arn in groups:
                check = groups[arn].health_check
                yield Unhealthy(
                    service.name,
                    f"fails its new health check, GET {check.path}: {reasons[arn]}",
                )
