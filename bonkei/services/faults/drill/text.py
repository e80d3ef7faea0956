"""A report for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def render(report: Mapping[str, Any]) -> str:
    """The text of a report, which is given in its JSON form."""
    return "\n".join(_lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    yield report["name"] + (
        f" (broken off: {report['broken_off']})" if report["broken_off"] else ""
    )
    yield ""
    yield f"  {'':8}  {'requests':>8}  {'failed':>14}  {'50 %':>8}  {'95 %':>8}  {'99 %':>8}"
    for phase in report["phases"]:
        failed = f"{phase['failed']}"
        if phase["requests"]:
            failed += f" ({phase['failed'] / phase['requests'] * 100:.1f} %)"
        times = "  ".join(f"{_ms(phase[key]):>8}" for key in ("p50", "p95", "p99"))
        yield f"  {phase['name']:8}  {phase['requests']:>8}  {failed:>14}  {times}"
    yield ""
    for why, count in sorted(report["failures"].items(), key=lambda one: -one[1]):
        yield f"  failed: {count} × {why}"
    for fault in report["faults"]:
        yield f"  {_fault(fault)}"
    for alarm in report["alarms"]:
        back = "not back yet" if alarm["ok"] is None else f"back after {alarm['ok']:.0f} s"
        yield f"  {alarm['at']:>5.0f} s  alarm {alarm['name']} rang, {back}"
    if not report["alarms"]:
        yield "  no alarm rang"
    yield f"  {_recovery(report)}"
    if report["verdicts"]:
        yield ""
    for verdict in report["verdicts"]:
        sign = "✓" if verdict["met"] else "✗"
        yield f"  {sign} {verdict['what']}: {verdict['wanted']}; {verdict['found']}"


def _fault(fault: Mapping[str, Any]) -> str:
    when = f"{fault['begins']:>5.0f} s  {fault['words']}"
    if fault["problem"]:
        return f"{when} could not begin: {fault['problem']}"
    length = (fault["ends"] or fault["begins"]) - fault["begins"]
    lasted = f", {length:.0f} s" if length >= 1 else ""
    return f"{when}{lasted}: {', '.join(fault['touches']) or 'nothing'}"


def _recovery(report: Mapping[str, Any]) -> str:
    if not report["disturbed"]:
        return "visitors noticed nothing"
    count = report["disturbed"]
    noticed = f"visitors noticed it in {count} second{'s' * (count != 1)}"
    if report["recovery"] is None:
        return f"{noticed}; it had not recovered at the end"
    return (
        f"{noticed}; everything was healthy again {report['recovery']:.0f} s after the first fault"
    )


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"
