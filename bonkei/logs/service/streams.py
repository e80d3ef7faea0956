"""Log streams."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bonkei.logs.errors import invalid
from bonkei.logs.service.desk import Answer, Desk, Operation, Parameters, given, page, with_token
from bonkei.logs.store.group import LogGroup
from bonkei.logs.store.stream import LogStream

_NAME = re.compile(r"[^:*]{1,512}")


def create_log_stream(desk: Desk, parameters: Parameters) -> Answer:
    name = str(parameters["logStreamName"])
    if not _NAME.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'logStreamName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [^:*]*"
        )
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
    chosen = [stream for name, stream in group.streams.items() if name.startswith(prefix)]
    if by_time:
        chosen.sort(key=lambda stream: (stream.times() or (0, 0))[1])
    else:
        chosen.sort(key=lambda stream: stream.name)
    if parameters.get("descending"):
        chosen.reverse()
    # The key of a page is the place in this order.
    keyed = [(f"{at:09d}", stream) for at, stream in enumerate(chosen)]
    lazy = [(key, {"stream": stream}) for key, stream in keyed]
    answers, token = page(lazy, parameters)
    described = [_described(desk, group, each["stream"]) for each in answers]
    return with_token({"logStreams": described}, token)


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


OPERATIONS: Mapping[str, Operation] = {
    "CreateLogStream": create_log_stream,
    "DeleteLogStream": delete_log_stream,
    "DescribeLogStreams": describe_log_streams,
}
