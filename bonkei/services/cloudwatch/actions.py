"""The actions of alarms: calls of other services."""

from __future__ import annotations

import json
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import Aws, ServicePrincipal, invocation
from bonkei.base.errors import BonkeiError


class ActionError(BonkeiError):
    """An alarm's action is impossible here."""


class AlarmActions:
    """Calls the services that an alarm's actions name."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def __call__(self, arn: str, subject: str, message: str) -> None:
        """Carry out an alarm's action like CloudWatch: publish to a topic, or call a function. For
        a function, CloudWatch has another name ("Lambda alarm actions")."""
        service, name = Arn.of(arn).service, "cloudwatch.amazonaws.com"
        given: dict[str, Any]
        if service == "sns":
            operation = "Publish"
            given = {"TopicArn": arn, "Subject": subject, "Message": message}
        elif service == "lambda":
            name, operation = f"lambda.alarms.{name}", "Invoke"
            given = invocation(arn, message.encode())
        else:
            raise ActionError(f"actions of {service or arn} are not simulated")
        alarm = ServicePrincipal(name, _alarm_arn(message))
        await self._aws.call(alarm, service, operation, given, Arn.of(arn).region)


def _alarm_arn(message: str) -> str:
    """The ARN of the alarm in a message."""
    try:
        found = json.loads(message)
        return str(found.get("AlarmArn") or found.get("alarmArn", ""))
    except (ValueError, AttributeError, RecursionError):
        return ""
