"""The request components that AWS WAF's statements inspect, and the tests on them.

"Request components in AWS WAF", "String match rule statement" and "Size constraint rule statement"
(AWS WAF Developer Guide).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne

from bonkei.blueprint.wafv2 import ByteMatch, FieldToMatch, SizeConstraint
from bonkei.grammar.waf_regex import Automaton, read
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.http.pattern import Predicate, RequestPredicate
from bonkei.services.edge.waf.transformation import Transformation

_WORD = rb"[A-Za-z0-9_]"
_COMPARISONS = {"EQ": eq, "NE": ne, "LE": le, "LT": lt, "GE": ge, "GT": gt}


def on_component(
    field: FieldToMatch, transform: Transformation | None, test: Predicate, body_bytes: int
) -> RequestPredicate:
    """Whether the test holds for the component, or for one of its values, transformed.

    `body_bytes` of a body are inspected; a request holds one byte more if its body is longer.
    """
    asked = test if transform is None else (lambda value: test(transform(value)))
    if field.kind == "body":
        return _on_body(field, asked, body_bytes)
    if field.kind == "single_header":
        name = field.name.lower().encode()

        def header(request: Request) -> bool:
            value = request.fields.get(name)
            return value is not None and asked(value)

        return header
    values = values_of(field)
    return lambda request: any(map(asked, values(request)))


def _on_body(field: FieldToMatch, asked: Predicate, body_bytes: int) -> RequestPredicate:
    """ "Handling oversize web request components in AWS WAF" (AWS WAF Developer Guide)."""
    handling = field.oversize_handling

    def body(request: Request) -> bool:
        if len(request.body) > body_bytes and handling != "CONTINUE":
            return handling == "MATCH"
        return asked(request.body[:body_bytes])

    return body


def values_of(field: FieldToMatch) -> Callable[[Request], tuple[bytes, ...]]:
    """The values of a component other than a header or the body."""
    match field.kind:
        case "uri_path":
            return lambda request: (request.path,)
        case "query_string":
            return lambda request: (request.query,)
        case "method":
            return lambda request: (request.method,)
        case "all_query_arguments":
            return lambda request: tuple(part for pair in _arguments(request) for part in pair)
    name = field.name.lower().encode()
    return lambda request: tuple(v for key, v in _arguments(request) if key.lower() == name)


def _arguments(request: Request) -> list[tuple[bytes, bytes]]:
    pairs = (part.partition(b"=") for part in request.query.split(b"&") if part)
    return [(name, value) for name, _, value in pairs]


def byte_test(statement: ByteMatch) -> Predicate:
    """The test for a positional constraint."""
    wanted = statement.search_string
    match statement.positional_constraint:
        case "EXACTLY":
            return wanted.__eq__
        case "STARTS_WITH":
            return lambda value: value.startswith(wanted)
        case "ENDS_WITH":
            return lambda value: value.endswith(wanted)
        case "CONTAINS":
            return lambda value: wanted in value
    word = re.compile(rb"(?<!%b)%b(?!%b)" % (_WORD, re.escape(wanted), _WORD))
    return lambda value: word.search(value) is not None


def regex_test(regex: str) -> Predicate:
    """The test for a regular expression. Raises RegexError."""
    return Automaton(read(regex)).is_in


def size_test(statement: SizeConstraint) -> Predicate:
    """The test for a size in bytes."""
    compare = _COMPARISONS[statement.comparison]
    return lambda value: bool(compare(len(value), statement.size))
