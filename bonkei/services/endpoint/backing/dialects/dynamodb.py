"""DynamoDB's words where MiniStack has others.

Source: what AWS answers to the same calls. Many refusals of PutItem, UpdateItem, DeleteItem and
Query begin with "1 validation error detected: "; those of Scan do not.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bonkei.services.endpoint.calls.request import Call
from bonkei.services.endpoint.errors import Answer, ApiError

_DETECTED = "1 validation error detected: "
_CHECKED = frozenset(
    {"BatchGetItem", "CreateTable", "Query", "Scan", "TransactWriteItems", "UpdateItem"}
)
_ALL_NAMES, _ALL_VALUES = "ExpressionAttributeNames", "ExpressionAttributeValues"
_EXPRESSIONS = (
    "ProjectionExpression", "FilterExpression", "KeyConditionExpression", "ConditionExpression",
    "UpdateExpression",
)  # fmt: skip
_SELECTIONS = ("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")
_SECTION = re.compile(r"(?<![#:.\w])(SET|REMOVE|ADD|DELETE)(?=\s)")
_COUNTED = frozenset({"DeleteItem", "PutItem", "Query", "UpdateItem"})
_PLAIN = re.compile(
    r"Value provided in ExpressionAttribute(Names|Values) unused in expressions: .*"
    r"|One or more parameter values were invalid: An \w+ set  may not be empty"
    r"|ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
    r"|Cannot specify the ProjectionExpression when choosing to get .*"
    r"|Invalid UpdateExpression: The expression can not be empty;"
)
_WORDS = (
    (
        "(One or more parameter values were invalid: )ProvisionedThroughput must (be specified .*)",
        r"\1ReadCapacityUnits and WriteCapacityUnits must both \2",
    ),
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


def check(call: Call, body: bytes) -> None:
    """Raises ApiError for expressions that DynamoDB refuses, and MiniStack takes or refuses for
    another reason."""
    if call.operation not in _CHECKED:
        return
    try:
        asked = json.loads(body)
        problem = next(_problems(call.operation, asked), None)
    except (ValueError, AttributeError, TypeError):
        return  # MiniStack says what is wrong with it
    if problem is not None:
        detected = _DETECTED if call.operation == "UpdateItem" else ""
        raise ApiError("ValidationException", detected + problem)


def _problems(operation: str, asked: dict[str, Any]) -> Iterator[str]:
    if operation == "CreateTable":
        yield from _unknown_keys("keySchema", asked.get("KeySchema"))
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            for place, index in enumerate(asked.get(kind) or (), 1):
                start = f"{kind[0].lower()}{kind[1:]}.{place}.member.keySchema"
                yield from _unknown_keys(start, index.get("KeySchema"))
    for each in _parts(operation, asked):
        if operation == "TransactWriteItems":
            empty = (name for name in (_ALL_VALUES, _ALL_NAMES) if each.get(name) == {})
            yield from (f"{name} must not be empty" for name in empty)
        yield from _malformed(each)
        yield from _selections(operation, each)
        if operation in ("BatchGetItem", "UpdateItem") and (unused := _unused_names(each)):
            what = "Value provided in ExpressionAttributeNames unused in expressions"
            yield f"{what}: keys: {{{', '.join(unused)}}}"
        if operation == "UpdateItem":
            yield from _empty_sets(each.get(_ALL_VALUES) or {})


def _unknown_keys(start: str, schema: Sequence[Mapping[str, Any]] | None) -> Iterator[str]:
    for place, key in enumerate(schema or (), 1):
        if (kind := key.get("KeyType", "HASH")) not in ("HASH", "RANGE"):
            what = (
                f"{_DETECTED}Value '{kind}' at '{start}.{place}.member.keyType' failed to satisfy"
            )
            yield f"{what} constraint: Member must satisfy enum value set: [HASH, RANGE]"


def _malformed(asked: dict[str, Any]) -> Iterator[str]:
    for key in asked.get(_ALL_VALUES) or ():
        if not key.startswith(":"):
            yield f'{_ALL_VALUES} contains invalid key: Syntax error; key: "{key}"'
    for name in _EXPRESSIONS:
        if asked.get(name) == "":
            yield f"Invalid {name}: The expression can not be empty;"
    sections = Counter(_SECTION.findall(str(asked.get("UpdateExpression", "")).upper()))
    for section in (name for name, count in sections.items() if count > 1):
        what = f'The "{section}" section can only be used once in an update expression;'
        yield f"Invalid UpdateExpression: {what}"


def _parts(operation: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What has expressions of its own."""
    if operation == "TransactWriteItems":
        for item in asked.get("TransactItems", ()):
            yield from item.values()
    elif operation == "BatchGetItem":
        yield from asked.get("RequestItems", {}).values()
    else:
        yield asked


def _selections(operation: str, asked: dict[str, Any]) -> Iterator[str]:
    select = asked.get("Select")
    if operation not in ("Query", "Scan") or select is None:
        return
    if select not in _SELECTIONS:
        known = ", ".join(_SELECTIONS)
        what = f"{_DETECTED}Value '{select}' at 'select' failed to satisfy constraint"
        yield f"{what}: Member must satisfy enum value set: [{known}]"
    elif select != _SELECTIONS[0] and "AttributesToGet" in asked:
        chosen = "only the Count" if select == "COUNT" else select
        detected = _DETECTED if operation == "Query" else ""
        yield f"{detected}Cannot specify the AttributesToGet when choosing to get {chosen}"


def _unused_names(asked: dict[str, Any]) -> list[str]:
    text = " ".join(str(asked.get(name, "")) for name in _EXPRESSIONS)
    names = asked.get(_ALL_NAMES) or {}
    return [name for name in names if not re.search(rf"{re.escape(name)}(?!\w)", text)]


def _empty_sets(given: dict[str, Any]) -> Iterator[str]:
    for value in given.values():
        for kind, word in (("SS", "string"), ("NS", "number"), ("BS", "binary")):
            if value.get(kind) == []:
                yield f"One or more parameter values were invalid: An {word} set  may not be empty"


def refused(call: Call, body: bytes) -> Answer | None:
    """The error, if it has other words."""
    try:
        error = json.loads(body)
    except ValueError:
        return None
    message = words = str(error.get("message", ""))
    if call.operation == "UpdateItem":
        words = words.replace(
            "Aggregated size of all hash keys has exceeded the size limit of 2048",
            "Size of hashkey has exceeded the maximum size limit of2048",
        )
    is_plain = call.operation == "Query" and message.startswith("Value provided in")
    if call.operation in _COUNTED and not is_plain and _PLAIN.fullmatch(message):
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
