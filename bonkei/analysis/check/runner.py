"""Runs the rules at their levels, and finds the place of each finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from bonkei.analysis.check.finding import Finding, Problem, Severity
from bonkei.analysis.check.handler import why_it_has_no_handler
from bonkei.analysis.check.program import Program
from bonkei.analysis.check.rules import RULES
from bonkei.analysis.check.subject import Rule, Subject
from bonkei.base.errors import BonkeiError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.state import natural
from bonkei.definitions.sources import Sources


def run(
    blueprint: Blueprint,
    definitions: Path,
    programs: Mapping[str, Program] | None = None,
    rules: Iterable[Rule] = RULES,
    secret_keys: Mapping[str, frozenset[str]] | None = None,
    base: Path | None = None,
) -> tuple[Finding, ...]:
    """Return every finding of every rule, by file and line.

    `definitions` is the root module's folder; `programs` by the container's name,
    `secret_keys` by the secret's ARN. `base`: where relative names of files begin, if not there.
    """
    files = Sources(definitions.resolve())
    subject = Subject(
        blueprint,
        programs or {},
        secret_keys or {},
        lambda address: files.ignored(address) if files.is_written(address) else None,
        lambda function: why_it_has_no_handler(function, base or definitions),
    )
    found = {_finding(rule, problem, files) for rule in rules for problem in rule.check(subject)}
    return tuple(sorted(found, key=_order))


def _finding(rule: Rule, problem: Problem, files: Sources) -> Finding:
    place = files.place(problem.address, problem.attribute)
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        address=problem.address,
        message=problem.message,
        remedy=problem.remedy,
        source=rule.source,
        file=place.file if place else None,
        line=place.line if place else 1,
        allowed=place.reason(rule.id) if place else "",
    )


def _order(finding: Finding) -> tuple[object, ...]:
    return (
        str(finding.file or ""),
        finding.line,
        natural(finding.address),
        finding.rule,
        finding.message,
    )


class LevelError(BonkeiError):
    """The settings name an unknown rule."""


def with_levels(rules: Iterable[Rule], levels: Mapping[str, str], place: str) -> tuple[Rule, ...]:
    """Return the rules that are not `off`, with their levels. `levels` maps a rule's name to off,
    warning or error. `place` is the source of the levels, for LevelError."""
    rules = tuple(rules)
    known = [rule.id for rule in rules]
    for name in levels:
        if name not in known:
            close = get_close_matches(name, known, 1)
            raise LevelError(
                f"{place}: `{name}` is not a rule",
                remedy=f"write {close[0]}" if close else "docs/checks.md lists every rule",
            )
    return tuple(
        replace(rule, severity=Severity(levels.get(rule.id, rule.severity.value)))
        for rule in rules
        if levels.get(rule.id) != "off"
    )
