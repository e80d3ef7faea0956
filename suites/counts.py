"""What a suite said: values, and their form in JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Of one test. NOT_APPLICABLE: it needs what the miniature says it does not simulate, or what
    the suite itself leaves out."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Case:
    """One test. `part`: the service it is about. `why`: the first sign of a failure, or what is not
    simulated. `differences`: of answers and their recordings, if it has any."""

    part: str
    name: str
    verdict: Verdict
    why: str = ""
    differences: tuple[Sequence[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one part of a suite."""

    part: str
    passed: int
    failed: int
    not_applicable: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one run of a suite."""

    suite: str
    commit: str
    date: str
    seconds: int
    parts: tuple[Counts, ...]
    failures: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def counted(cases: Iterable[Case]) -> tuple[Counts, ...]:
    """By part, in the order of their names."""
    counts = Counter((case.part, case.verdict) for case in cases)
    return tuple(
        Counts(part, *(counts[part, verdict] for verdict in Verdict))
        for part in sorted({part for part, _ in counts})
    )


def failures(cases: Sequence[Case]) -> dict[str, str]:
    """The tests that failed, and why."""
    return {case.name: case.why for case in cases if case.verdict is Verdict.FAILED}
