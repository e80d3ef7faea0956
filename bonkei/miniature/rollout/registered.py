"""The revisions of task definitions made by `ecs register-task-definition`, and the withdrawn
revisions.

Terraform's own revisions are in its state. Both kinds get their numbers from one series.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bonkei import kept
from bonkei.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import TaskDefinition
from bonkei.blueprint.service.task_definition import read_registered

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
        made, withdrawn = {**self._made}, {**self._withdrawn, arn: None}
        for old in list(withdrawn)[: max(0, len(made) - _MOST)]:
            made.pop(old, None)
            del withdrawn[old]
        self._keep(made, withdrawn)

    def over(self, blueprint: Blueprint) -> Blueprint:
        """The blueprint with these beside Terraform's."""
        known = {one.arn for one in blueprint.task_definitions}
        added = tuple(one for arn, one in self._made.items() if arn not in known)
        return replace(blueprint, task_definitions=(*blueprint.task_definitions, *added))

    def _keep(self, made: dict[str, TaskDefinition], withdrawn: dict[str, None]) -> None:
        document = {
            "made": [json.loads(one.document) for one in made.values()],
            "withdrawn": list(withdrawn),
        }
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.write(self._file, json.dumps(document, indent=1))
        self._made, self._withdrawn = made, withdrawn


def _definition(document: Mapping[str, Any]) -> TaskDefinition:
    arn, revision = document["taskDefinitionArn"], document["revision"]
    return read_registered(document, arn, revision, f"{document['family']}:{revision}")


def _read(document: Mapping[str, Any]) -> tuple[dict[str, TaskDefinition], dict[str, None]]:
    made = {one.arn: one for one in map(_definition, document["made"])}
    return made, dict.fromkeys(document["withdrawn"])
