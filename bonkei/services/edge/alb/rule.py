"""Listener rules compiled to predicates over a request.

"Condition types for listener rules" (User Guide for Application Load Balancers): a rule matches
when each of its conditions does; a condition matches when any of its values does. Paths are
case-sensitive and exclude the query; host names, header values and query strings ignore case;
methods are exact.
"""

from __future__ import annotations

from bonkei.blueprint.elbv2 import (
    Condition,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    SourceIp,
)
from bonkei.services.edge.http.host_names import host_name
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.http.networks import in_networks, parse_networks
from bonkei.services.edge.http.pattern import RequestPredicate, any_matcher, matcher


def every(predicates: tuple[RequestPredicate, ...]) -> RequestPredicate:
    """A predicate that holds when each of these does."""
    if len(predicates) == 1:
        return predicates[0]
    return lambda request: all(predicate(request) for predicate in predicates)


def compile_condition(condition: Condition) -> RequestPredicate:
    """A predicate that holds when one of the condition's values matches."""
    if isinstance(condition, PathPattern):
        return _path(condition)
    if isinstance(condition, HostHeader):
        host = any_matcher(condition.values, ignore_case=True)
        return lambda request: host(host_name(request))
    if isinstance(condition, HttpHeader):
        name = condition.name.lower().encode()
        header = any_matcher(condition.values, ignore_case=True)
        return lambda request: bool((value := request.fields.get(name)) and header(value))
    if isinstance(condition, HttpRequestMethod):
        methods = frozenset(value.encode() for value in condition.values)
        return lambda request: request.method in methods
    if isinstance(condition, QueryString):
        return _query_string(condition)
    return _source_ip(condition)


def _path(condition: PathPattern) -> RequestPredicate:
    begin = tuple(value[:-1].encode() for value in condition.values if value[-1:] == "*")
    if len(begin) == len(condition.values) and not any(b"*" in x or b"?" in x for x in begin):
        return lambda request: request.path.startswith(begin)  # mostly; it needs no other call
    path = any_matcher(condition.values)
    return lambda request: path(request.path)


def _query_string(condition: QueryString) -> RequestPredicate:
    pairs = tuple(
        (matcher(key, ignore_case=True) if key else None, matcher(value, ignore_case=True))
        for key, value in condition.pairs
    )

    def holds(request: Request) -> bool:
        for argument in request.query.split(b"&"):
            name, _, value = argument.partition(b"=")
            for key, pattern in pairs:
                if (key is None or key(name)) and pattern(value):
                    return True
        return False

    return holds


def _source_ip(condition: SourceIp) -> RequestPredicate:
    networks = parse_networks(condition.values)
    return lambda request: in_networks(request.client, networks)
