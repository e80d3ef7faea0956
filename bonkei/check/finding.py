"""What a rule finds, and what is told about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Severity(Enum):
    """An `ERROR` breaks on AWS, stays silent there or lets somebody in; a `WARNING` is a risk, or
    may be meant so."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule's own words: which resource (and which of its arguments), what, and what to do."""

    address: str
    message: str
    remedy: str
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its rule and its place in the definitions.

    `file` is None when the definitions do not hold the resource (a module from elsewhere); `line`
    counts from 1. `allowed` is the reason that the definitions themselves give for it.
    """

    rule: str
    severity: Severity
    address: str
    message: str
    remedy: str
    source: str
    file: Path | None = None
    line: int = 1
    allowed: str = ""


def exit_code(findings: tuple[Finding, ...]) -> int:
    """1 when there is an error for which the definitions give no reason; a warning is none."""
    return int(any(f.severity is Severity.ERROR and not f.allowed for f in findings))
