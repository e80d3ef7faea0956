"""Live Tail: sends events as they arrive.

Source: "StartLiveTail" (docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference): an update
each second, also without an event; one to ten log groups by their ARNs, streams only of a single
group; three hours.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any
from uuid import uuid4

from bonkei.base.arn import log_group_name
from bonkei.services.logs.api.desk import (
    Answer,
    Desk,
    Parameters,
    given,
    read_pattern,
)
from bonkei.services.logs.errors import LogsError, invalid
from bonkei.services.logs.live_tails import LiveTails, Wish

_MOST_GROUPS = 10
_SECONDS = 3 * 3_600


def start_live_tail(desk: Desk, parameters: Parameters) -> Answer:
    """`responseStream`: events until the client leaves, or SessionTimeoutException."""
    wish = _wish(desk, parameters)
    desk.tails.require_room()
    return {"responseStream": _stream(desk.tails, wish, parameters)}


async def _stream(
    tails: LiveTails, wish: Wish, parameters: Parameters
) -> AsyncGenerator[Mapping[str, Any], None]:
    session = tails.begin(wish)
    try:
        yield {
            "sessionStart": given(
                requestId=str(uuid4()),
                sessionId=str(uuid4()),
                logGroupIdentifiers=list(wish.groups.values()),
                logStreamNames=list(wish.streams),
                logStreamNamePrefixes=list(wish.beginnings),
                logEventFilterPattern=parameters.get("logEventFilterPattern"),
            )
        }
        for _ in range(_SECONDS):
            await tails.sleep(1)
            yield {"sessionUpdate": session.update()}
    finally:
        tails.end(session)
    raise LogsError("SessionTimeoutException", "The Live Tail session has timed out.")


def _wish(desk: Desk, parameters: Parameters) -> Wish:
    identifiers = [str(each) for each in parameters.get("logGroupIdentifiers") or ()]
    streams = tuple(map(str, parameters.get("logStreamNames") or ()))
    beginnings = tuple(map(str, parameters.get("logStreamNamePrefixes") or ()))
    if not 1 <= len(identifiers) <= _MOST_GROUPS:
        raise invalid(f"logGroupIdentifiers has one to {_MOST_GROUPS} members.")
    if streams and beginnings:
        raise invalid("logStreamNames and logStreamNamePrefixes are mutually exclusive.")
    if (streams or beginnings) and len(identifiers) > 1:
        raise invalid("Streams can be chosen of a single log group only.")
    for each in identifiers:
        if not each.startswith("arn:") or each.endswith("*"):
            raise invalid(f"{each} is not the ARN of a log group (without `:*` at its end).")
    groups = {log_group_name(each): each for each in identifiers}
    for name in groups:
        if desk.store.group(name).document.log_class == "INFREQUENT_ACCESS":
            raise LogsError(
                "InvalidOperationException",
                f"Live Tail is not there for {name}: its log class is INFREQUENT_ACCESS.",
            )
    pattern = read_pattern(str(parameters.get("logEventFilterPattern") or ""))
    return Wish(groups, pattern, streams, beginnings)
