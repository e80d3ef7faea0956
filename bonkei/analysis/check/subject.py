"""The input of the rules. Of a secret it has the keys in its JSON, never their values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from bonkei.analysis.check.finding import Problem, Severity
from bonkei.analysis.check.program import Program
from bonkei.base.vault import Vault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container
from bonkei.blueprint.lambda_.function import Function

# "Password management with Amazon Aurora and AWS Secrets Manager": the keys of RDS's secret for the
# master.
_OF_RDS = frozenset({"username", "password"})


@dataclass(frozen=True, slots=True)
class Subject:
    """The architecture, the programs by the name of their container, and the keys of the secrets
    with a known value, by ARN. `ignored`: the arguments that `ignore_changes` of a resource names;
    None for one whose block is not here. `lacks_handler`: why a function's file has no handler;
    empty if it may have one."""

    blueprint: Blueprint
    programs: Mapping[str, Program] = field(default_factory=lambda: MappingProxyType({}))
    secret_keys: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    ignored: Callable[[str], frozenset[str] | None] = lambda _: None
    lacks_handler: Callable[[Function], str] = lambda _: ""

    def program(self, container: Container) -> Program | None:
        """The program of a container, by the key that the settings have for it."""
        for definition in self.blueprint.task_definitions:
            if container in definition.containers:
                return self.programs.get(definition.key_of(container, self.programs))
        return self.programs.get(container.name)


Check = Callable[[Subject], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `source` is the URL of the documentation behind it."""

    id: str
    title: str
    severity: Severity
    source: str
    check: Check


def error(title: str, source: str) -> Callable[[Check], Rule]:
    """Make a rule of a function. The function's name, with hyphens, is the rule's id."""
    return partial(_rule, title, Severity.ERROR, source)


def warning(title: str, source: str) -> Callable[[Check], Rule]:
    """As `error`, for a risk, or for what may be intended."""
    return partial(_rule, title, Severity.WARNING, source)


def _rule(title: str, severity: Severity, source: str, check: Check) -> Rule:
    return Rule(check.__name__.replace("_", "-"), title, severity, source, check)


def secret_keys(blueprint: Blueprint, vault: Vault) -> dict[str, frozenset[str]]:
    """Return the keys of each secret with a known value, by ARN. There are none if the value is not
    a JSON object. Secrets that a person sets are left out."""
    found = {
        cluster.master_secret_arn: _OF_RDS
        for cluster in blueprint.database_clusters
        if cluster.master_secret_arn
    }
    for secret in blueprint.secrets:
        value = vault.get(secret.arn)
        if value is not None:
            found[secret.arn] = _keys(value)
    return found


def _keys(value: str) -> frozenset[str]:
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(document) if isinstance(document, dict) else frozenset()
