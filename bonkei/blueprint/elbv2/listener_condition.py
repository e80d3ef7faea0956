"""The conditions of a listener rule."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint.elbv2 import (
    Condition,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    SourceIp,
)
from bonkei.blueprint.state.block import Block

_WITH_REGEX = ("path_pattern", "host_header", "http_header")


def matches_by_regex(rule: Block) -> bool:
    """Whether a condition is a regular expression."""
    return any(
        inner.has("regex_values")
        for condition in rule.blocks("condition")
        for kind in _WITH_REGEX
        for inner in condition.blocks(kind)
    )


def read_conditions(rule: Block) -> tuple[Condition, ...]:
    """All conditions of a rule. A block may have several. They are sorted by their repr: the state
    keeps them as a set, so their order means nothing."""
    found = [item for block in rule.blocks("condition") for item in _conditions(block)]
    if not found:
        rule.refuse("condition", "a rule without a condition")
    return tuple(sorted(found, key=repr))


def _conditions(block: Block) -> Iterator[Condition]:
    for inner in block.blocks("path_pattern"):
        yield PathPattern(_values(inner))
    for inner in block.blocks("host_header"):
        yield HostHeader(_values(inner))
    for inner in block.blocks("http_header"):
        yield HttpHeader(inner.text("http_header_name"), _values(inner))
    for inner in block.blocks("http_request_method"):
        yield HttpRequestMethod(_values(inner))
    for inner in block.blocks("source_ip"):
        yield SourceIp(_values(inner))
    if pairs := block.blocks("query_string"):
        yield QueryString(tuple(sorted((p.text("key", ""), p.text("value")) for p in pairs)))


def _values(block: Block) -> tuple[str, ...]:
    values = tuple(sorted(block.texts("values")))
    if not values:
        block.refuse("values", "a condition without a value")
    return values
