"""The requests of `ecs update-service` since each service's last apply."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bonkei import kept
from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import Service
from bonkei.cloud.own.ecs import ServiceChange

FORCED = ServiceChange(force_new_deployment=True)


@dataclass(frozen=True, slots=True)
class _Standing:
    """`forced`: how many times. None and empty: as defined. `lasts`: the change lasts until the
    service's declaration differs from `declared`, its task definition and count at the time of the
    request."""

    forced: int = 0
    desired_count: int | None = None
    definition_arn: str = ""
    deployment_id: str = ""
    lasts: bool = False
    declared: tuple[str, int] = ("", 0)


class ServiceChanges:
    """By the services' ARNs.

    After each apply and each start, the folder's services are as declared in the folder. A service
    of a pipeline's apply keeps a release's change, even after a start, until a later apply declares
    the service differently.
    """

    def __init__(
        self, file: Path | None = None, lasts: Callable[[str], bool] = lambda _: False
    ) -> None:
        """`file`: keeps the changes that last. `lasts`: whether an ARN's service belongs to a
        pipeline."""
        self._file = file
        self._lasts = lasts
        self._standing = _read(file) if file is not None else {}

    def add(self, service: Service, change: ServiceChange) -> None:
        """`service` in its declared form. If the disk is full, nothing has changed (OSError)."""
        before = self._standing.get(service.arn, _Standing())
        desired = before.desired_count if change.desired_count is None else change.desired_count
        after = _Standing(
            before.forced + change.force_new_deployment,
            desired,
            change.definition_arn or before.definition_arn,
            change.deployment_id or before.deployment_id,
            self._lasts(service.arn),
            _declared(service),
        )
        standing = {**self._standing, service.arn: after}
        self._write(standing)
        self._standing = standing

    def definitions_win(self) -> None:
        """An apply resets counts and task definitions to the declared values. As on AWS, those that
        `ignore_changes` names stay."""
        self._standing = {
            arn: one if one.lasts else _Standing(one.forced) for arn, one in self._standing.items()
        }

    def over(self, blueprint: Blueprint) -> Blueprint:
        """The blueprint with the requested changes."""
        return replace(blueprint, services=tuple(map(self._changed, blueprint.services)))

    def _changed(self, service: Service) -> Service:
        asked = self._standing.get(service.arn)
        if asked is None:
            return service
        if asked.lasts and asked.declared != _declared(service):
            asked = replace(asked, desired_count=None, definition_arn="")
        token = f"{service.force_new_deployment_token} {asked.forced or ''}".rstrip()
        desired = service.desired_count if asked.desired_count is None else asked.desired_count
        return replace(
            service,
            force_new_deployment_token=token,
            desired_count=desired,
            task_definition_arn=asked.definition_arn or service.task_definition_arn,
            deployment_id=asked.deployment_id,
        )

    def _write(self, standing: Mapping[str, _Standing]) -> None:
        lasting = {arn: asdict(one) for arn, one in standing.items() if one.lasts}
        if self._file is None or not lasting:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.write(self._file, json.dumps(lasting))


def _declared(service: Service) -> tuple[str, int]:
    return service.task_definition_arn, service.desired_count


def _read(file: Path) -> dict[str, _Standing]:
    """Empty without a file. Then the declared state counts. Raises DamagedError."""
    return kept.read_json(file, _standing, "or remove it: services are as they are declared") or {}


def _standing(document: Mapping[str, Any]) -> dict[str, _Standing]:
    return {
        arn: _Standing(**{**one, "declared": tuple(one["declared"])})
        for arn, one in document.items()
    }
