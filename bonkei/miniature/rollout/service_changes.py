"""What services have that is not declared: the requests of `ecs update-service` since each one's
last apply, and what ECS made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.events import Bus, DeploymentStateChanged, DesiredCountChanged
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.services.ecs.api.values import ServiceChange

FORCED = ServiceChange(force_new_deployment=True)
ARGUMENTS = ("task_definition", "desired_count")
"""The arguments of a service that calls change, and ECS itself."""
Keeps = Callable[[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Standing:
    """`forced`: how many times. None and empty: as defined. `keeps`: the arguments that an apply
    and a start do not reset. They last until the service's declaration differs from `declared`, its
    task definition and count at the time of the change."""

    forced: int = 0
    desired_count: int | None = None
    definition_arn: str = ""
    deployment_id: str = ""
    keeps: frozenset[str] = frozenset()
    declared: tuple[str, int] = ("", 0)

    def reset(self, arguments: frozenset[str]) -> _Standing:
        """These arguments are as defined."""
        reset = replace(self, desired_count=None) if "desired_count" in arguments else self
        if "task_definition" in arguments:
            reset = replace(reset, definition_arn="", deployment_id="")
        return reset

    def under(self, declared: tuple[str, int]) -> _Standing:
        """What is left of it under this declaration. If all is kept, the state was refreshed before
        the apply, and says all."""
        both = zip(ARGUMENTS, declared, self.declared, strict=True)
        changed = frozenset(name for name, now, before in both if now != before) & self.keeps
        return self.reset(self.keeps if changed and self.keeps == set(ARGUMENTS) else changed)

    def applied(self, keeps: frozenset[str]) -> _Standing:
        """What an apply leaves of it."""
        return replace(self, keeps=keeps).reset(frozenset(ARGUMENTS) - keeps)


class ServiceChanges:
    """By the services' ARNs.

    After each apply and each start, the folder's services are as declared in the folder, apart from
    arguments that `ignore_changes` names. A service of a pipeline's apply keeps what it has until a
    later apply declares the service differently.

    What ECS decides is what a service has: the task definition of the last completed deployment,
    and the count of auto scaling. A start begins with it.
    """

    def __init__(self, file: Path | None = None, keeps: Keeps = lambda _: frozenset()) -> None:
        """`file`: keeps the changes that last. `keeps`: by a service's ARN, those of `ARGUMENTS`
        that an apply and a start do not reset."""
        self._file = file
        self._keeps = keeps
        self._asked = _read(file) if file is not None else {}
        self._has = self._asked
        self._declared: dict[str, tuple[str, int]] = {}

    def hear(self, bus: Bus) -> None:
        """Follow ECS's decisions."""
        bus.subscribe(DeploymentStateChanged, self._on_deployment)
        bus.subscribe(DesiredCountChanged, self._on_count)

    def add(self, service: Service, change: ServiceChange) -> None:
        """`service` in its declared form. If the disk is full, nothing has changed (OSError)."""
        declared, keeps = _declared(service), self._keeps(service.arn)
        before = self._asked.get(service.arn, _Standing()).under(declared)
        desired = before.desired_count if change.desired_count is None else change.desired_count
        after = _Standing(
            before.forced + change.force_new_deployment,
            desired,
            change.definition_arn or before.definition_arn,
            change.deployment_id or before.deployment_id,
            keeps,
            declared,
        )
        has = self._has.get(service.arn, _Standing()).under(declared)
        if change.desired_count is not None:
            has = replace(has, desired_count=change.desired_count)
        standing = {**self._has, service.arn: replace(has, keeps=keeps, declared=declared)}
        self._write(standing)
        self._asked, self._has = {**self._asked, service.arn: after}, standing

    def _on_deployment(self, event: DeploymentStateChanged) -> None:
        """One is complete, or ECS goes back to one."""
        arn, definition = event.service_arn, event.task_definition_arn
        asked, has = self._asked.get(arn, _Standing()), self._has.get(arn, _Standing())
        if event.rollout_state == "COMPLETED" and asked.definition_arn in ("", definition):
            self._note(arn, replace(asked, desired_count=has.desired_count))
        elif event.rollout_state == "IN_PROGRESS" and event.reason:
            if "task_definition" in self._keeps(arn):
                self._note(arn, replace(has, definition_arn=definition))
                asked = replace(self._has[arn], desired_count=asked.desired_count)
            elif asked.definition_arn:  # forced as often as then: else the next update deploys
                asked = replace(asked, definition_arn=definition, forced=has.forced)
            self._asked = {**self._asked, arn: asked}

    def _on_count(self, event: DesiredCountChanged) -> None:
        """A running service remembers the count itself."""
        has = self._has.get(event.service_arn, _Standing())
        self._note(event.service_arn, replace(has, desired_count=event.desired_count))

    def _note(self, arn: str, has: _Standing) -> None:
        """On a full disk it is known until the miniature stops."""
        declared = self._declared.get(arn, has.declared)
        has = replace(has, keeps=self._keeps(arn), declared=declared)
        if has != self._has.get(arn):
            self._has = {**self._has, arn: has}
            with suppress(OSError):
                self._write(self._has)

    def definitions_win(self) -> None:
        """An apply or a start resets counts and task definitions to the declared values. As on AWS,
        those that `ignore_changes` names stay."""
        self._asked = {arn: one.applied(self._keeps(arn)) for arn, one in self._asked.items()}
        self._has = {arn: one.applied(self._keeps(arn)) for arn, one in self._has.items()}
        with suppress(OSError):
            self._write(self._has)

    def over(self, blueprint: Blueprint) -> Blueprint:
        """The blueprint with the requested changes."""
        self._declared = {each.arn: _declared(each) for each in blueprint.services}
        return replace(blueprint, services=tuple(map(self._changed, blueprint.services)))

    def _changed(self, service: Service) -> Service:
        if service.arn not in self._asked:
            return service
        asked = self._asked[service.arn].under(_declared(service))
        token = f"{service.force_new_deployment_token} {asked.forced or ''}".rstrip()
        desired = service.desired_count if asked.desired_count is None else asked.desired_count
        return replace(
            service,
            force_new_deployment_token=token,
            desired_count=desired,
            task_definition_arn=asked.definition_arn or service.task_definition_arn,
            deployment_id=asked.deployment_id,
        )

    def _write(self, has: Mapping[str, _Standing]) -> None:
        lasting = {
            arn: {**asdict(one), "keeps": sorted(one.keeps)}
            for arn, one in has.items()
            if one.keeps
        }
        if self._file is None or (not lasting and not self._file.exists()):
            return
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.write_json(self._file, lasting)


def _declared(service: Service) -> tuple[str, int]:
    return service.task_definition_arn, service.desired_count


def _read(file: Path) -> dict[str, _Standing]:
    """Empty without a file. Then the declared state counts. What is complete stands no trial again,
    so no deployment is announced. Raises DamagedError."""
    return kept.read_json(file, _all, "or remove it: services are as they are declared") or {}


def _all(document: Mapping[str, Any]) -> dict[str, _Standing]:
    return {arn: _standing(one) for arn, one in document.items()}


def _standing(one: dict[str, Any]) -> _Standing:
    """`lasts`: as an earlier version wrote it."""
    keeps = frozenset(ARGUMENTS if one.pop("lasts", False) else one["keeps"])
    declared = tuple(one["declared"])
    return _Standing(**{**one, "deployment_id": "", "keeps": keeps, "declared": declared})
