"""Wildcards: what they match, and in what time, wherever texts of others are compared."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.grammar.filter_pattern import parse
from bonkei.grammar.wildcards import between_stars
from bonkei.services.logs.delivery.requests.cloudfront import _matcher

HOSTILE, TEXT = "*a" * 40 + "*b", "a" * 5_000


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_it_matches_what_a_plain_expression_matches(pattern: str, text: str) -> None:
    parts = pattern.split("*")
    plain = re.fullmatch(".*".join(parts), text)
    assert bool(re.fullmatch(between_stars(parts), text)) is bool(plain)


@pytest.mark.parametrize(
    "matches",
    [
        lambda: parse(f'{{ $.a = "{HOSTILE}" }}').matches(json.dumps({"a": TEXT})),
        lambda: parse(f"[a={HOSTILE}]").matches(TEXT),
        lambda: _matcher(HOSTILE).fullmatch(TEXT),
    ],
    ids=["JSON filter", "fields filter", "path pattern"],
)
def test_the_time_is_bounded(matches: Callable[[], object]) -> None:
    begun = time.process_time()
    assert not matches()
    assert time.process_time() - begun < 30  # any other way takes years
