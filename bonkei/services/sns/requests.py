"""What SNS requires of a message that a call publishes. Pure.

"Publish", "PublishBatch" and "MessageAttributeValue" in the Amazon SNS API Reference; the words of
errors as LocalStack's tests have recorded them on AWS.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.sns.errors import invalid
from bonkei.services.sns.message import Message

LARGEST = 256 * 1024
"""Bytes of a message with its attributes."""
_LONGEST_ID = 80
_TYPE = re.compile(r"(Binary|Number|String)(\..+)?", re.DOTALL)


def message_of(
    given: Mapping[str, Any], topic: str, at: float, settings: Mapping[str, str]
) -> Message:
    """The message of a call. `settings`: the topic's attributes. Raises AwsServiceError when SNS
    would not take it."""
    body = str(given.get("Message") or "")
    if not body:
        raise invalid("Empty message")
    subject = str(given.get("Subject") or "")
    if "Subject" in given and not (0 < len(subject) <= 100 and subject.isprintable()):
        raise invalid("Subject")
    attributes = {
        name: _attribute(name, value)
        for name, value in (given.get("MessageAttributes") or {}).items()
    }
    if _size(given) > LARGEST:
        raise invalid("Message too long")
    fifo = topic.endswith(".fifo")
    return Message(
        str(uuid4()), topic, body, at or time.time(), subject, attributes,
        _structure(body) if given.get("MessageStructure") == "json" else {},
        _group(given, fifo=fifo), _deduplication(given, body, settings, fifo=fifo),
        f"1{time.time_ns():019d}" if fifo else "",
    )  # fmt: skip


def _group(given: Mapping[str, Any], *, fifo: bool) -> str:
    group = str(given.get("MessageGroupId") or "")
    if fifo and not group:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    return group


def _deduplication(
    given: Mapping[str, Any], body: str, settings: Mapping[str, str], *, fifo: bool
) -> str:
    own = str(given.get("MessageDeduplicationId") or "")
    if not fifo:
        if own:
            raise invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId"
                " parameter that is not valid for this topic type"
            )
        return ""
    if not own and settings.get("ContentBasedDeduplication") != "true":
        raise invalid(
            "The topic should either have ContentBasedDeduplication enabled or"
            " MessageDeduplicationId provided explicitly"
        )
    return own or hashlib.sha256(body.encode()).hexdigest()


def require_batch(entries: Sequence[Mapping[str, Any]]) -> None:
    """Raises AwsServiceError for a batch that SNS refuses as a whole, whatever its messages."""
    if not entries:
        raise AwsServiceError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > 10:
        raise AwsServiceError(
            "TooManyEntriesInBatchRequest",
            "The batch request contains more entries than permissible.",
        )
    for name in (str(entry["Id"]) for entry in entries):
        if problem := _problem_of_id(name):
            said = f"The Id of a batch entry in the batch request {problem}: {name}"
            raise AwsServiceError("InvalidBatchEntryId", said)
    if len({entry["Id"] for entry in entries}) != len(entries):
        raise AwsServiceError(
            "BatchEntryIdsNotDistinct",
            "Two or more batch entries in the request have the same Id.",
        )
    if sum(map(_size, entries)) > LARGEST:
        raise AwsServiceError(
            "BatchRequestTooLong",
            "The length of all the messages put together is more than the limit.",
        )


def _problem_of_id(name: str) -> str:
    if len(name) > _LONGEST_ID:
        return "is too long"
    is_known = re.fullmatch(r"[A-Za-z0-9_-]+", name)
    return "" if is_known else "contains an impermissible character"


def _size(given: Mapping[str, Any]) -> int:
    """Bytes of a message with its attributes."""
    found = len(str(given.get("Message") or "").encode())
    for name, value in (given.get("MessageAttributes") or {}).items():
        binary = value.get("BinaryValue") or b""
        texts = (name, value.get("DataType") or "", value.get("StringValue") or "")
        found += len(binary) + sum(len(str(text).encode()) for text in texts)
    return found


def _attribute(name: str, given: Mapping[str, Any]) -> dict[str, str]:
    kind = str(given.get("DataType") or "")
    if problem := _problem_of_name(name) or _problem_of_value(name, kind, given):
        raise AwsServiceError("ParameterValueInvalid", problem)
    if kind.startswith("Binary"):
        return {"DataType": kind, "BinaryValue": base64.b64encode(given["BinaryValue"]).decode()}
    return {"DataType": kind, "StringValue": str(given["StringValue"])}


def _problem_of_name(name: str) -> str:
    if len(name.encode()) > 256:
        return "Length of message attribute name must be less than 256 bytes."
    if wrong := re.search(r"[^A-Za-z0-9_.-]", name):
        return (
            f"Invalid non-alphanumeric character '#x{ord(wrong[0]):X}' was found in the message"
            " attribute name. Can only include alphanumeric characters, hyphens, underscores, or"
            " dots."
        )
    for is_wrong, end in ((name.startswith("."), "starting"), (name.endswith("."), "ending")):
        if is_wrong:
            return f"Invalid message attribute name {end} with character '.' was found."
    return "Message attribute name can not have successive '.' character." if ".." in name else ""


def _problem_of_value(name: str, kind: str, given: Mapping[str, Any]) -> str:
    subject = f"The message attribute '{name}'"
    if not _TYPE.fullmatch(kind):
        return (
            f"{subject} has an invalid message attribute type, the set of supported type prefixes"
            " is Binary, Number, and String."
        )
    own, other = ("Binary", "String") if kind.startswith("Binary") else ("String", "Binary")
    if given.get(f"{own}Value"):
        return ""
    if given.get(f"{other}Value"):
        return f"{subject} with type '{kind}' must use field '{own}'."
    return (
        f"{subject} must contain non-empty message attribute value for message attribute type"
        f" '{kind}'."
    )


def _structure(body: str) -> dict[str, str]:
    try:
        document = json.loads(body)
        texts = {name: text for name, text in document.items() if isinstance(text, str)}
    except (ValueError, AttributeError, RecursionError):
        raise invalid("Message Structure - JSON message body failed to parse") from None
    if "default" not in texts:
        raise invalid("Message Structure - No default entry in JSON message body")
    return texts
