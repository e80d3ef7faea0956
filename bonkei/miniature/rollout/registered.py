"""The revisions of task definitions as ECS knows them: those of `ecs register-task-definition`,
those of Terraform, and which of them are INACTIVE.

Both kinds get their numbers from one series. A revision that Terraform has destroyed is no longer
in its state. ECS knows it on, as INACTIVE: "existing tasks and services that reference an INACTIVE
task definition continue to run without disruption" (DeregisterTaskDefinition).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.blueprint.ecs.task_definition import read_registered

_MOST = 500  # revisions; beyond this number, the oldest withdrawn ones are forgotten

Number = Callable[[str], int]


class RegisteredDefinitions:
    """`file`: their file. It is written before a call returns. `number`: the next number of a
    series. Raises DamagedError."""

    def __init__(self, file: Path, number: Number) -> None:
        self._file = file
        self._number = number
        without = "or remove it: registered task definitions are forgotten, Terraform's stay"
        found = kept.read_json(file, _read, without)
        self._made, self._withdrawn = found or ({}, {})
        self._run: frozenset[str] = frozenset()

    @property
    def revisions(self) -> Sequence[TaskDefinition]:
        """All that are known."""
        return tuple(self._made.values())

    @property
    def withdrawn(self) -> frozenset[str]:
        """The ARNs of inactive revisions, including Terraform's."""
        return frozenset(self._withdrawn)

    def register(self, document: Mapping[str, Any], place: str) -> TaskDefinition:
        """`place`: the ARN up to the family. Raises BlueprintError for a document that cannot be
        read. If the disk is full, nothing has changed, here and in `withdraw` (OSError)."""
        family = str(document["family"])
        read_registered(
            document, f"{place}/{family}:0", 0, family
        )  # refused before it has a number
        account, region = Arn.of(place).account, Arn.of(place).region
        revision = self._number(f"ecs/{account}/{region}/{family}")
        arn = f"{place}/{family}:{revision}"
        made = read_registered(document, arn, revision, f"{family}:{revision}")
        self._keep({**self._made, arn: made}, self._withdrawn)
        return made

    def withdraw(self, arn: str) -> None:
        """The revision can still be described, but it is no longer its family's newest one."""
        self._keep(*self._bounded(self._made, {**self._withdrawn, arn: None}))

    def follow(self, blueprint: Blueprint, run: Collection[str]) -> None:
        """Terraform's revisions. Those that it has destroyed since the last call are INACTIVE. A
        refresh can also have moved on from one to a newer one of a call (`track_latest`). On a full
        disk all this is known until the miniature stops. `run`: the ARNs of what services run."""
        self._run = frozenset(run)
        outside = {*blueprint.kept_revisions}
        declared = {one.arn: one for one in blueprint.task_definitions if one.arn not in outside}
        calls = [one for one in self._made.values() if one.address == _own_name(one)]
        newest = {one.family: one.revision for one in sorted(calls, key=lambda one: one.revision)}
        gone = {
            arn: None
            for arn, one in self._made.items()
            if arn not in declared and not one.outlives and one.revision > newest.get(one.family, 0)
        }
        made = {**self._made, **declared, **{one.arn: one for one in calls}}
        made, withdrawn = self._bounded(made, {**self._withdrawn, **gone})
        if (made, withdrawn) != (self._made, self._withdrawn):
            with suppress(OSError):
                self._keep(made, withdrawn)
            self._made, self._withdrawn = made, withdrawn

    def over(self, blueprint: Blueprint) -> Blueprint:
        """The blueprint with these beside Terraform's."""
        known = {one.arn for one in blueprint.task_definitions}
        added = tuple(one for arn, one in self._made.items() if arn not in known)
        return replace(blueprint, task_definitions=(*blueprint.task_definitions, *added))

    def _bounded(
        self, made: Mapping[str, TaskDefinition], withdrawn: Mapping[str, None]
    ) -> tuple[dict[str, TaskDefinition], dict[str, None]]:
        """Without the oldest INACTIVE ones that no service runs, if there are too many."""
        unused = [arn for arn in withdrawn if arn not in self._run]
        old = set(unused[: max(0, len(made) - _MOST)])
        return (
            {arn: one for arn, one in made.items() if arn not in old},
            {arn: None for arn in withdrawn if arn not in old},
        )

    def _keep(self, made: dict[str, TaskDefinition], withdrawn: dict[str, None]) -> None:
        document = {
            "made": [json.loads(one.document) for one in made.values()],
            "withdrawn": list(withdrawn),
            "terraforms": {
                one.arn: {"address": one.address, "outlives": one.outlives}
                for one in made.values()
                if one.address != _own_name(one)
            },
        }
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.write_json(self._file, document, indent=1)
        self._made, self._withdrawn = made, withdrawn


def _own_name(one: TaskDefinition) -> str:
    """The address of a revision that a call has registered."""
    return f"{one.family}:{one.revision}"


def _definition(
    document: Mapping[str, Any], terraforms: Mapping[str, Mapping[str, Any]]
) -> TaskDefinition:
    arn, revision = document["taskDefinitionArn"], document["revision"]
    made = read_registered(document, arn, revision, f"{document['family']}:{revision}")
    return replace(made, **terraforms.get(arn, {}))


def _read(document: Mapping[str, Any]) -> tuple[dict[str, TaskDefinition], dict[str, None]]:
    terraforms = document.get("terraforms", {})
    made = {one.arn: one for one in (_definition(each, terraforms) for each in document["made"])}
    return made, dict.fromkeys(document["withdrawn"])
