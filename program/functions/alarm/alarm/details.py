"""Details that a notification lacks: an alarm's past and log records, and what an approver is told.

Nothing here may hold a message back: a detail that cannot be looked up is left out, and logged.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from alarm.clients import client
from alarm.events import AlarmChange, PipelineWaits, State

RECORDS = 3
CHARACTERS = 300  # of a record
_LONGEST = timedelta(days=3)  # for which an alarm's past is looked through
_KINDS = ("MetricAlarm", "CompositeAlarm")  # a call that names none is only about the former
_LATE = timedelta(seconds=30)  # after a change: Lambda tries again after a minute
_PATIENCE = 2.0  # seconds for further pages of records: the function has to end in its time

Call = Callable[..., Mapping[str, Any]]
"""`call(service, operation, region, **parameters)`: boto3's, by the names of its methods."""

_SECRETS = re.compile(
    r"(?i)(https?://)[^\s/@]+@"  # credentials in an address
    r"|(https://hooks\.slack\.com/)\S+"
    r"|(\b(?:password|passwd|secret|token|api[_-]?key|authorization|cookie)\b\"?\s*[:=]\s*)"
    r"(?:bearer\s+|basic\s+)?(?:\"[^\"]*\"|'[^']*'|[^\s,;&}]+)"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]+"  # a JSON web token
)


_FRAME = re.compile(r'\s+File "([^"]+)", line (\d+)')  # of a Python traceback
_LIBRARIES = ("/lib/python", "/site-packages/", "<frozen ")


@dataclass(frozen=True, slots=True)
class Details:
    """`alarmed_at`: since when it is, or was, in ALARM; None: it was not, or it is unknown.
    `records`: the latest that match, shortened and without secrets, from `log_group`. `now`: the
    state that it has since a later change, and when that was, if the notification comes late."""

    alarmed_at: datetime | None = None
    records: tuple[str, ...] = ()
    log_group: str = ""
    pattern: str = ""
    now: tuple[State, datetime] | None = None


def look_up(
    event: AlarmChange,
    call: Call,
    report: Callable[[str], None],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Details:
    """CloudWatch's details of an alarm; `report` is called for missing ones."""
    alarmed_at: datetime | None = None
    now: tuple[State, datetime] | None = None
    group, pattern = "", ""
    records: tuple[str, ...] = ()
    if event.state is not State.ALARM:
        try:
            alarmed_at = _alarmed_at(event, call)
        except Exception as error:
            report(f"the alarm's history: {type(error).__name__}")
    if event.time is not None and clock() - event.time > _LATE:
        try:
            now = _now(event, event.time, clock(), call)
        except Exception as error:
            report(f"the alarm's later history: {type(error).__name__}")
    if event.state is State.ALARM and event.metric:
        try:
            group, pattern, records = _records(event, call)
        except Exception as error:
            report(f"the log's records: {type(error).__name__}")
    return Details(alarmed_at, records, group, pattern, now)


def planned(event: PipelineWaits, call: Call, report: Callable[[str], None]) -> str:
    """What the approver is told, which CodePipeline's event lacks."""
    try:
        found = call(
            "codepipeline", "list_action_executions", event.region, pipelineName=event.pipeline,
            filter={"pipelineExecutionId": event.execution},
        )["actionExecutionDetails"]  # fmt: skip
        (summary,) = {
            one["input"]["resolvedConfiguration"]["CustomData"]
            for one in found
            if (one["stageName"], one["status"]) == (event.stage, "InProgress")
        }
    except Exception as error:
        report(f"what waits for the approval: {type(error).__name__}")
        return event.summary
    return str(summary)


def _alarmed_at(event: AlarmChange, call: Call) -> datetime | None:
    """When the ALARM began that this change ends, or that was there before the data stopped."""
    end = event.time or datetime.now(UTC)
    answer = call(
        "cloudwatch", "describe_alarm_history", event.region, AlarmName=event.name,
        AlarmTypes=_KINDS, HistoryItemType="StateUpdate", StartDate=end - _LONGEST,
        EndDate=end + timedelta(seconds=1), ScanBy="TimestampDescending", MaxRecords=20,
    )  # fmt: skip
    found = None
    for item in answer["AlarmHistoryItems"]:
        change = re.search(r"from (\w+) to (\w+)", item["HistorySummary"])
        at = item["Timestamp"]
        if change is None or at >= end:
            continue
        if change[2] == State.ALARM:
            found = at
        elif change[2] == State.OK:
            break
        if change[1] == State.OK:
            break
    return found


def _now(
    event: AlarmChange, changed: datetime, now: datetime, call: Call
) -> tuple[State, datetime] | None:
    """The latest change after this one, if there is one."""
    answer = call(
        "cloudwatch", "describe_alarm_history", event.region, AlarmName=event.name,
        AlarmTypes=_KINDS, HistoryItemType="StateUpdate",
        StartDate=changed + timedelta(seconds=1), EndDate=now,
        ScanBy="TimestampDescending", MaxRecords=1,
    )  # fmt: skip
    for item in answer["AlarmHistoryItems"]:
        if change := re.search(r"from \w+ to (\w+)", item["HistorySummary"]):
            return State(change[1]), item["Timestamp"]
    return None


def _records(event: AlarmChange, call: Call) -> tuple[str, str, tuple[str, ...]]:
    """The log group, the pattern, and the latest records of a metric that counts records."""
    named = {"metricName": event.metric, "metricNamespace": event.namespace}
    filters = call("logs", "describe_metric_filters", event.region, **named)["metricFilters"]
    end = event.time or datetime.now(UTC)
    start = end - timedelta(seconds=2 * event.period * event.periods + 60)
    until = time.monotonic() + _PATIENCE
    for each in filters:
        group, pattern = each["logGroupName"], each.get("filterPattern", "")
        search = {
            "logGroupName": group, "filterPattern": pattern,
            "startTime": int(start.timestamp() * 1000), "endTime": int(end.timestamp() * 1000),
        }  # fmt: skip
        if latest := _latest(
            search, partial(call, "logs", "filter_log_events", event.region), until
        ):
            return group, pattern, tuple(shorten(one["message"]) for one in latest)
    return (filters[0]["logGroupName"], filters[0].get("filterPattern", ""), ()) if filters else (
        "", "", ()
    )  # fmt: skip


def _latest(search: Mapping[str, Any], page: Call, until: float) -> list[Mapping[str, Any]]:
    """The latest records. A page of FilterLogEvents begins with the earliest, and may be empty
    although there are more."""
    latest: list[Mapping[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        answer = page(**search, **token)
        latest = sorted([*latest, *answer.get("events", ())], key=lambda one: one["timestamp"])
        latest = latest[-RECORDS:]
        if not answer.get("nextToken") or time.monotonic() > until:
            return latest
        token = {"nextToken": answer["nextToken"]}


def shorten(record: str) -> str:
    """A record on one line, without what looks like a secret. In place of a traceback, it ends with
    the traceback's last line, which names the error, and with the file and line that raised it."""
    text, end = _raised(record)
    plain = _plain(text)
    if len(plain) + len(end) <= CHARACTERS:
        return plain + end
    return plain[: CHARACTERS - len(end) - 1] + "…" + end


def _plain(text: str) -> str:
    return " ".join(_SECRETS.sub(_mask, text).split())


def _raised(record: str) -> tuple[str, str]:
    """A record of the program's logger without its traceback, and the end of that: ` ValueError: no
    name, /app/main.py:3`. The line is the innermost one outside libraries."""
    try:
        fields = json.loads(record)
        lines = fields.pop("exception").strip().splitlines()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return record, ""
    frames = [(at, found) for at, line in enumerate(lines) if (found := _FRAME.match(line))]
    after = lines[frames[-1][0] + 1 :] if frames else lines
    error = next((line for line in after if line and not line[0].isspace()), "")
    own = [found for _, found in frames if not any(part in found[1] for part in _LIBRARIES)]
    place = "".join(f", {found[1]}:{found[2]}" for found in own[-1:])
    end = _plain(error)[: CHARACTERS // 2] + place[-CHARACTERS // 3 :]
    return json.dumps(fields, ensure_ascii=False), f" {end}" if end else ""


def _mask(found: re.Match[str]) -> str:
    kept = found[1] or found[2] or found[3] or ""
    return f"{kept}***{'@' if found[1] else ''}"


def call_aws(service: str, operation: str, region: str, **parameters: Any) -> Mapping[str, Any]:
    """A call by boto3, which is quick to give up: the message matters more. `region`: the alarm's,
    since alarms on CloudFront's metrics are in another one than the function."""
    own = os.environ.get("AWS_REGION", "")
    return dict(getattr(client(service, "" if region == own else region), operation)(**parameters))
