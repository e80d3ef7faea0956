"""Regular expressions and fields: what they find, and in what time."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.grammar.filter_pattern import FilterPatternError, parse
from bonkei.grammar.filter_pattern.fields import split

_SETS = st.sampled_from(
    ["a", "b", ".", r"\d", r"\W", r"\.", "[ab]", "[^a]", "[]b]", "[a-c1]", r"[\]a]"]
)
_TIMES = st.sampled_from(["", "", "*", "+", "?", "+?", "{2}", "{1,}", "{,2}", "{0,3}", "{,}", "{1"])
_STEPS = st.builds(lambda of, times: of + times, _SETS, _TIMES) | st.sampled_from("^$")
_SOURCES = st.lists(st.lists(_STEPS, max_size=5).map("".join), min_size=1, max_size=3).map("|".join)


@given(_SOURCES, st.text("ab1{.é\n", max_size=10))
def test_an_expression_finds_what_python_finds(source: str, text: str) -> None:
    if source:
        assert parse(f"%{source}%").matches(text) is bool(re.search(source, text, re.ASCII))


def test_many_repetitions_are_counted_exactly() -> None:
    pattern = parse("%^a{3,700}b$%")

    assert [length for length in range(710) if pattern.matches("a" * length + "b")] == list(
        range(3, 701)
    )


def test_a_repetition_of_a_repetition_is_refused() -> None:
    with pytest.raises(FilterPatternError, match="a repetition is repeated") as caught:
        parse("%ba++%")

    assert caught.value.position == 4


@given(st.text('a[]" \n', max_size=12))
def test_the_fields_are_those_of_the_plain_expression(message: str) -> None:
    found = re.findall(r'"([^"]*)"(?=\s|$)|\[([^\]]*)\](?=\s|$)|(\S+)', message)
    assert split(message) == [a or b or c for a, b, c in found]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("%a+b%", "a" * 1_000_000),
        (f"%{'.*x' * 300}%", "x" * 299 + "y" * 100_000),
        ("%[ab]{0,65000}c%", "ab" * 50_000),
        (f"[a=%{'x*' * 300}y%, b]", "x" * 100_000),
        ("[a, b]", "[ " * 500_000),
        ("[a, b]", "[ " * 500_000 + "]x"),
    ],
)
def test_the_time_is_bounded(pattern: str, message: str) -> None:
    begun = time.process_time()
    parse(pattern).matches(message)
    assert time.process_time() - begun < 30  # tried at each place, it takes minutes
