"""Turns seconds of load, faults and alarms into the effect on visitors, and compares it with the
expectations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from xml.etree import ElementTree as ET

from bonkei.services.faults.drill.latency import add, percentile
from bonkei.services.faults.drill.scenario import Expectations, Scenario

_FEW = 3  # answers; with fewer in a second, its latency means nothing
_TWICE, _MORE = 2.0, 100.0  # a second is slow from twice the usual latency plus 100 ms on


@dataclass(frozen=True, slots=True)
class Second:
    """Requests by the second in which they were due. `failed`: their number by reason. `latency`:
    of the others, in buckets."""

    number: int
    sent: int
    answers: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    latency: Mapping[int, int] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        return sum(self.failed.values())


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault of the drill. Times are in seconds since the drill's begin. `ends` None: it still
    lasts. `problem`: why it could not begin."""

    words: str
    begins: float
    ends: float | None = None
    touches: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Rang:
    """An alarm that changed to ALARM. Times are in seconds since the drill's begin. `ok` None: it
    is not back yet."""

    name: str
    at: float
    ok: float | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """Milliseconds of the answers; None without any."""

    name: str  # before | during | after | all
    seconds: int
    requests: int
    failed: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One expectation."""

    what: str
    wanted: str
    found: str
    met: bool


@dataclass(frozen=True, slots=True)
class Report:
    """`disturbed`: seconds in which a request failed or answers were slow. `recovery`: seconds from
    the first fault's begin to the end of the last such second; None: there is no recovery yet.
    `failures`: their number by reason."""

    name: str
    phases: tuple[Phase, ...]
    failures: Mapping[str, int]
    faults: tuple[Struck, ...]
    alarms: tuple[Rang, ...]
    disturbed: int
    recovery: float | None
    verdicts: tuple[Verdict, ...]
    broken_off: str = ""

    @property
    def met(self) -> bool:
        """Whether all was as expected."""
        return not self.broken_off and all(one.met for one in self.verdicts)


def make_report(
    scenario: Scenario,
    seconds: Iterable[Second],
    faults: Sequence[Struck],
    alarms: Sequence[Rang],
    broken_off: str = "",
) -> Report:
    every = sorted(seconds, key=lambda one: one.number)
    begun = [one for one in faults if not one.problem]
    first = min((one.begins for one in begun), default=float("inf"))
    before = [one for one in every if one.number + 1 <= first]
    bad = _bad(every, _phase("before", before).p95, first)
    recovery = _recovery(every, bad, first)
    if bad and broken_off:
        recovery = None  # it was not observed
    phases = _phases(every, begun, recovery)
    failures = add(one.failed for one in every)
    found = Report(
        scenario.name, phases, failures, tuple(faults), tuple(alarms), len(bad), recovery, (),
        broken_off,
    )  # fmt: skip
    return replace(found, verdicts=tuple(_verdicts(scenario.expect, found)))


def _phases(
    seconds: Sequence[Second], faults: Sequence[Struck], recovery: float | None
) -> tuple[Phase, ...]:
    """`during`: from the first fault's begin until all faults have ended and visitors notice
    nothing."""
    never = float("inf")
    begins = min((one.begins for one in faults), default=never)
    recovered = never if recovery is None else begins + recovery
    last = max((never if one.ends is None else one.ends for one in faults), default=never)
    ends = max(last, recovered)
    before = [one for one in seconds if one.number + 1 <= begins]
    after = [one for one in seconds if one.number >= ends]
    during = [one for one in seconds if one.number + 1 > begins and one.number < ends]
    return (
        _phase("before", before),
        _phase("during", during),
        _phase("after", after),
        _phase("all", seconds),
    )


def _phase(name: str, seconds: Sequence[Second]) -> Phase:
    latency = add(one.latency for one in seconds)
    p50, p95, p99 = (percentile(latency, percent) for percent in (50, 95, 99))
    sent, failed = sum(one.sent for one in seconds), sum(one.failures for one in seconds)
    return Phase(name, len(seconds), sent, failed, p50, p95, p99)


def _bad(seconds: Sequence[Second], usual: float | None, first: float) -> list[int]:
    """Seconds since the first fault in which a request failed or answers were slow against the
    `usual` 95 %."""
    return [
        second.number
        for second in seconds
        if second.number + 1 > first and (second.failures or _is_slow(second, usual))
    ]


def _is_slow(second: Second, usual: float | None) -> bool:
    if usual is None or sum(second.latency.values()) < _FEW:
        return False
    now = percentile(second.latency, 95) or 0.0
    return now > max(usual * _TWICE, usual + _MORE)


def _recovery(seconds: Sequence[Second], bad: Sequence[int], first: float) -> float | None:
    if not bad:
        return 0.0
    if bad[-1] >= seconds[-1].number:
        return None
    return max(0.0, bad[-1] + 1 - first)


def _verdicts(expect: Expectations, report: Report) -> Iterable[Verdict]:
    whole = report.phases[-1]
    if expect.failures is not None:
        share = whole.failed / whole.requests if whole.requests else 0.0
        yield Verdict(
            "failures", f"at most {expect.failures * 100:g} %", f"{share * 100:.2f} %",
            bool(whole.requests) and share <= expect.failures,
        )  # fmt: skip
    if expect.latency is not None:
        found = "no answer" if whole.p99 is None else f"{whole.p99:.0f} ms"
        met = whole.p99 is not None and whole.p99 <= expect.latency * 1000
        yield Verdict("latency, 99 %", f"at most {expect.latency * 1000:.0f} ms", found, met)
    if expect.recovery is not None:
        recovered = report.recovery is not None
        found = f"{report.recovery:.0f} s" if report.recovery is not None else "not recovered"
        met = recovered and (report.recovery or 0.0) <= expect.recovery
        yield Verdict("recovery", f"at most {expect.recovery:g} s", found, met)
    yield from _alarm_verdicts(expect, report)
    for fault in report.faults:
        if fault.problem:
            yield Verdict(fault.words, "begins", fault.problem, False)


def _alarm_verdicts(expect: Expectations, report: Report) -> Iterable[Verdict]:
    rang = {one.name: one for one in report.alarms}
    for name in expect.alarms:
        found = [one for full, one in rang.items() if is_called(full, name)]
        said = f"after {found[0].at:.0f} s" if found else "it did not"
        yield Verdict(f"alarm {name}", "rings", said, bool(found))
    if expect.no_other_alarms:
        others = [full for full in rang if not any(is_called(full, name) for name in expect.alarms)]
        yield Verdict("other alarms", "none", ", ".join(others) or "none", not others)


def is_called(full: str, name: str) -> bool:
    """Whether `name` is the whole name, or its end after `-`."""
    return full == name or full.endswith(f"-{name}")


def junit_xml(report: Mapping[str, Any]) -> str:
    """The JUnit XML of a report, which is given in its JSON form."""
    verdicts = report["verdicts"]
    failed = sum(not one["met"] for one in verdicts)
    suite = ET.Element(
        "testsuite",
        name=f"drill: {report['name']}",
        tests=str(len(verdicts)),
        failures=str(failed),
        errors=str(int(bool(report["broken_off"]))),
    )
    for one in verdicts:
        case = ET.SubElement(suite, "testcase", name=one["what"], classname=report["name"])
        if not one["met"]:
            ET.SubElement(case, "failure", message=f"wanted {one['wanted']}: {one['found']}")
    if report["broken_off"]:
        case = ET.SubElement(suite, "testcase", name="the drill", classname=report["name"])
        ET.SubElement(case, "error", message=report["broken_off"])
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
