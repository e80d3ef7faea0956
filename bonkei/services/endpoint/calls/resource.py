"""The resource that a call names, in the caller's own words, for the record of calls."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bonkei.services.endpoint.calls.request import Call, Request, s3_resource

_NAMES = (
    *("TableName", "QueueUrl", "QueueName", "TopicArn", "TargetArn", "SubscriptionArn", "SecretId"),
    *("KeyId", "AliasName", "StreamArn", "FunctionName", "logGroupName", "logGroupIdentifier"),
    *("taskDefinition", "tasks", "task", "service", "services", "cluster", "RoleArn", "AlarmName"),
    *("LoadBalancerArn", "TargetGroupArn", "DBClusterIdentifier", "ResourceArn", "ResourceId"),
    *("Names", "Name", "RequestItems", "Path"),
)
"""Members of requests, the narrower first."""
_PLACES = {name: place for place, name in enumerate(_NAMES)}
_LARGE = 64 * 1024
_FIRST = re.compile(
    rb'"(' + "|".join(_NAMES).encode() + rb')"\s*:\s*"((?:[^"\\]|\\.){1,400})"', re.ASCII
)


def resource_of(call: Call, request: Request, body: bytes) -> str:
    """The ARN, name or URL in the call. Several are joined with commas. Empty if there is none."""
    if call.protocol == "rest-xml":
        return "/".join(part for part in s3_resource(request) if part)
    if call.protocol == "rest-json":
        return request.path
    if call.protocol == "json" and len(body) > _LARGE:
        found = _FIRST.search(body)
        return found[2].decode("utf-8", "replace") if found else ""
    return named_in(_parameters(call, request, body))


def _parameters(call: Call, request: Request, body: bytes) -> Mapping[str, Any]:
    if call.protocol != "json":
        return {**request.parameters, **dict(parse_qsl(body[:_LARGE].decode("latin-1")))}
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def named_in(parameters: Mapping[str, Any]) -> str:
    """The ARN, name or URL among the parameters."""
    for name in sorted(_PLACES.keys() & parameters.keys(), key=_PLACES.__getitem__):
        value = parameters[name]
        if isinstance(value, str) and value:
            return value
        if isinstance(value, list | dict) and value:
            return ",".join(str(each) for each in list(value)[:5])
    return ""
