"""Logs Insights: starts queries over log groups, and returns what they found.

Source: "StartQuery", "GetQueryResults" (docs.aws.amazon.com/AmazonCloudWatchLogs/latest/
APIReference). Of the query languages, only Logs Insights' own is simulated. PutQueryDefinition is
refused, because query definitions come from the definitions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from bonkei.base.arn import log_group_name
from bonkei.grammar.insights import MOST_ROWS, LogRecord, QueryError, Row, parse
from bonkei.services.logs.api.desk import Answer, Desk, Parameters, given, with_token
from bonkei.services.logs.errors import LogsError, invalid
from bonkei.services.logs.queries.search import Search
from bonkei.services.logs.store.position import Position, from_token, to_token
from bonkei.services.logs.store.reading import Stored, Window

_LANGUAGE = "CWLI"
_MOST_GROUPS = 50
_SAMPLE = 1_000  # events that GetLogGroupFields looks at
_AROUND = 8 * 60_000  # milliseconds before and after its time; without a time, the last 15 minutes


def start_query(desk: Desk, parameters: Parameters) -> Answer:
    text = str(parameters["queryString"])
    language = parameters.get("queryLanguage") or _LANGUAGE
    if language != _LANGUAGE:
        raise invalid(f"queryLanguage {language} is not simulated here: use {_LANGUAGE}.")
    groups = _groups(desk, parameters)
    start, end = int(parameters["startTime"]), int(parameters["endTime"])
    if start > end:
        raise invalid("End time should not be before start time.")
    limit = int(parameters.get("limit") or MOST_ROWS)
    if not 1 <= limit <= MOST_ROWS:
        raise invalid(f"limit is a number from 1 to {MOST_ROWS}.")
    try:
        parse(text)
    except QueryError as error:
        raise _malformed(error) from None
    search = Search(
        str(desk.store.directory), groups, text, desk.account,
        start * 1000, (end + 1) * 1000, limit,
    )  # fmt: skip
    return {"queryId": desk.queries.start(search, desk.store.now)}


def _groups(desk: Desk, parameters: Parameters) -> tuple[str, ...]:
    names = ("logGroupName", "logGroupNames", "logGroupIdentifiers")
    chosen = [each for each in names if parameters.get(each)]
    if len(chosen) != 1:
        raise invalid(f"Exactly one of {', '.join(names)} must be given.")
    value = parameters[chosen[0]]
    groups = tuple(log_group_name(str(each)) for each in ([value], value)[isinstance(value, list)])
    if len(groups) > _MOST_GROUPS:
        raise invalid(f"At most {_MOST_GROUPS} log groups can be queried at once.")
    for each in groups:
        desk.store.group(each)
    return groups


def _malformed(error: QueryError) -> LogsError:
    told = f"{error.message}; {error.remedy}" if error.remedy else error.message
    location = {"startCharOffset": error.start, "endCharOffset": error.end}
    members = {"queryCompileError": {"location": location, "message": told}}
    return LogsError("MalformedQueryException", told, members=members)


def get_query_results(desk: Desk, parameters: Parameters) -> Answer:
    """`maxItems` rows at a time, if it is given."""
    started = desk.queries.get(str(parameters["queryId"]))
    found = started.result
    rows = found.get("rows", [])
    token, most = parameters.get("nextToken"), parameters.get("maxItems")
    first = int(from_token(str(token))[0]) if token else 0
    last = first + int(most) if most else len(rows)
    numbers = found.get("statistics", {})
    answer: Answer = {
        "queryLanguage": _LANGUAGE,
        "status": started.status,
        "results": [
            [{"field": name, "value": value} for name, value in row.items()]
            for row in rows[first:last]
        ],
        "statistics": {
            "recordsMatched": float(numbers.get("matched", 0)),
            "recordsScanned": float(numbers.get("scanned", 0)),
            "bytesScanned": float(numbers.get("scanned_bytes", 0)),
            "logGroupsScanned": float(len(started.search.groups)),
            "resultCount": float(len(rows)),
        },
    }
    return with_token(answer, to_token(last) if last < len(rows) else None)


def stop_query(desk: Desk, parameters: Parameters) -> Answer:
    desk.queries.cancel(str(parameters["queryId"]))
    return {"success": True}


def describe_queries(desk: Desk, parameters: Parameters) -> Answer:
    group, status = parameters.get("logGroupName"), parameters.get("status")
    found = [
        {
            "queryLanguage": _LANGUAGE,
            "queryId": identifier,
            "queryString": each.search.query,
            "status": each.status,
            "createTime": each.created,
            "logGroupName": each.search.groups[0],
        }
        for identifier, each in desk.queries
        if group in (None, *each.search.groups) and status in (None, each.status)
    ]
    return {"queries": found[: int(parameters.get("maxResults") or len(found) or 1)]}


def describe_query_definitions(desk: Desk, parameters: Parameters) -> Answer:
    prefix = str(parameters.get("queryDefinitionNamePrefix") or "")
    return {
        "queryDefinitions": [
            {
                "queryLanguage": _LANGUAGE,
                "queryDefinitionId": each.identifier,
                "name": each.name,
                "queryString": each.query,
                "logGroupNames": list(each.log_group_names),
            }
            for each in desk.query_definitions()
            if each.name.startswith(prefix)
        ]
    }


def get_log_record(desk: Desk, parameters: Parameters) -> Answer:
    """All fields of the event that a row's `@ptr` names."""
    pointer = str(parameters["logRecordPointer"])
    match from_token(pointer):
        case [str(group), int(timestamp), str(stream), int(sequence)]:
            position = Position(timestamp, stream, sequence)
        case _:
            raise invalid("The specified log record pointer is invalid.")
    window = Window(timestamp, timestamp + 1)
    for event in desk.store.read(group, window, [stream]):
        if event.position == position:
            row = Row.of(_record(desk, group, event))
            fields = ("@timestamp", "@message", "@log", "@logStream", "@ingestionTime")
            shown = {name: str(row[name]) for name in fields}
            members = {name: str(value) for name, value in row.discovered.items()}
            return {"logRecord": members | shown | {"@ptr": pointer}}
    raise LogsError("ResourceNotFoundException", "The specified log record does not exist.")


def _record(desk: Desk, group: str, event: Stored) -> LogRecord:
    return LogRecord(
        event.timestamp,
        event.message,
        f"{desk.account}:{group}",
        event.position.stream,
        event.ingestion,
    )


def get_log_group_fields(desk: Desk, parameters: Parameters) -> Answer:
    """The fields of the latest events of the time, with the percentage of events that have them."""
    group, time = desk.group_name(parameters), parameters.get("time")
    names = list(desk.store.group(group).streams)
    middle = int(time) * 1000 if time else desk.store.now - _AROUND
    window = Window(middle - _AROUND, middle + _AROUND)
    events = islice(desk.store.read(group, window, names, backwards=True), _SAMPLE)
    seen: Counter[str] = Counter()
    count = 0
    for event in events:
        count += 1
        seen.update(_fields(_record(desk, group, event)))
    answer = [{"name": n, "percent": round(100 * many / count)} for n, many in seen.most_common()]
    return given(logGroupFields=answer)


def _fields(record: LogRecord) -> Iterator[str]:
    yield from ("@timestamp", "@message", "@logStream", "@log", "@ingestionTime")
    yield from Row.of(record).discovered
