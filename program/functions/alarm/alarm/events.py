"""What comes through the topic, as typed values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


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

    @property
    def region(self) -> str:
        """Its code. The notification's own `Region` is a display name."""
        parts = self.arn.split(":")
        return parts[3] if len(parts) > 3 else ""


@dataclass(frozen=True, slots=True)
class PipelineFailure:
    """A pipeline's execution, or one stage or action of it, failed."""

    pipeline: str
    execution: str
    state: str
    stage: str
    action: str
    summary: str
    account: str
    region: str
    at: str


@dataclass(frozen=True, slots=True)
class Unrecognized:
    """Anything else. It is told as it is: a notification must not get lost for being new."""

    subject: str
    text: str


Event = AlarmChange | PipelineFailure | Unrecognized


def parse(text: str, *, subject: str = "") -> Event:
    """`text` is the SNS message: a CloudWatch alarm's notification, or an EventBridge event.

    Their formats: "Amazon SNS notification: alarm state change" in the CloudWatch User Guide, and
    "CodePipeline events reference" in the CodePipeline User Guide, on docs.aws.amazon.com.
    """
    try:
        document = json.loads(text)
        if "AlarmName" in document:
            return _alarm(document)
        if document.get("source") == "aws.codepipeline":
            return _pipeline(document)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return Unrecognized(subject, text)


def _alarm(document: Mapping[str, Any]) -> AlarmChange:
    return AlarmChange(
        name=document["AlarmName"],
        description=document.get("AlarmDescription") or "",
        state=State(document["NewStateValue"]),
        old_state=State(document["OldStateValue"]),
        reason=document.get("NewStateReason") or "",
        arn=document.get("AlarmArn") or "",
        account=document.get("AWSAccountId") or "",
        at=document.get("StateChangeTime") or "",
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
        account=document.get("account", ""),
        region=document.get("region", ""),
        at=document.get("time", ""),
    )
