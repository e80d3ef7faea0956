"""`valueFrom` of a container's secret, resolved as ECS does.

Source: "Pass Secrets Manager secrets through Amazon ECS environment variables" and "Pass Systems
Manager parameters through Amazon ECS environment variables" (docs.aws.amazon.com).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bonkei.base.arn import Arn
from bonkei.base.vault import Vault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.services.ecs.errors import TaskError

_NAME = re.compile(r"/?[\w.-]+(/[\w.-]+)*")
_PREFIX = "ResourceInitializationError: unable to pull secrets"


@dataclass(frozen=True, slots=True)
class SecretReference:
    """`arn:…:secret:name-XXXXXX:json-key:version-stage:version-id`, or a parameter's ARN."""

    arn: str
    json_key: str = ""
    version_stage: str = ""
    version_id: str = ""


def parse_reference(value_from: str, definition_arn: str) -> SecretReference:
    """The parts of a `valueFrom`. A parameter in the task's own region may be given by its name.

    Raises TaskError if it is neither a name nor an ARN of one of the two kinds.
    """
    if _NAME.fullmatch(value_from):
        own, name = Arn.of(definition_arn), value_from.removeprefix("/")
        place = f"{own.region}:{own.account}"
        return SecretReference(f"arn:{own.partition}:ssm:{place}:parameter/{name}")
    parts = value_from.split(":")
    match parts:
        case ["arn", _, "secretsmanager", _, _, "secret", name, *rest] if name and len(rest) <= 3:
            return SecretReference(":".join(parts[:7]), *rest)
        case ["arn", _, "ssm", _, _, parameter] if parameter.startswith("parameter/"):
            return SecretReference(value_from)
    raise TaskError(
        f"{_PREFIX}: {value_from} is not the ARN of a secret or a parameter",
        remedy="write valueFrom as arn:aws:secretsmanager:…:secret:name-XXXXXX[:json-key:stage:id]"
        " or arn:aws:ssm:…:parameter/name",
    )


def require_permission(
    secrets: Iterable[str],
    definition: TaskDefinition,
    may_read: Callable[[TaskDefinition, str], str],
) -> None:
    """Raises TaskError, in ECS's words, for the first secret that the execution role may not
    read."""
    for value_from in secrets:
        arn = parse_reference(value_from, definition.arn).arn
        if reason := may_read(definition, arn):
            raise TaskError(
                f"{_PREFIX}: AccessDeniedException: {reason}",
                remedy="allow it in a policy of the execution role: see `bonkei iam denied`",
            )


def resolve_all(
    secrets: Iterable[tuple[str, str]], vault: Vault, definition_arn: str
) -> dict[str, str]:
    """The values of a container's variables. Raises TaskError, in ECS's words, for the first that
    has none, as ECS does. Its remedy names the others, so that one start shows all of them."""
    found, errors = dict[str, str](), dict[str, TaskError]()
    for name, value_from in secrets:
        try:
            found[name] = resolve(value_from, vault, definition_arn)
        except TaskError as error:
            errors[name] = error
    if errors:
        first, *others = errors
        also = f"; {' and '.join(others)} cannot be read either" if others else ""
        raise TaskError(errors[first].message, remedy=f"{errors[first].remedy}{also}")
    return found


def missing_secrets(
    blueprint: Blueprint, vault: Vault, runs: Callable[[Container, TaskDefinition], bool]
) -> Iterator[str]:
    """Every secret that a service's tasks cannot read, and the variables that would have it. ECS
    names one of each task, which is many starts. `runs`: whether a container runs here."""
    places: dict[str, list[str]] = {}
    wanted = {service.task_definition_arn for service in blueprint.services if service.capacity}
    for definition in (one for one in blueprint.task_definitions if one.arn in wanted):
        for container in (one for one in definition.containers if runs(one, definition)):
            for name, value_from in container.secrets:
                try:
                    resolve(value_from, vault, definition.arn)
                except TaskError as error:
                    reason = error.message.removeprefix(f"{_PREFIX}: ")
                    place = f"{name} of {definition.family}/{container.name}"
                    places.setdefault(reason, []).append(place)
    for reason, found in places.items():
        yield f"missing secret: {reason} ({', '.join(found)})"
    if places:
        yield (
            "give each a value in the definitions, or in bonkei.toml: [[existing]] with type = "
            '"aws_secretsmanager_secret_version", secret_id (its name) and secret_string, or with '
            'type = "aws_ssm_parameter", name and value'
        )


def resolve(value_from: str, vault: Vault, definition_arn: str) -> str:
    """The value behind a `valueFrom`. Raises TaskError, in ECS's words, if there is none."""
    reference = parse_reference(value_from, definition_arn)
    if reference.version_id or reference.version_stage not in {"", "AWSCURRENT"}:
        wanted = reference.version_id or reference.version_stage
        raise TaskError(
            f"{_PREFIX}: version {wanted} of {reference.arn} is not kept on this machine",
            remedy="only AWSCURRENT is; leave version-stage and version-id empty",
        )
    value = vault.get(reference.arn)
    if value is None:
        raise TaskError(
            f"{_PREFIX}: ResourceNotFoundException: {reference.arn} has no value",
            remedy="define its value (a secret's version, or a parameter)",
        )
    return _json_value(value, reference) if reference.json_key else value


def _json_value(value: str, reference: SecretReference) -> str:
    missing = TaskError(
        f"{_PREFIX}: the secret {reference.arn} did not contain the json key {reference.json_key}",
        remedy="store a JSON object with that key in it",
    )
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        raise missing from None  # the text must not reach a traceback
    if not isinstance(document, dict) or reference.json_key not in document:
        raise missing
    found = document[reference.json_key]
    return found if isinstance(found, str) else json.dumps(found)
