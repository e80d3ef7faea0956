"""Changes of the sound stack, and the findings that they cause."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bonkei.analysis.check import Finding, run
from bonkei.analysis.check.program import Program
from bonkei.analysis.check.router import LogRouter, Output
from bonkei.blueprint import read
from tests.bonkei.analysis.check.stack.documents import Resources
from tests.bonkei.analysis.check.stack.tasks import app_containers
from tests.bonkei.analysis.check.stack.whole import state

NOWHERE = Path("/nonexistent")
ROUTER = Path("router/extra.conf")


def check(
    resources: Resources,
    *,
    grace: float | None = 30,
    outputs: tuple[Output, ...] = (),
    secret_keys: dict[str, frozenset[str]] | None = None,
) -> tuple[Finding, ...]:
    programs = {"router": Program(Path("router"), router=LogRouter(ROUTER, grace, outputs))}
    return run(read(state(resources)), NOWHERE, programs, secret_keys=secret_keys)


def rules_found(resources: Resources, **options: Any) -> set[str]:
    return {finding.rule for finding in check(resources, **options)}


def containers(resources: Resources, **changes: Any) -> None:
    """Change the app container; None removes an attribute."""
    app, router = app_containers()
    app = {key: value for key, value in (app | changes).items() if value is not None}
    resources["aws_ecs_task_definition.app"]["container_definitions"] = json.dumps([app, router])


Change = Callable[[Resources], Any]


def remove(*addresses: str) -> Change:
    return lambda found: [found.pop(address) for address in addresses]


def put(address: str, **values: Any) -> Change:
    return lambda found: found.setdefault(address, {}).update(values)


def environment(name: str, value: str) -> Change:
    def change(found: Resources) -> None:
        kept = [e for e in app_containers()[0]["environment"] if e["name"] != name]
        containers(found, environment=[*kept, {"name": name, "value": value}])

    return change


def execution(*statements: dict[str, Any]) -> Change:
    def change(found: Resources) -> None:
        document = json.loads(found["aws_iam_role_policy.execution"]["policy"])
        document["Statement"] += statements
        found["aws_iam_role_policy.execution"]["policy"] = json.dumps(document)

    return change


def without(action: str) -> Change:
    def change(found: Resources) -> None:
        document = json.loads(found["aws_iam_role_policy.execution"]["policy"])
        document["Statement"] = [s for s in document["Statement"] if action not in s["Action"]]
        found["aws_iam_role_policy.execution"]["policy"] = json.dumps(document)

    return change


def public_network() -> list[dict[str, Any]]:
    return [{"subnets": ["subnet-app"], "security_groups": ["sg-app"], "assign_public_ip": True}]
