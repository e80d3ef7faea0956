"""A rule's results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Severity(Enum):
    """An `ERROR` breaks on AWS, stays silent there or lets an intruder in; a `WARNING` is a risk,
    or may be intended."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule's result: the resource (and its argument), the problem and the remedy."""

    address: str
    message: str
    remedy: str
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its rule and its place in the definitions.

    `file` is None for a resource outside the definitions (a module from elsewhere); `line` counts
    from 1. `allowed` is the reason of an allowed exception.
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
    """1 if an error is not allowed by the definitions, else 0. Warnings do not count."""
    return int(any(f.severity is Severity.ERROR and not f.allowed for f in findings))
