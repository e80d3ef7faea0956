"""The levels of rules from the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from bonkei.analysis.check.finding import Severity
from bonkei.analysis.check.subject import Rule
from bonkei.base.errors import BonkeiError


class LevelError(BonkeiError):
    """The settings name an unknown rule."""


def with_levels(rules: Iterable[Rule], levels: Mapping[str, str], place: str) -> tuple[Rule, ...]:
    """The rules that are not `off`, with their levels. `levels`: off, warning or error by the
    rule's name. `place`: the source of the levels, for LevelError."""
    rules = tuple(rules)
    known = [rule.id for rule in rules]
    for name in levels:
        if name not in known:
            close = get_close_matches(name, known, 1)
            raise LevelError(
                f"{place}: `{name}` is no rule",
                remedy=f"write {close[0]}" if close else "docs/checks.md lists every rule",
            )
    return tuple(
        replace(rule, severity=Severity(levels.get(rule.id, rule.severity.value)))
        for rule in rules
        if levels.get(rule.id) != "off"
    )
