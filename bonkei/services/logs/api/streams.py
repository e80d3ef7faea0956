"""Log streams."""

from __future__ import annotations

import re
from operator import itemgetter

from bonkei.services.logs.api.desk import (
    PAGE,
    Answer,
    Desk,
    Parameters,
    given,
    limit_of,
    with_token,
)
from bonkei.services.logs.errors import invalid, out_of_bounds
from bonkei.services.logs.store.group import LogGroup
from bonkei.services.logs.store.position import from_token, to_token
from bonkei.services.logs.store.stream import LogStream

_NAME = re.compile(r"[^:*]{1,512}")


def create_log_stream(desk: Desk, parameters: Parameters) -> Answer:
    name = str(parameters["logStreamName"])
    if not _NAME.fullmatch(name):
        raise out_of_bounds(name, "logStreamName", "satisfy regular expression pattern: [^:*]*")
    desk.store.create_stream(str(parameters["logGroupName"]), name)
    return {}


def delete_log_stream(desk: Desk, parameters: Parameters) -> Answer:
    desk.store.delete_stream(str(parameters["logGroupName"]), str(parameters["logStreamName"]))
    return {}


def describe_log_streams(desk: Desk, parameters: Parameters) -> Answer:
    group = desk.group(parameters)
    prefix = str(parameters.get("logStreamNamePrefix") or "")
    by_time = parameters.get("orderBy") == "LastEventTime"
    if by_time and prefix:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    descending = bool(parameters.get("descending"))
    keyed = sorted(
        (
            ((stream.times() or (0, 0))[1] if by_time else 0, name, stream)
            for name, stream in group.streams.items()
            if name.startswith(prefix)
        ),
        key=itemgetter(0, 1),
        reverse=descending,
    )
    if token := parameters.get("nextToken"):
        # By the last stream's own place: streams may come and go between two pages.
        at, name = _place(str(token))
        keyed = [
            one for one in keyed if (one[:2] < (at, name) if descending else one[:2] > (at, name))
        ]
    limit = limit_of(parameters, PAGE)
    answers = [_described(desk, group, stream) for *_, stream in keyed[:limit]]
    following = to_token(*keyed[limit - 1][:2]) if len(keyed) > limit else None
    return with_token({"logStreams": answers}, following)


def _place(token: str) -> tuple[int, str]:
    match from_token(token):
        case [int(at), str(name)]:
            return at, name
    raise invalid("The specified nextToken is invalid.")


def _described(desk: Desk, group: LogGroup, stream: LogStream) -> Answer:
    times = stream.times()
    return given(
        logStreamName=stream.name,
        creationTime=stream.document.created,
        firstEventTimestamp=times[0] if times else None,
        lastEventTimestamp=times[1] if times else None,
        lastIngestionTime=(stream.ingested or times[1]) if times else None,
        uploadSequenceToken="1" if times else None,
        arn=f"{desk.arn(group.name)}:log-stream:{stream.name}",
        storedBytes=0,  # as on AWS, since 2019
    )
