"""Patterns of JSON records: `{ ($.level = "ERROR") && ($.latency > 50 || $.user NOT EXISTS) }`.

"Filter patterns for JSON log events",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax-JSON.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from bonkei.grammar.filter_pattern.scanner import Scanner
from bonkei.grammar.filter_pattern.selector import Selector, take_selector
from bonkei.grammar.filter_pattern.value import OPERATORS, Value, comparison, number_of, take_value

Test = Callable[[Any], bool]

_UNQUOTED = re.compile(r'[^\s(){}&|",]+')
_WORDS = {"NULL": None, "TRUE": True, "FALSE": False}
_MOST_REGEXES = 2  # "Quotas" of the page above
_MOST_WILDCARDS = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison such as `$.level = "ERROR"`."""

    selector: Selector
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Is:
    """A condition such as `$.user IS NULL`. `value` is None, True or False."""

    selector: Selector
    value: bool | None


@dataclass(frozen=True, slots=True)
class Exists:
    """The condition `$.user EXISTS`, or `NOT EXISTS` if `wanted` is false."""

    selector: Selector
    wanted: bool


@dataclass(frozen=True, slots=True)
class AllOf:
    """`a && b`."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`a || b`."""

    parts: tuple[Condition, ...]


Leaf = Comparison | Is | Exists
Condition = Leaf | AllOf | AnyOf


def parse_json(scanner: Scanner) -> Condition:
    """Parse the pattern. The scanner stands at its `{`."""
    begin = scanner.position
    scanner.expect("{", "a JSON pattern begins with `{`")
    condition = _any(scanner)
    scanner.expect("}", "a `}`, a `&&` or a `||` is missing here")
    if not scanner.at_end():
        raise scanner.error("there is more behind the closing `}`")
    found = list(leaves(condition))
    values = [leaf.value for leaf in found if isinstance(leaf, Comparison)]
    if sum(value.kind == "regex" for value in values) > _MOST_REGEXES:
        raise scanner.error("a pattern has at most two regular expressions", at=begin)
    if sum(leaf.selector.every >= 0 for leaf in found) > _MOST_WILDCARDS:
        raise scanner.error("a pattern has at most three selectors with a wildcard", at=begin)
    return condition


def _any(scanner: Scanner) -> Condition:
    parts = [_all(scanner)]
    while scanner.take("||"):
        parts.append(_all(scanner))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _all(scanner: Scanner) -> Condition:
    parts = [_one(scanner)]
    while scanner.take("&&"):
        parts.append(_one(scanner))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _one(scanner: Scanner) -> Condition:
    if scanner.take("("):
        inner = _any(scanner)
        scanner.expect(")", "a `)` is missing here")
        return inner
    selector = take_selector(scanner)
    if operator := scanner.take(*OPERATORS):
        scanner.skip_blanks()
        begin = scanner.position
        value = take_value(scanner, _UNQUOTED)
        if operator not in ("=", "!=") and value.kind != "number":
            raise scanner.error(f"`{operator}` compares numbers", "write = or !=", at=begin)
        return Comparison(selector, operator, value)
    if scanner.take("NOT"):
        scanner.expect("EXISTS", "`NOT` is followed by `EXISTS`")
        return Exists(selector, wanted=False)
    if scanner.take("EXISTS"):
        return Exists(selector, wanted=True)
    if scanner.take("IS"):
        if word := scanner.take(*_WORDS):
            return Is(selector, _WORDS[word])
        raise scanner.error("`IS` is followed by NULL, TRUE or FALSE")
    raise scanner.error(
        "a comparison is missing", "one of = != > < >= <=, IS NULL, IS TRUE, EXISTS, NOT EXISTS"
    )


def leaves(condition: Condition) -> Iterator[Leaf]:
    """List the pattern's comparisons from left to right."""
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from leaves(part)
    else:
        yield condition


def alternatives(condition: Condition) -> Iterator[tuple[Leaf, ...]]:
    """Rewrite the condition as alternatives. In each of them, all comparisons have to hold."""
    if isinstance(condition, AnyOf):
        for part in condition.parts:
            yield from alternatives(part)
    elif isinstance(condition, AllOf):
        for chosen in product(*(tuple(alternatives(part)) for part in condition.parts)):
            yield tuple(leaf for group in chosen for leaf in group)
    else:
        yield (condition,)


def compile_condition(condition: Condition) -> Test:
    """Return a test for a parsed record."""
    if isinstance(condition, AnyOf):
        tests = [compile_condition(part) for part in condition.parts]
        return lambda document: any(test(document) for test in tests)
    if isinstance(condition, AllOf):
        tests = [compile_condition(part) for part in condition.parts]
        return lambda document: all(test(document) for test in tests)
    values = condition.selector.values
    if isinstance(condition, Exists):
        wanted = condition.wanted
        return lambda document: any(True for _ in values(document)) is wanted
    if isinstance(condition, Is):
        expected = condition.value
        return lambda document: any(value is expected for value in values(document))
    return _compile_comparison(condition)


def _compile_comparison(condition: Comparison) -> Test:
    """A selector that points to nothing, to null, to an array or to an object never matches: "the
    filter pattern won't match the log format". Quoted text does not match a number."""
    holds = comparison(condition.operator, condition.value)
    values = condition.selector.values
    only_texts = condition.value.kind == "text" and condition.value.quoted
    unequal = condition.operator == "!="

    def one(value: Any) -> bool:
        if isinstance(value, str):
            return holds(value, None)
        if not isinstance(value, int | float):
            return False
        if only_texts:
            return unequal
        if isinstance(value, bool):
            return holds(str(value).lower(), None)
        return holds(str(value), number_of(str(value)))

    return lambda document: any(one(value) for value in values(document))


def required_texts(condition: Condition) -> tuple[str, ...]:
    """Find texts that every matching record contains literally (JSON may escape others)."""
    if isinstance(condition, AllOf):
        return tuple(text for part in condition.parts for text in required_texts(part))
    if isinstance(condition, Comparison) and condition.operator == "=":
        value = condition.value
        if value.kind == "text" and value.text.isascii() and value.text.isalnum():
            return (value.text,)
    return ()
