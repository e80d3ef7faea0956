"""Alarms for people to read, and a rehearsal's result for CI."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

_ROWS = 10
_BARS = "▁▂▃▄▅▆▇█"


def pace(compression: int) -> str:
    """Say how long a minute is, if it is compressed."""
    return f"time is compressed: a minute takes {60 / compression:g} s" if compression > 1 else ""


def acknowledged(state: Mapping[str, Any]) -> str:
    """Who works on an alarm, and since when; or nothing."""
    by, at = state["acknowledged_by"], state["acknowledged_at"]
    return f"acknowledged by {by} at {_clock(at)}: " if by else ""


def _clock(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment)) if moment else "-"


def render_list(found: Mapping[str, Any]) -> str:
    """One line for each alarm, those in ALARM first."""
    order = {"ALARM": 0, "INSUFFICIENT_DATA": 1, "OK": 2}
    alarms = sorted(found["alarms"], key=lambda one: (order[one["state"]], one["name"]))
    if not alarms:
        return "the definitions have no alarm"
    width = max(len(one["name"]) for one in alarms)
    lines = [pace(found["compression"])] if found["compression"] > 1 else []
    for one in alarms:
        why = f"not evaluated: {one['problem']}" if one["problem"] else one["reason"]
        why = f"{acknowledged(one)}{why}"
        lines.append(f"{one['state']:17}  {one['name']:{width}}  {_clock(one['since'])}  {why}")
    if found["not_measured"]:
        lines.append(f"no part measures {', '.join(found['not_measured'])}")
    return "\n".join(lines)


def render_alarm(found: Mapping[str, Any]) -> str:
    """Show an alarm's metrics, its graph, its state and its actions."""
    alarm, state = found["alarm"], found["state"]
    lines = [f"{alarm['name']}: {state['value']} since {_clock(state['since'])}",
             f"{acknowledged(state)}{state['reason']}"]  # fmt: skip
    if found["problem"]:
        lines.append(f"not evaluated: {found['problem']}")
    if alarm["description"]:
        lines += ["", alarm["description"]]
    lines += ["", *_rule(found)]
    if found["compression"] > 1:
        lines.append(pace(found["compression"]))
    if any(value is not None for value in found["points"]["values"]):
        lines += ["", *graph(found["points"]["values"], alarm["threshold"])]
        first = found["points"]["starts"][0]
        lines.append(f"  from {_clock(first)} to {_clock(found['now'])}")
    elif found["kind"] == "metric":
        lines += ["", "no data yet"]
    for name in ("alarm_actions", "ok_actions", "insufficient_data_actions"):
        if alarm[name]:
            lines.append(f"{name.replace('_', ' ')}: {', '.join(alarm[name])}")
    if not alarm["actions_enabled"]:
        lines.append("its actions are not enabled")
    return "\n".join(lines)


def _rule(found: Mapping[str, Any]) -> list[str]:
    alarm = found["alarm"]
    if found["kind"] == "composite":
        return [f"rule: {alarm['rule']}"]
    lines = [
        (
            f"{alarm['datapoints_to_alarm']} of {alarm['evaluation_periods']} data points of"
            f" {found['period']} s: {alarm['comparison']} {alarm['threshold']},"
            f" missing data {alarm['treat_missing_data']}"
        )
    ]
    if alarm["metric"]:
        lines.append(_metric(alarm["metric"]))
    for query in alarm["queries"]:
        what = _metric(query["metric"]) if query["metric"] else query["expression"]
        lines.append(f"{query['id']} = {what}")
    return lines


def _metric(metric: Mapping[str, Any]) -> str:
    dimensions = ", ".join(f"{name}={value}" for name, value in metric["dimensions"])
    return f"{metric['statistic']} of {metric['namespace']} {metric['name']} ({dimensions})"


def graph(values: Sequence[float | None], threshold: float | None) -> list[str]:
    """Draw a column for each data point, `·` where it is missing, and the threshold as a line."""
    known = [value for value in values if value is not None]
    marks = known if threshold is None else [*known, threshold]
    low, high = min([0.0, *marks]), max(marks)
    height = (high - low) or 1.0
    at = None if threshold is None else round((threshold - low) / height * (_ROWS - 1))
    lines = []
    for row in range(_ROWS - 1, -1, -1):
        line = "".join(_cell(value, low, height, row, line_here=row == at) for value in values)
        label = high if row == _ROWS - 1 else low if row == 0 else None
        if row == at:
            label = threshold
        lines.append(f"{'' if label is None else f'{label:.6g}':>12} ┤{line}")
    return lines


def _cell(value: float | None, low: float, height: float, row: int, *, line_here: bool) -> str:
    empty = "─" if line_here else " "
    if value is None:
        return "·" if row == 0 else empty
    filled = (value - low) / height * _ROWS - row
    if filled >= 1:
        return _BARS[-1]
    if filled > 0:
        return _BARS[int(filled * len(_BARS))]
    return _BARS[0] if row == 0 else empty


def render_history(found: Mapping[str, Any]) -> str:
    """Show the history, the newest entry first."""
    lines = [pace(found["compression"])] if found["compression"] > 1 else []
    lines += [
        f"{_clock(item['time'])}  {item['kind']:19}  {item['summary']}" for item in found["items"]
    ]
    return "\n".join(lines) or "nothing yet"


def render_results(results: Sequence[Mapping[str, Any]]) -> str:
    """Show each alarm with its cause, its times and its messages, and the count last."""
    lines = ["while it is rehearsed, an alarm's period takes a second, or a few"]
    for one in results:
        word = "FAILED" if not one["both_ways"] else "NOT SHOWN" if one["not_shown"] else "ok"
        lines += ["", f"{word}  {one['name']}"]
        kind = "injected" if one["injected"] else "real"
        lines.append(f"  {kind} cause: {one['cause'] or '-'}")
        if one["alarm_at"]:
            word = "event" if one["kind"] == "rule" else "ALARM"
            lines.append(f"  {word} {_clock(one['alarm_at'])}  {one['alarm_reason']}")
        if one["ok_at"]:
            lines.append(f"  OK    {_clock(one['ok_at'])}  {one['ok_reason']}")
        for sent in one["messages"]:
            end = f" failed: {sent['problem']}" if sent["problem"] else ""
            lines.append(f"  sent to {sent['action']}: {sent['subject']}{end}")
        lines += [
            f"  Slack, {1000 * came['after']:.0f} ms later: {came['text']}" for came in one["slack"]
        ]
        if one["problem"]:
            lines.append(f"  {one['problem']}")
        if one["not_shown"]:
            lines.append(f"  not shown: {one['not_shown']}")
    return "\n".join([*lines, "", *_summary(results)])


def _summary(results: Sequence[Mapping[str, Any]]) -> list[str]:
    alarms = [one for one in results if one["kind"] == "alarm"]
    rules = [one for one in results if one["kind"] == "rule"]
    done = sum(one["both_ways"] for one in alarms)
    real = sum(one["both_ways"] and not one["injected"] for one in alarms)
    lines = []
    if alarms:
        lines.append(f"{done} of {len(alarms)} alarms went to ALARM and back to OK:")
        lines[-1] += f" {real} by a real cause, {done - real} by injected data"
    if unshown := sum(bool(one["not_shown"]) for one in results):
        lines.append(f"{unshown} of them all did not show what they should: see `not shown`")
    if rules:
        reached = sum(one["both_ways"] for one in rules)
        lines.append(f"{reached} of {len(rules)} rules passed an event on to a target")
    times = sorted(came["after"] for one in alarms for came in one["slack"])
    if times:
        middle, late = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))]
        lines.append(
            f"{len(times)} messages came to Slack, after p50 {1000 * middle:.0f} ms and"
            f" p99 {1000 * late:.0f} ms"
        )
    return lines


def junit_xml(results: Sequence[Mapping[str, Any]]) -> str:
    """One test case for each alarm."""
    failed = sum(not one["both_ways"] for one in results)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuite name="bonkei alarm rehearse" tests="{len(results)}" failures="{failed}">',
    ]
    for one in results:
        begun = one["alarm_at"] or 0
        seconds = max(0.0, (one["ok_at"] or begun) - begun)
        name = quoteattr(one["name"])
        lines.append(f'  <testcase classname="alarm" name={name} time="{seconds:.3f}">')
        if not one["both_ways"]:
            lines.append(f"    <failure message={quoteattr(one['problem'])}/>")
        elif one["not_shown"]:
            lines.append(f"    <skipped message={quoteattr('not shown: ' + one['not_shown'])}/>")
        said = "\n".join(filter(None, (one["cause"], one["alarm_reason"], one["ok_reason"])))
        lines += [f"    <system-out>{escape(said)}</system-out>", "  </testcase>"]
    return "\n".join([*lines, "</testsuite>", ""])
