"""Statements, conditions and parts of a request in words. Possible secrets are masked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bonkei.blueprint.elbv2 import (
    Condition,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
)
from bonkei.blueprint.wafv2 import (
    And,
    ByteMatch,
    FieldToMatch,
    IpSetMatch,
    Not,
    NotSimulatedStatement,
    Or,
    RateBased,
    RegexMatch,
    SizeConstraint,
    Statement,
)
from bonkei.services.edge.http.host_names import host_name
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.waf.component import values_of

MASK = "••••"
_LONGEST = 200  # characters of a value that are shown
_MOST = 5  # values of a list that are shown
_SECRET = re.compile(
    r"pass|token|secret|key|auth|session|csrf|cookie|credential|signature|verify", re.IGNORECASE
)
_FIELDS = {
    "uri_path": "the path",
    "query_string": "the query string",
    "method": "the method",
    "all_query_arguments": "a query argument",
    "body": "the body",
}
_CONSTRAINTS = {
    "EXACTLY": "is",
    "STARTS_WITH": "begins with",
    "ENDS_WITH": "ends with",
    "CONTAINS": "contains",
    "CONTAINS_WORD": "contains the word",
}
_COMPARISONS = {
    "EQ": "exactly", "NE": "not exactly", "LE": "at most", "LT": "less than", "GE": "at least",
    "GT": "more than",
}  # fmt: skip


def text(value: bytes) -> str:
    """Bytes of a request, shortened."""
    shown = value.decode("latin-1")
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def some(values: Iterable[str]) -> str:
    """The first few of them."""
    listed = list(values)
    more = f" and {len(listed) - _MOST} more" if len(listed) > _MOST else ""
    return ", ".join(listed[:_MOST]) + more


def header_value(name: str, value: bytes) -> str:
    """A header's value. It is masked if the header's name suggests a secret."""
    return MASK if _SECRET.search(name) else text(value)


def query(value: bytes) -> str:
    """A query string, with masked values of secrets."""
    return "&".join(map(_argument, text(value).split("&")))


def _argument(argument: str) -> str:
    name, equals, _ = argument.partition("=")
    return f"{name}={MASK}" if equals and _SECRET.search(name) else argument


def target(value: bytes) -> str:
    """Path and query."""
    path, mark, arguments = value.partition(b"?")
    return text(path) + (f"?{query(arguments)}" if mark else "")


def cookie_names(value: bytes) -> str:
    """The names of cookies; their values may be secrets."""
    names = [pair.strip().partition(b"=")[0] for pair in value.split(b";")]
    return some(text(name) for name in names if name)


# Listener rules.


def condition(asked: Condition) -> str:
    """The requirement of a listener rule's condition."""
    match asked:
        case PathPattern(values):
            return f"the path is {some(values)}"
        case HostHeader(values):
            return f"the host is {some(values)}"
        case HttpHeader(name, values):
            return f"the header {name} is {some(values)}"
        case HttpRequestMethod(values):
            return f"the method is {some(values)}"
        case QueryString(pairs):
            return (
                f"the query has {some(f'{key}={value}' if key else value for key, value in pairs)}"
            )
    return f"the source address is in {some(asked.values)}"


def looked_at(asked: Condition, request: Request) -> str:
    """The part of the request that a condition compares."""
    match asked:
        case PathPattern():
            return text(request.path)
        case HostHeader():
            return text(host_name(request))
        case HttpHeader(name):
            value = request.fields.get(name.lower().encode())
            return header_value(name, value) if value is not None else "missing"
        case HttpRequestMethod():
            return text(request.method)
        case QueryString():
            return query(request.query) or "empty"
    return text(request.client)


# Web ACLs.


def statement(asked: Statement) -> str:
    """The requirement of a web ACL's statement."""
    match asked:
        case ByteMatch(field, wanted, constraint):
            shown = MASK if _is_secret(field) else f'"{text(wanted)}"'
            return f"{_field(field)} {_CONSTRAINTS[constraint]} {shown}"
        case RegexMatch(field, regex):
            return f"{_field(field)} matches /{text(regex.encode())}/"
        case SizeConstraint(field, comparison, size):
            return f"{_field(field)} has {_COMPARISONS[comparison]} {size} bytes"
        case IpSetMatch():
            where = asked.forwarded_header or "the client's address"
            return f"{where} is in {some(asked.addresses) or 'an empty set'}"
        case RateBased(limit, window, aggregate):
            return f"more than {limit} requests in {window} s ({aggregate})"
        case And(parts):
            return " and ".join(f"({statement(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({statement(part)})" for part in parts)
        case Not(part):
            return f"not ({statement(part)})"
        case NotSimulatedStatement(kind, name):
            return f"{kind} {name}".rstrip()


def part_of(asked: Statement, request: Request) -> str:
    """The part of the request that a statement compares, if it is a single part."""
    match asked:
        case ByteMatch(field) | RegexMatch(field) | SizeConstraint(field):
            return _part(field, request)
        case IpSetMatch():
            if asked.forwarded_header:
                value = request.fields.get(asked.forwarded_header.lower().encode())
                return text(value) if value is not None else "missing"
            return text(request.client)
    return ""


def _part(field: FieldToMatch, request: Request) -> str:
    if field.kind == "body":
        return f"{len(request.body)} bytes were looked at"
    if field.kind == "single_header":
        value = request.fields.get(field.name.lower().encode())
        return header_value(field.name, value) if value is not None else "missing"
    if field.kind == "query_string":
        return query(request.query) or "empty"
    of_query = field.kind in ("all_query_arguments", "single_query_argument")
    if of_query and (_is_secret(field) or _SECRET.search(text(request.query))):
        return MASK
    return some(text(value) for value in values_of(field)(request)) or "missing"


def _field(field: FieldToMatch) -> str:
    if field.kind == "single_header":
        return f"the header {field.name}"
    if field.kind == "single_query_argument":
        return f"the query argument {field.name}"
    return _FIELDS[field.kind]


def _is_secret(field: FieldToMatch) -> bool:
    return bool(field.name and _SECRET.search(field.name))
