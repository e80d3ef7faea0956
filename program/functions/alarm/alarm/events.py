"""The topic's messages as typed values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Severity(StrEnum):
    """What an event asks of people. An alarm's description begins with it, in brackets: of an
    alarm's tags, CloudWatch's notification has none."""

    PAGE = "Page"  # someone acts now, at night too
    TICKET = "Ticket"  # someone acts in working hours
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm changed its state; `at` is the time as CloudWatch writes it."""

    name: str
    description: str
    state: State
    old_state: State
    reason: str
    arn: str
    account: str
    at: str
    metric: str = ""
    namespace: str = ""
    statistic: str = ""
    comparison: str = ""
    threshold: float | None = None
    period: int = 60  # seconds
    periods: int = 1
    dimensions: tuple[tuple[str, str], ...] = ()
    severity: Severity = Severity.UNKNOWN
    children: tuple[str, ...] = ()  # of a composite alarm: those in ALARM that decided it

    @property
    def time(self) -> datetime | None:
        """When it changed; None if that is not a time."""
        try:
            return datetime.strptime(self.at, "%Y-%m-%dT%H:%M:%S.%f%z")
        except ValueError:
            return None

    @property
    def value(self) -> str:
        """The latest datapoint, as the reason has it; empty if it has none."""
        found = re.search(r"\[(-?[\d.]+(?:E-?\d+)?) \(", self.reason)
        return number(float(found[1])) if found else ""

    @property
    def region(self) -> str:
        """Its code. The notification's own `Region` is a display name."""
        parts = self.arn.split(":")
        return parts[3] if len(parts) > 3 else ""


@dataclass(frozen=True, slots=True)
class PipelineFailure:
    """A pipeline's execution, or one stage or action of it, failed. `log`: the address of the
    output, such as a build's, if CodePipeline sends one. `is_approval`: a person said no, or no
    answer came in time."""

    pipeline: str
    execution: str
    state: str
    stage: str
    action: str
    summary: str
    log: str
    account: str
    region: str
    at: str
    is_approval: bool = False


@dataclass(frozen=True, slots=True)
class PipelineWaits:
    """A pipeline waits for a manual approval; `summary` describes it, if CodePipeline sends one.

    CodePipeline's message also has the approval's token and links. They are left out: a message in
    a channel needs neither.
    """

    pipeline: str
    execution: str
    stage: str
    summary: str
    account: str
    region: str
    until: str


@dataclass(frozen=True, slots=True)
class BackupFailure:
    """A job of AWS Backup failed. `kind`: Backup or Copy. `resource`: what it should have kept."""

    kind: str
    state: str
    resource: str
    reason: str
    account: str
    region: str
    at: str


@dataclass(frozen=True, slots=True)
class Unrecognized:
    """Any other message. It is posted unchanged: an unknown notification must not get lost."""

    subject: str
    text: str


Event = AlarmChange | PipelineFailure | PipelineWaits | BackupFailure | Unrecognized


def parse(text: str, *, subject: str = "") -> Event:
    """`text` is the SNS message: a CloudWatch alarm's notification, an EventBridge event, or a
    CodePipeline approval's notification.

    Their formats: "Amazon SNS notification: alarm state change" in the CloudWatch User Guide,
    "CodePipeline events reference" and "JSON data format for manual approval notifications" in the
    CodePipeline User Guide, and "Monitoring AWS Backup events using Amazon EventBridge" in the AWS
    Backup Developer Guide, on docs.aws.amazon.com.
    """
    try:
        document = json.loads(text)
        if "AlarmName" in document:
            return _alarm(document)
        if "approval" in document:
            return _approval(document)
        if document.get("source") == "aws.codepipeline":
            category = document["detail"].get("type", {}).get("category")
            waits = category == "Approval" and document["detail"]["state"] == "STARTED"
            return _waits(document) if waits else _pipeline(document)
        if document.get("source") == "aws.backup":
            return _backup(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return Unrecognized(subject, text)


def _alarm(document: Mapping[str, Any]) -> AlarmChange:
    severity, description = _severity(document.get("AlarmDescription") or "")
    return AlarmChange(
        name=document["AlarmName"],
        description=description,
        state=State(document["NewStateValue"]),
        old_state=State(document["OldStateValue"]),
        reason=document.get("NewStateReason") or "",
        arn=document.get("AlarmArn") or "",
        account=document.get("AWSAccountId") or "",
        at=document.get("StateChangeTime") or "",
        severity=severity,
        children=tuple(
            each["Arn"].rpartition(":alarm:")[2]
            for each in document.get("TriggeringChildren") or ()
            if each["State"]["Value"] == State.ALARM
        ),
        **_trigger(document.get("Trigger") or {}),
    )


def _severity(description: str) -> tuple[Severity, str]:
    """`[page] It is down.`: the severity, and the rest."""
    found = re.match(r"\[(page|ticket)\] ", description)
    if found is None:
        return Severity.UNKNOWN, description
    return Severity(found[1].capitalize()), description[found.end() :]


def _trigger(trigger: Mapping[str, Any]) -> dict[str, Any]:
    """The subject of the alarm. An alarm on an expression names no metric."""
    return {
        "metric": trigger.get("MetricName") or "",
        "namespace": trigger.get("Namespace") or "",
        "statistic": trigger.get("ExtendedStatistic") or _statistic(trigger.get("Statistic") or ""),
        "comparison": trigger.get("ComparisonOperator") or "",
        "threshold": None if trigger.get("Threshold") is None else float(trigger["Threshold"]),
        "period": int(trigger.get("Period") or 60),
        "periods": int(trigger.get("EvaluationPeriods") or 1),
        "dimensions": tuple(
            (str(each["name"]), str(each["value"])) for each in trigger.get("Dimensions") or ()
        ),
    }


def _statistic(loud: str) -> str:
    """`SampleCount` of `SAMPLE_COUNT`, as the graph's address needs it."""
    return loud.title().replace("_", "")


def number(value: float) -> str:
    """A number as a person writes it: 3, 0.25, 1,234,567."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def _waits(document: Mapping[str, Any]) -> PipelineWaits:
    detail = document["detail"]
    return PipelineWaits(
        pipeline=detail["pipeline"],
        execution=detail.get("execution-id", ""),
        stage=detail.get("stage", ""),
        summary="",
        account=document.get("account", ""),
        region=document.get("region", ""),
        until="",
    )


def _approval(document: Mapping[str, Any]) -> PipelineWaits:
    approval = document["approval"]
    return PipelineWaits(
        pipeline=approval["pipelineName"],
        execution="",
        stage=approval.get("stageName") or "",
        summary=approval.get("customData") or "",
        account="",
        region=document.get("region") or "",
        until=approval.get("expires") or "",
    )


def _pipeline(document: Mapping[str, Any]) -> PipelineFailure:
    detail = document["detail"]
    result = detail.get("execution-result") or {}
    return PipelineFailure(
        pipeline=detail["pipeline"],
        execution=detail.get("execution-id", ""),
        state=detail["state"],
        stage=detail.get("stage", ""),
        action=detail.get("action", ""),
        summary=result.get("external-execution-summary") or "",
        log=result.get("external-execution-url") or "",
        account=document.get("account", ""),
        region=document.get("region", ""),
        at=document.get("time", ""),
        is_approval=(detail.get("type") or {}).get("category") == "Approval",
    )


def _backup(document: Mapping[str, Any]) -> BackupFailure:
    detail = document["detail"]
    return BackupFailure(
        kind=document["detail-type"].partition(" ")[0],
        state=detail["state"],
        resource=detail.get("resourceArn") or "",
        reason=detail.get("statusMessage") or "",
        account=document.get("account", ""),
        region=document.get("region", ""),
        at=document.get("time", ""),
    )
