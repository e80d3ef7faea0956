"""The destinations of a function's results and failures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import Aws, AwsServiceError, RoleSession, invocation, queue_url
from bonkei.services.lambda_.sources.queue import SESSION


class Destinations:
    """Calls of other services, with the function's role (`waiting.Deliver`)."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def __call__(
        self, role_arn: str, target: str, body: Any, attributes: Mapping[str, str]
    ) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        named = {
            name: {"DataType": "Number" if name == "ErrorCode" else "String", "StringValue": value}
            for name, value in attributes.items()
        }
        given: Mapping[str, Any]
        match Arn.of(target).service:
            case "sqs" as service:
                operation = "SendMessage"
                given = {
                    "QueueUrl": queue_url(target),
                    "MessageBody": text,
                    "MessageAttributes": named,
                }
            case "sns" as service:
                operation = "Publish"
                given = {"TopicArn": target, "Message": text, "MessageAttributes": named}
            case "lambda" as service:
                operation, given = "Invoke", invocation(target, text.encode())
            case "events" as service:
                operation, given = "PutEvents", {"Entries": [_event(target, body)]}
            case other:
                raise AwsServiceError("Unsupported", f"nothing is delivered to {other} here")
        role = RoleSession(role_arn, SESSION)
        await self._aws.call(role, service, operation, given, Arn.of(target).region)


def _event(bus: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event of an invocation's result."""
    condition = record["requestContext"]["condition"]
    result = "Success" if condition == "Success" else "Failure"
    return {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {result}",
        "Resources": [bus, record["requestContext"]["functionArn"]],
        "Detail": json.dumps(record),
        "EventBusName": bus,
    }
