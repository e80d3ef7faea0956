"""Runs the rules and finds the place of each finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bonkei.analysis.check.finding import Finding, Problem
from bonkei.analysis.check.program import Program
from bonkei.analysis.check.rules import RULES
from bonkei.analysis.check.subject import Rule, Subject
from bonkei.blueprint import Blueprint
from bonkei.blueprint.state import natural
from bonkei.definitions.sources import Sources


def run(
    blueprint: Blueprint,
    definitions: Path,
    programs: Mapping[str, Program] | None = None,
    rules: Iterable[Rule] = RULES,
    secret_keys: Mapping[str, frozenset[str]] | None = None,
) -> tuple[Finding, ...]:
    """Every finding of every rule, by file and line.

    `definitions` is the root module's folder; `programs` by the container's name,
    `secret_keys` by the secret's ARN.
    """
    subject = Subject(blueprint, programs or {}, secret_keys or {})
    files = Sources(definitions.resolve())
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
