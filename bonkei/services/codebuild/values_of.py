"""The values of a build's variables: plain ones, and those from Parameter Store and Secrets
Manager."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codebuild import BuildProject
from bonkei.services.codebuild.buildspec.model import Buildspec, SecretReference
from bonkei.services.codebuild.buildspec.reader import secret_reference
from bonkei.services.codebuild.errors import PhaseError
from bonkei.services.codebuild.surroundings import Surroundings
from bonkei.services.codebuild.variables import typed


@dataclass(frozen=True, slots=True)
class Resolved:
    """`secret`: the names of values that logs and exports omit."""

    values: Mapping[str, str]
    secret: frozenset[str]


async def resolve(
    spec: Buildspec, project: BuildProject, given: tuple[tuple[str, str, str], ...],
    around: Surroundings,
) -> Resolved:  # fmt: skip
    """Raises PhaseError with the variable's name if a value is unavailable."""
    wanted: dict[str, tuple[str | SecretReference, str]] = {
        **{name: (value, "PLAINTEXT") for name, value in spec.variables},
        **{name: (value, "PARAMETER_STORE") for name, value in spec.parameters},
        **{name: (reference, "SECRETS_MANAGER") for name, reference in spec.secrets},
        **typed(project, given),
    }
    values = {}
    for name, (value, kind) in wanted.items():
        if not name or "=" in name or not _fits(name):
            raise PhaseError("CLIENT_ERROR", f"no variable can have the name {name!r}")
        try:
            values[name] = await _value(project.role_arn, value, kind, around)
        except AwsServiceError as error:
            said = f"{name}: {error.code}: {error.message}"
            raise PhaseError(_CODES[kind], said) from None
        if not _fits(values[name]):
            raise PhaseError("CLIENT_ERROR", f"{name}: no variable can have this value")
    secret = frozenset(name for name, (_, kind) in wanted.items() if kind != "PLAINTEXT")
    return Resolved(around.translate(values), secret)


def _fits(text: str) -> bool:
    """Whether the kernel takes it into an environment (execve(2))."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


_CODES = {
    "PLAINTEXT": "CLIENT_ERROR",
    "PARAMETER_STORE": "CLIENT_ERROR",
    "SECRETS_MANAGER": "SECRETS_MANAGER_ERROR",
}


async def _value(role: str, value: str | SecretReference, kind: str, around: Surroundings) -> str:
    if kind == "PARAMETER_STORE":
        return await around.parameter(role, str(value))
    if kind != "SECRETS_MANAGER":
        return str(value)
    reference = value if isinstance(value, SecretReference) else secret_reference(value)
    text = await around.secret(role, reference)
    if not reference.json_key:
        return text
    try:
        found = json.loads(text)[reference.json_key]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = f"the secret {reference.secret} has no key {reference.json_key}"
        raise PhaseError("SECRETS_MANAGER_ERROR", said) from None
    return found if isinstance(found, str) else json.dumps(found)
