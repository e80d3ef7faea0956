"""Cases without an example on the page: errors with their place, and events that are not JSON."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.grammar.filter_pattern import FilterPatternError, parse


@pytest.mark.parametrize(
    ("pattern", "position", "problem"),
    [
        ('"never closed', 1, "the quotation mark is never closed"),
        ("%never closed", 1, "the regular expression is never closed"),
        ("%something!%", 11, "have no `!`"),
        ("%(a|b)%", 2, "have no `(`"),
        ("%日本%", 2, "have no `日`"),
        (r"%a\b%", 4, r"have no `\b`"),
        ("%[z-a]%", 3, "not a regular expression"),
        ("%ERROR% more", 9, "stands alone"),
        ("a.b", 2, "neither a letter nor a digit"),
        ("ERROR - x", 8, "a term is missing"),
        ("{ $.a = }", 9, "a value is missing"),
        ("{ $.a }", 7, "a comparison is missing"),
        ("{ $.a = 1", 10, "a `}`"),
        ("{ $.a = 1 } x", 13, "there is more"),
        ("{ ($.a = 1 }", 12, "a `)` is missing"),
        ("{ $.a IS MAYBE }", 10, "NULL, TRUE or FALSE"),
        ("{ $.a > ten }", 9, "`>` compares numbers"),
        ("{ $. = 1 }", 5, "a property's name is missing"),
        ("{ $.a[x] = 1 }", 6, "not an index"),
        ("{ $.a[*].b[*] = 1 }", 3, "more than one wildcard"),
        ("{ $.a = %a% || $.b = %b% || $.c = %c% }", 1, "two regular expressions"),
        ("[a, b", 6, "a `]`"),
        ("[..., a, ...]", 10, "one ellipsis"),
        ("[a, a]", 5, "two fields are named a"),
        ("[a = 1 || b = 2, c]", 11, "a condition on b"),
        ("[a = %a%, b = %b%, c = %c%]", 1, "two regular expressions"),
        ("x" * 1025, 1025, "at most 1024 characters"),
    ],
)
def test_a_mistake_is_reported_with_its_place(pattern: str, position: int, problem: str) -> None:
    with pytest.raises(FilterPatternError, match=re.escape(problem)) as caught:
        parse(pattern)

    assert caught.value.position + 1 == position


@pytest.mark.parametrize("message", ["", "ERROR", "[1]", '{"level":', "{" * 5000, "42", "null"])
def test_an_event_that_is_not_a_json_object_matches_no_json_pattern(message: str) -> None:
    assert not parse("{ $.level NOT EXISTS }").matches(message)


def test_a_term_is_a_whole_word() -> None:
    assert parse("Error").matches("an Error: it broke")
    assert not parse("Error").matches("ValueError")
    assert not parse("Error").matches("error")


def test_a_level_of_postgresql() -> None:
    pattern = parse('"]:ERROR:"')

    assert pattern.matches(
        "2026-01-01 00:00:00 UTC:10.0.0.9(41234):app@status:[77]:ERROR:  no such"
    )
    assert not pattern.matches(
        "2026-01-01 00:00:00 UTC:10.0.0.9(41234):app@status:[77]:LOG:  ERROR"
    )


def test_a_text_with_json_escapes_is_found() -> None:
    assert parse('{ $.level = "ERROR" }').matches('{"level": "\\u0045RROR"}')
    assert parse('{ $.path = "/a\\"b" }').matches('{"path": "\\/a\\"b"}')


def test_names_with_dots_and_every_property() -> None:
    message = json.dumps({"service.name": "a", "other": {"x": 500}})

    assert parse("{ $.['service.name'] = \"a\" }").matches(message)
    assert parse("{ $.*.x = 500 }").matches(message)
    assert not parse("{ $.*.x = 501 }").matches(message)


_SCALARS = st.none() | st.booleans() | st.integers(-999, 999) | st.text('abAB "\\é', max_size=4)


@given(value=_SCALARS, expected=_SCALARS)
def test_equal_and_unequal_are_opposites_of_a_value(value: object, expected: object) -> None:
    message = json.dumps({"a": value})
    if not isinstance(expected, str | int) or isinstance(expected, bool):
        return
    literal = json.dumps(expected, ensure_ascii=False)
    equal = parse(f"{{ $.a = {literal} }}").matches(message)
    unequal = parse(f"{{ $.a != {literal} }}").matches(message)

    assert equal is (type(value) is type(expected) and value == expected)
    assert not (equal and unequal)
    if isinstance(value, type(expected)) and not isinstance(value, bool):
        assert equal is not unequal


@given(st.text(max_size=40))
def test_no_pattern_breaks_the_parser(text: str) -> None:
    try:
        parse(text).matches("ERROR a b 1")
    except FilterPatternError as error:
        place = error.position
    else:
        place = 0
    assert 0 <= place <= len(text)
