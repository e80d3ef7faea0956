"""PutEvents: events that programs put on the bus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError, seconds
from bonkei.base.surrogates import utf8
from bonkei.services.eventbridge import shapes
from bonkei.services.eventbridge.bus import EventBus

_LARGEST = 1024 * 1024  # bytes of all entries of a call
_MOST = 10
_TIME = 14  # bytes, if an entry has one
_DEFAULT = "default"


def put_events(bus: EventBus, call: AwsCall) -> Mapping[str, Any]:
    """Each entry separately: an invalid one does not fail the others."""
    entries = call.parameters["Entries"]
    if not 1 <= len(entries) <= _MOST:
        raise AwsServiceError(
            "ValidationException",
            "1 validation error detected: Value at 'entries' failed to satisfy constraint: "
            f"Member must have length between 1 and {_MOST}",
        )
    if sum(map(_size, entries)) > _LARGEST:
        raise AwsServiceError(
            "ValidationException", "Total size of the entries in the request is over the limit."
        )
    results = [_one(bus, entry, call) for entry in entries]
    failed = sum("ErrorCode" in result for result in results)
    return {"FailedEntryCount": failed, "Entries": results}


def _size(entry: Mapping[str, Any]) -> int:
    """ "Calculating Amazon EventBridge PutEvents event entry size"."""
    texts = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")]
    texts += entry.get("Resources") or ()
    return sum(len(utf8(str(text))) for text in texts) + (_TIME if entry.get("Time") else 0)


def _one(bus: EventBus, entry: Mapping[str, Any], call: AwsCall) -> dict[str, Any]:
    missing = [n for n in ("Source", "DetailType", "Detail") if not entry.get(n)]
    if missing:
        reason = f"Reason: {missing[0]} is a required argument."
        return _refused("InvalidArgument", f"Parameter {missing[0]} is not valid. {reason}")
    if str(entry["Source"]).startswith("aws."):
        return _refused("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        detail = json.loads(entry["Detail"])
    except (ValueError, RecursionError):
        return _refused("MalformedDetail", "Detail is malformed.")
    if not isinstance(detail, dict):
        return _refused("MalformedDetail", "Detail is malformed.")
    moment = seconds(entry["Time"]) if entry.get("Time") else call.time
    here = f"arn:aws:events:{call.region}:{call.caller.account}:event-bus/{_DEFAULT}"
    resources = list(entry.get("Resources") or ())
    event = shapes.event(entry["Source"], entry["DetailType"], resources, detail, here, moment)
    named = str(entry.get("EventBusName") or _DEFAULT).rpartition("/")[2]
    if named == _DEFAULT:
        bus.put(event)
    else:  # AWS accepts it, too, and says nothing
        bus.lose(named)
    return {"EventId": event["id"]}


def _refused(code: str, message: str) -> dict[str, Any]:
    return {"ErrorCode": code, "ErrorMessage": message}
