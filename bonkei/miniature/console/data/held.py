"""The content of buckets, queues and tables for a page, from the answers of AWS's calls."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.base.aws_service import AwsServiceError, queue_url
from bonkei.services.console.values import ConsoleError, Json
from bonkei.services.console.views import inert
from bonkei.services.endpoint.looking import Listing, Looking, StoredBucket

ITEMS = 25
DOWNLOAD = 4 * 1024 * 1024
"""The most bytes of an object that the console hands out."""
_PREVIEW = 64 * 1024
_ATTRIBUTES = 40
_VALUE = 400  # characters of an attribute of an item
_DEPTHS = {
    "visible": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


def buckets(found: Sequence[StoredBucket], addresses: Mapping[str, str]) -> list[Json]:
    """`addresses`: of the declared ones, by name."""
    return [
        {
            "name": inert.label(each.name),
            "address": addresses.get(each.name, ""),
            "created": each.created,
        }
        for each in found[:500]
    ]


def listing(found: Listing) -> dict[str, Json]:
    return {
        "prefixes": [inert.named(each) for each in found.prefixes],
        "objects": [
            {**inert.named(each.key), "size": each.size, "changed": each.changed}
            for each in found.objects
        ],
        "following": found.following,
    }


async def preview(looking: Looking, bucket: str, key: str) -> Json:
    """The beginning of an object, and S3's facts about it."""
    found = await looking.beginning(bucket, key, _PREVIEW)
    kept = ("content-type", "content-encoding", "etag", "last-modified", "x-amz-version-id",
            "x-amz-server-side-encryption", "x-amz-storage-class", "cache-control")  # fmt: skip
    meta = {name: value for name, value in found.headers.items() if name.startswith("x-amz-meta-")}
    shown = {name: found.headers[name] for name in kept if found.headers.get(name)} | meta
    return {
        **inert.named(key),
        **inert.content(found.data, found.size),
        "headers": [[name, inert.label(value, 500)] for name, value in list(shown.items())[:40]],
        "download": found.size <= DOWNLOAD,
    }


async def download(looking: Looking, bucket: str, key: str) -> Json:
    """A small object, unchanged. Raises ConsoleError for a large one."""
    found = await looking.beginning(bucket, key, DOWNLOAD + 1)
    if len(found.data) > DOWNLOAD:
        raise ConsoleError(
            f"the object has {found.size:,} bytes, and the console hands out {DOWNLOAD >> 20} MB",
            remedy="bonkei aws -- s3 cp s3://…",
        )
    # From any key, make a file name without folders and without a dot at its beginning.
    name = inert.label(key.rstrip("/").rpartition("/")[2], 200).replace("\\", "_").lstrip(".")
    return {"name": name or "object", "content": base64.b64encode(found.data).decode()}


async def depth(looking: Looking, arn: str) -> dict[str, Json]:
    """The number of a queue's messages of each kind; None for a number that is unavailable."""
    try:
        answer = await looking.call(
            "sqs",
            "AmazonSQS.GetQueueAttributes",
            {"QueueUrl": queue_url(arn), "AttributeNames": list(_DEPTHS.values())},
        )
    except AwsServiceError:
        return dict.fromkeys(_DEPTHS)
    found = answer.get("Attributes") or {}
    return {name: int(found.get(attribute, 0)) for name, attribute in _DEPTHS.items()}


async def messages(looking: Looking, arn: str, first: int) -> Json:
    """The messages in the queue. None counts as received."""
    answer = await looking.call(
        "sqs",
        "AmazonSQS.DescribeBonkeiMessages",
        {"QueueUrl": queue_url(arn), "First": first},
    )
    return {
        "total": int(answer.get("Total", 0)),
        "first": first,
        "messages": [_message(each) for each in answer.get("Messages", ())],
    }


def _message(given: Mapping[str, Any]) -> Json:
    text = str(given.get("Body", ""))
    length = int(given.get("Length", len(text)))
    return {
        "id": inert.label(str(given.get("MessageId", ""))),
        "text": inert.visible(text),
        "length": length,
        "more": length > len(text) or len(text) > inert.LONGEST,
        "sent": float(given.get("Sent", 0)),
        "received": int(given.get("Received", 0)),
        "state": str(given.get("State", "")),
        "group": inert.label(str(given.get("Group", ""))),
        "attributes": [
            [inert.label(str(name)), inert.label(str(value), 200)]
            for name, value in (given.get("Attributes") or {}).items()
        ],
    }


async def count(looking: Looking, table: str) -> Json:
    """DynamoDB's number of items in a table; None if it does not answer."""
    try:
        answer = await looking.call(
            "dynamodb", "DynamoDB_20120810.DescribeTable", {"TableName": table}
        )
    except AwsServiceError:
        return None
    return int((answer.get("Table") or {}).get("ItemCount", 0))


async def items(looking: Looking, table: str, start: str) -> Json:
    """A page of a table. `start`: from the previous page. Large items come one at a time."""
    given: dict[str, Any] = {"TableName": table, "Limit": ITEMS}
    if start:
        given["ExclusiveStartKey"] = _start(start)
    try:
        answer = await looking.call("dynamodb", "DynamoDB_20120810.Scan", given)
    except AwsServiceError as error:
        if error.code != "TooLarge":
            raise
        answer = await looking.call("dynamodb", "DynamoDB_20120810.Scan", {**given, "Limit": 1})
    last = answer.get("LastEvaluatedKey")
    return {
        "items": [_item(each) for each in answer.get("Items", ())],
        "following": inert.encode(json.dumps(last)) if last else "",
    }


def _start(start: str) -> Mapping[str, Any]:
    try:
        found = json.loads(inert.decode(start))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not found:
        raise ConsoleError("this page does not begin anywhere", remedy="begin again")
    return found


def _item(item: Mapping[str, Mapping[str, Any]]) -> Json:
    """[name, type, the beginning of the value, its whole length]"""
    shown: list[Json] = []
    for name, typed in sorted(item.items())[:_ATTRIBUTES]:
        kind, value = next(iter(typed.items()), ("", None))
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        shown.append([inert.label(name, 255), kind, inert.visible(text, _VALUE), len(text)])
    return {"values": shown, "more": max(0, len(item) - _ATTRIBUTES)}
