"""Passes matching events on to the destinations of subscription filters, as they arrive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from bonkei.base.arn import Arn
from bonkei.base.events import LogEvent, SubscriptionFilterMatched
from bonkei.grammar.filter_pattern import FilterPatternError, parse
from bonkei.services.logs.store.documents import GroupDocument, Subscription

_MOST_BYTES = 700_000  # of records in a call: compressed and as Base64, a function takes them


def matched(
    document: GroupDocument, stream: str, events: tuple[LogEvent, ...]
) -> tuple[SubscriptionFilterMatched, ...]:
    """The events that each subscription filter of a group passes on."""
    found = ((each, _matching(each, events)) for each in document.subscriptions)
    return tuple(
        SubscriptionFilterMatched(
            each.destination_arn, each.role_arn, each.name, document.name, stream, chosen
        )
        for each, chosen in found
        if chosen
    )


def _matching(subscription: Subscription, events: tuple[LogEvent, ...]) -> tuple[LogEvent, ...]:
    if not subscription.pattern:
        return events
    matches: Callable[[str], bool]
    try:
        matches = parse(subscription.pattern).matches
    except FilterPatternError:  # AWS would not have taken it
        return ()
    return tuple(event for event in events if matches(event.message))


def payloads(found: SubscriptionFilterMatched) -> Iterator[bytes]:
    """The payloads for the function; there may be several.

    "Subscription filters with AWS Lambda" (docs.aws.amazon.com/AmazonCloudWatch/latest/logs).
    """
    together: list[LogEvent] = []
    size = 0
    for event in found.events:
        length = len(event.message.encode("utf-8", "replace"))
        if together and size + length > _MOST_BYTES:
            yield _payload(found, together)
            together, size = [], 0
        together.append(event)
        size += length
    yield _payload(found, together)


def _payload(found: SubscriptionFilterMatched, events: Sequence[LogEvent]) -> bytes:
    import base64  # noqa: PLC0415 - a miniature without subscription filters needs neither
    import gzip  # noqa: PLC0415

    content = {
        "messageType": "DATA_MESSAGE",
        "owner": Arn.of(found.destination_arn).account,
        "logGroup": found.log_group,
        "logStream": found.log_stream,
        "subscriptionFilters": [found.filter_name],
        "logEvents": [
            {"id": each.id, "timestamp": each.timestamp, "message": each.message} for each in events
        ],
    }
    data = base64.b64encode(gzip.compress(json.dumps(content).encode(), mtime=0)).decode()
    return json.dumps({"awslogs": {"data": data}}).encode()
