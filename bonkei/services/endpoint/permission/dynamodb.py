"""The permissions of DynamoDB's operations, and the keys of the items that they touch.

"Using IAM policy conditions for fine-grained access control" (Amazon DynamoDB Developer Guide): a
policy with `dynamodb:LeadingKeys` allows items by their partition key.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bonkei.services.endpoint.permission.names import Names
from bonkei.services.endpoint.permission.requirement import Requirement

Parameters = Mapping[str, Any]
Context = Mapping[str, tuple[str, ...]]
_PARTIQL_TABLE = re.compile(r"""(?:\bfrom|\binto|^\s*update)\s+["']?([\w.-]+)""", re.IGNORECASE)
_PARTIQL_TEXT = re.compile("'[^']*'")
_EQUALS = re.compile(r"(#?[\w.-]+)\s*=\s*(:\w+)")
_WITHOUT = ("ListTables", "DescribeLimits", "DescribeEndpoints", "ListStreams")
_IN_TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem",
                   "ConditionCheck": "ConditionCheckItem", "Get": "GetItem"}  # fmt: skip
_STATEMENTS = {"BatchExecuteStatement": "Statements", "ExecuteTransaction": "TransactStatements"}
_SAID = ("Select", "ReturnValues", "ReturnConsumedCapacity")


def required(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    """The requirements of one call."""
    action = f"dynamodb:{operation}"
    if operation in _WITHOUT:
        yield Requirement(action)
    elif operation.startswith("Transact"):
        for item in given.get("TransactItems") or ():
            for kind, details in item.items():
                table = names.table(details.get("TableName", ""))
                single = f"dynamodb:{_IN_TRANSACTION.get(kind, kind)}"
                yield Requirement(single, table, context=_leading(table, _items(details), names))
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for name, wanted in (given.get("RequestItems") or {"": {}}).items():
            table = names.table(name)
            context = _leading(table, _of_batch(wanted), names)
            yield Requirement(action, table, context=context)
    elif operation == "ExecuteStatement" or operation in _STATEMENTS:
        for each in (
            given.get(_STATEMENTS[operation]) or () if operation in _STATEMENTS else [given]
        ):
            yield from _partiql(str(each.get("Statement", "")), names)
    else:
        yield _of_one(operation, given, names)


def _of_one(operation: str, given: Parameters, names: Names) -> Requirement:
    arn = _arn_in(operation, given)
    table = str(arn) if arn else names.table(str(given.get("TableName", "")))
    if (index := given.get("IndexName")) and operation in ("Query", "Scan"):
        table += f"/index/{index}"
    items = [_asked_for(given)] if operation == "Query" else _items(given)
    context = {f"dynamodb:{name.lower()}": (str(given[name]),) for name in _SAID if given.get(name)}
    return Requirement(
        f"dynamodb:{operation}", table, context={**context, **_leading(table, items, names)}
    )


def _leading(table: str, items: Iterable[Parameters], names: Names) -> Context:
    """The partition keys' values; nothing for a table outside the definitions, or without keys."""
    key = names.partition_keys.get(table, "")
    found = [str(value) for item in items for value in (item.get(key) or {}).values()]
    return {"dynamodb:leadingkeys": tuple(found)} if found else {}


def _items(given: Parameters) -> Iterator[Parameters]:
    for name in ("Key", "Item"):
        if given.get(name):
            yield given[name]


def _of_batch(wanted: Any) -> Iterator[Parameters]:
    if isinstance(wanted, Mapping):
        yield from wanted.get("Keys") or ()
        return
    for each in wanted:
        for request in each.values():
            yield from _items(request)


def _asked_for(given: Parameters) -> Parameters:
    """The attributes that a query compares with one value."""
    names, values = (
        given.get("ExpressionAttributeNames") or {}, given.get("ExpressionAttributeValues") or {}
    )  # fmt: skip
    found = {
        name: condition["AttributeValueList"][0]
        for name, condition in (given.get("KeyConditions") or {}).items()
        if condition.get("AttributeValueList")
    }
    for name, value in _EQUALS.findall(str(given.get("KeyConditionExpression") or "")):
        found[names.get(name, name)] = values.get(value) or {}
    return found


def _arn_in(operation: str, given: Parameters) -> object:
    """The ARN in a call that names no table. Another call may not name two resources: the store
    looks at one, and the permission would be asked for the other."""
    if operation in ("DescribeStream", "GetShardIterator"):
        return given.get("StreamArn")
    if operation == "GetRecords":
        return _stream_of(given)
    is_of_any = operation.endswith(("TagResource", "UntagResource", "TagsOfResource", "Policy"))
    return given.get("ResourceArn") if is_of_any else ""


def _stream_of(given: Parameters) -> str:
    """The stream that the store has written into an iterator; an empty text if it is not an
    iterator."""
    try:
        found = json.loads(base64.urlsafe_b64decode(str(given["ShardIterator"]).encode()))
        return str(found["arn"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _partiql(statement: str, names: Names) -> Iterator[Requirement]:
    """Of all that may be the table's name: a quoted attribute may contain the words before it."""
    verb = statement.split(maxsplit=1)[0].capitalize() if statement.strip() else ""
    for table in _PARTIQL_TABLE.findall(_PARTIQL_TEXT.sub("''", statement)) or [""]:
        yield Requirement(f"dynamodb:PartiQL{verb}", names.table(table))
