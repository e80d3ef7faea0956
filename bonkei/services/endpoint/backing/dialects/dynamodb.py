"""DynamoDB's words where MiniStack has others.

Source: what AWS answers to the same calls. Many refusals of PutItem, UpdateItem, DeleteItem and
Query begin with "1 validation error detected: "; those of Scan do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.services.endpoint.calls.request import Call
from bonkei.services.endpoint.errors import Answer

_DETECTED = "1 validation error detected: "
_COUNTED = frozenset({"DeleteItem", "PutItem", "Query", "UpdateItem"})
_PLAIN = re.compile(
    r"Value provided in ExpressionAttributeNames unused in expressions: .*"
    r"|One or more parameter values were invalid: An \w+ set  may not be empty"
    r"|ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
    r"|Cannot specify the ProjectionExpression when choosing to get .*"
    r"|Invalid UpdateExpression: The expression can not be empty;"
)
_WORDS = (
    (
        r"(ExpressionAttribute(?:Names|Values) can only be specified when using expressions): .*",
        r"\1",
    ),
    (
        r"Requested resource not found: ResourceArn: \S+:table/(\S+) not found",
        r"Requested resource not found: Table: \1 not found",
    ),
    (
        r"No resource-based policy found for resource (\S+)",
        r"Resource-based policy not found for the provided ResourceArn: \1",
    ),
)


def refused(call: Call, body: bytes) -> Answer | None:
    """The error, if it has other words."""
    try:
        error = json.loads(body)
    except ValueError:
        return None
    message = words = str(error.get("message", ""))
    if call.operation in _COUNTED and _PLAIN.fullmatch(message):
        words = _DETECTED + message
    for pattern, said in _WORDS:
        words = re.sub(rf"^{pattern}$", said, words)
    if words == message:
        return None
    head = ("x-amzn-errortype", str(error.get("__type", "")).rpartition("#")[2])
    content = json.dumps(error | {"message": words}).encode()
    return Answer(400, content, (("content-type", "application/x-amz-json-1.0"), head))


def answered(call: Call, body: bytes) -> Answer | None:
    """A table's description, if it lacks something: "TableDescription" in the Amazon DynamoDB API
    Reference, and "warm throughput" of the developer guide for what an on-demand table starts
    with."""
    if call.operation != "DescribeTable":
        return None
    content = json.loads(body)
    table = content["Table"]
    units = table.setdefault("ProvisionedThroughput", {})
    for each in (units, *(one.get("ProvisionedThroughput", {}) for one in _indexes(table))):
        each.setdefault("NumberOfDecreasesToday", 0)
    summary = table.get("BillingModeSummary", {})
    on_demand = summary.get("BillingMode") == "PAY_PER_REQUEST"
    if on_demand:
        summary.setdefault("LastUpdateToPayPerRequestDateTime", table.get("CreationDateTime"))
    else:  # what has always been provisioned does not say so
        table.pop("BillingModeSummary", None)
    table["WarmThroughput"] = {
        "ReadUnitsPerSecond": 12_000 if on_demand else units.get("ReadCapacityUnits", 0),
        "WriteUnitsPerSecond": 4_000 if on_demand else units.get("WriteCapacityUnits", 0),
        "Status": "ACTIVE",
    }
    head = ("content-type", "application/x-amz-json-1.0")
    return Answer(200, json.dumps(content).encode(), (head,))


def _indexes(table: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    return table.get("GlobalSecondaryIndexes") or ()
