"""The rules and schedules: those of the definitions, and those made by calls. The latter are on
disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.blueprint.sns import EventRule

MOST = 300
"""The most rules on an event bus ("Amazon EventBridge quotas")."""


class Catalogue:
    """The rules by ARN. A rule made by a call survives a restart. If a call changes a declared
    rule, the rule is as declared again once the definitions are followed. A change that the disk
    refuses has not happened (OSError)."""

    def __init__(self) -> None:
        self._rules: dict[str, EventRule] = {}
        self._declared: frozenset[str] = frozenset()
        self._file: Path | None = None
        self.groups: frozenset[str] = frozenset({"default"})
        """Schedule groups."""

    def open(self, file: Path) -> None:
        """Load the rules of earlier processes. Raises DamagedError."""
        self._file = file
        without = "or remove it: rules that calls made are forgotten"
        made, groups = kept.read_json(file, _read_all, without) or ([], ())
        self.groups |= frozenset(groups)
        self._rules = {rule.arn: rule for rule in made} | self._rules

    def follow(self, declared: Iterable[EventRule]) -> None:
        """Follow the definitions: their present rules are added, removed ones go."""
        wanted = {rule.arn: rule for rule in declared}
        made = {arn: rule for arn, rule in self._rules.items() if arn not in self._declared}
        self._rules = made | wanted
        self._declared = frozenset(wanted)
        if made.keys() & wanted.keys():
            self._keep(self._rules, self.groups)

    @property
    def rules(self) -> tuple[EventRule, ...]:
        """The rules by name."""
        return tuple(sorted(self._rules.values(), key=lambda rule: (rule.name, rule.arn)))

    def find(self, arn: str) -> EventRule | None:
        return self._rules.get(arn)

    def put(self, rule: EventRule) -> None:
        self._keep({**self._rules, rule.arn: rule}, self.groups)

    def remove(self, arn: str) -> None:
        """A missing one is not an error."""
        if arn in self._rules:
            self._keep({each: one for each, one in self._rules.items() if each != arn}, self.groups)

    def set_groups(self, groups: frozenset[str]) -> None:
        """Schedule groups, the default one among them."""
        self._keep(self._rules, groups)

    def _keep(self, rules: dict[str, EventRule], groups: frozenset[str]) -> None:
        if self._file is not None:
            made = [asdict(rule) for arn, rule in rules.items() if arn not in self._declared]
            self._file.parent.mkdir(parents=True, exist_ok=True)
            kept.write_json(self._file, {"rules": made, "groups": sorted(groups)})
        self._rules, self.groups = rules, groups


def _read_all(found: dict[str, Any]) -> tuple[list[EventRule], list[str]]:
    return [_read(one) for one in found["rules"]], list(found["groups"])


def _read(given: dict[str, Any]) -> EventRule:
    """Earlier versions kept only two of a task's parameters, by names of their own."""
    for target in given["deliveries"]:
        definition, count = target.get("task_definition_arn"), target.get("task_count", 1)
        if definition:
            target["ecs"] = {"TaskDefinitionArn": definition, "TaskCount": count}
    return kept.load(EventRule, given)
