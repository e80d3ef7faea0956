"""Passes on what subscription filters match, as it arrives."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from bonkei.events import LogEvent, SubscriptionFilterMatched
from bonkei.logs.errors import LogsError
from bonkei.logs.filtering import CompilePattern, Matches
from bonkei.logs.store.documents import Subscription
from bonkei.logs.store.log_store import LogStore


class Subscriptions:
    """`deliver` as the store's listener; `publish` hears of what is to be passed on."""

    def __init__(
        self, compile_pattern: CompilePattern, publish: Callable[[SubscriptionFilterMatched], None]
    ) -> None:
        self._publish = publish

        @lru_cache(maxsize=64)
        def compiled(pattern: str) -> Matches:
            try:
                return compile_pattern(pattern)
            except LogsError:  # AWS would not have taken it
                return lambda _message: False

        self._compiled = compiled

    def deliver(
        self, store: LogStore, group: str, stream: str, events: tuple[LogEvent, ...]
    ) -> None:
        for each in store.group(group).document.subscriptions:
            matches = self._compiled(each.pattern)
            found = tuple(event for event in events if matches(event.message))
            if found:
                self._publish(_matched(each, group, stream, found))


def _matched(
    filter_: Subscription, group: str, stream: str, events: tuple[LogEvent, ...]
) -> SubscriptionFilterMatched:
    return SubscriptionFilterMatched(
        filter_.destination_arn, filter_.role_arn, filter_.name, group, stream, events
    )
