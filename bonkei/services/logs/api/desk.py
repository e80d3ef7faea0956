"""The common part of the operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bonkei.base.arn import log_group_name
from bonkei.blueprint.logs.log_group import MetricFilter, QueryDefinition
from bonkei.grammar.filter_pattern import FilterPattern, FilterPatternError, parse
from bonkei.services.logs.errors import LogsError, invalid, out_of_bounds
from bonkei.services.logs.live_tails import LiveTails
from bonkei.services.logs.queries.queries import Queries
from bonkei.services.logs.store.group import LogGroup
from bonkei.services.logs.store.log_store import LogStore
from bonkei.services.logs.store.position import from_token, to_token

Parameters = Mapping[str, Any]
Answer = dict[str, Any]
Operation = Callable[["Desk", Parameters], Answer]
PAGE = 50  # items of a description ("DescribeLimit" of the API's model)


@dataclass(frozen=True, slots=True)
class Desk:
    """`region` and `account`: for ARNs. `metric_filters`, `query_definitions`: those of the
    definitions. `tails`: the sessions of Live Tail."""

    store: LogStore
    account: str
    region: str
    metric_filters: Callable[[], Sequence[MetricFilter]] = tuple
    query_definitions: Callable[[], Sequence[QueryDefinition]] = tuple
    tails: LiveTails = field(default_factory=LiveTails)
    queries: Queries = field(default_factory=Queries)

    def arn(self, group: str) -> str:
        """The ARN without the `:*` that stands for its streams."""
        return f"arn:aws:logs:{self.region}:{self.account}:log-group:{group}"

    def group(self, parameters: Parameters) -> LogGroup:
        """The group with this name or ARN. Raises LogsError."""
        return self.store.group(self.group_name(parameters))

    def group_name(self, parameters: Parameters) -> str:
        name, identifier = parameters.get("logGroupName"), parameters.get("logGroupIdentifier")
        if name is not None and identifier is not None:
            raise LogsError(
                "ValidationException",
                "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
            )
        if name is None and identifier is None:
            raise invalid("Exactly one of logGroupName and logGroupIdentifier must be given.")
        return str(name) if name is not None else log_group_name(str(identifier))


def page(name: str, items: Iterable[tuple[str, Answer]], parameters: Parameters) -> Answer:
    """The answer with a page of items from the token on, ordered by their keys."""
    limit = limit_of(parameters, PAGE)
    token = parameters.get("nextToken")
    after = str(from_token(str(token))[0]) if token else ""
    found = sorted((item for item in items if item[0] > after), key=lambda item: item[0])
    rest = found[:limit]
    following = to_token(rest[-1][0]) if len(found) > limit else None
    return with_token({name: [answer for _, answer in rest]}, following)


def limit_of(parameters: Parameters, most: int) -> int:
    """Raises LogsError for a limit beyond the API's own."""
    limit = parameters.get("limit")
    if limit is None:
        return most
    if not 1 <= int(limit) <= most:
        raise out_of_bounds(limit, "limit", f"have value between 1 and {most}")
    return int(limit)


def with_token(answer: Answer, token: str | None) -> Answer:
    return answer if token is None else answer | {"nextToken": token}


def given(**members: Any) -> Answer:
    """The members of an answer, without those that are None."""
    return {name: value for name, value in members.items() if value is not None}


def read_pattern(text: str) -> FilterPattern:
    """A filter pattern. Raises LogsError (InvalidParameterException) if it is invalid."""
    try:
        return parse(text)
    except FilterPatternError as error:
        raise invalid(f"Invalid filter pattern: {error.message}") from None
