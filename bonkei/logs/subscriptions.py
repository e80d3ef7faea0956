"""Passes matching events on to the destinations of subscription filters, as they arrive."""

from __future__ import annotations

from collections.abc import Callable

from bonkei.events import LogEvent, SubscriptionFilterMatched
from bonkei.filter_pattern import FilterPatternError, parse
from bonkei.logs.store.documents import GroupDocument, Subscription


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
