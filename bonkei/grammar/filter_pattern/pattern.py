"""A filter pattern, which is parsed once and then applied to each message."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bonkei.grammar.filter_pattern.fields import Fields, compile_fields, parse_fields
from bonkei.grammar.filter_pattern.json_pattern import (
    Condition,
    compile_condition,
    leaves,
    parse_json,
    required_texts,
)
from bonkei.grammar.filter_pattern.scanner import Scanner
from bonkei.grammar.filter_pattern.selector import parse_selector
from bonkei.grammar.filter_pattern.terms import Terms, compile_terms, parse_terms

_MOST_CHARACTERS = 1024  # "PutMetricFilter" of the API reference: filterPattern


@dataclass(frozen=True, slots=True)
class Match:
    """A message that matches. `document` is the record of a JSON pattern, `fields` are the
    texts of a space-delimited one by name (`$bytes`)."""

    document: Any = None
    fields: dict[str, str] | None = None

    def value(self, selector: str) -> Any:
        """The value of `$.latency` or `$bytes` in this record, or None if the record lacks it. A
        selector with a wildcard gives its first value. Raises FilterPatternError for anything that
        is not a selector."""
        if self.fields is not None:
            return self.fields.get(selector)
        return next(_parsed(selector).values(self.document), None)


@dataclass(frozen=True, slots=True)
class FilterPattern:
    """A parsed pattern. `content` is for code that reasons about it; `find` gives the match."""

    text: str
    content: Terms | Condition | Fields
    find: Callable[[str], Match | None]

    def matches(self, message: str) -> bool:
        """Whether the pattern matches a log event's message."""
        return self.find(message) is not None

    def extract(self, match: Match) -> dict[str, str]:
        """Return the values that the pattern names, like the extractedValues of
        TestMetricFilter."""
        if match.fields is not None:
            return dict(match.fields)
        if isinstance(self.content, Terms | Fields):
            return {}
        found: dict[str, str] = {}
        for leaf in leaves(self.content):
            for value in leaf.selector.values(match.document):
                text = value if isinstance(value, str) else json.dumps(value)
                found.setdefault(leaf.selector.text, text)
        return found


@lru_cache(maxsize=512)
def parse(text: str) -> FilterPattern:
    """Parse a pattern as metric filters, subscription filters and FilterLogEvents take it. Raises
    FilterPatternError. An empty pattern matches everything."""
    scanner = Scanner(text)
    if len(text) > _MOST_CHARACTERS:
        raise scanner.error(
            f"a pattern has at most {_MOST_CHARACTERS} characters", at=_MOST_CHARACTERS
        )
    scanner.skip_blanks()
    if scanner.peek() == "{":
        condition = parse_json(scanner)
        return FilterPattern(text, condition, _find_json(condition))
    if scanner.peek() == "[":
        fields = parse_fields(scanner)
        return FilterPattern(text, fields, _find_fields(fields))
    terms = parse_terms(scanner)
    return FilterPattern(text, terms, _find_terms(terms))


def _find_terms(terms: Terms) -> Callable[[str], Match | None]:
    test = compile_terms(terms)
    found = Match()
    return lambda message: found if test(message) else None


def _find_fields(pattern: Fields) -> Callable[[str], Match | None]:
    match = compile_fields(pattern)

    def find(message: str) -> Match | None:
        fields = match(message)
        return None if fields is None else Match(fields=fields)

    return find


def _find_json(condition: Condition) -> Callable[[str], Match | None]:
    """Skip the parsing of a record without a required text, because most records do not match."""
    test = compile_condition(condition)
    needed = required_texts(condition)

    def find(message: str) -> Match | None:
        if not message.lstrip().startswith("{"):
            return None
        if any(text not in message for text in needed) and "\\" not in message:
            return None
        try:
            document = json.loads(message)
        except (ValueError, RecursionError):
            return None
        return Match(document) if test(document) else None

    return find


_parsed = lru_cache(maxsize=512)(parse_selector)
