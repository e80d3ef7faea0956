"""Wildcards, compared with a simple definition of their meaning."""

from __future__ import annotations

import time
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.services.edge.http.pattern import any_matcher, matcher, normalize_path


def meaning(pattern: str, text: str) -> bool:
    """`*`: any number of characters; `?`: exactly one; anything else: itself."""

    @lru_cache(None)
    def at(p: int, t: int) -> bool:
        if p == len(pattern):
            return t == len(text)
        if pattern[p] == "*":
            return at(p + 1, t) or (t < len(text) and at(p, t + 1))
        return t < len(text) and pattern[p] in ("?", text[t]) and at(p + 1, t + 1)

    return at(0, 0)


@given(st.text("ab*?./", max_size=8), st.text("ab./\n", max_size=10))
def test_patterns_have_the_meaning_that_aws_documents(pattern: str, text: str) -> None:
    assert matcher(pattern)(text.encode()) == meaning(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/img/*", "/img/a/b.png", True),
        ("/img/*", "/img/", True),
        ("/img/*", "/img", False),
        ("/img/*/pics", "/img/a/b/pics", True),
        ("/img/*", "/IMG/a", False),  # "case-sensitive"
        ("/a?", "/ab", True),
        ("/a?", "/a", False),
        ("*.jpg", "/x/y.jpg", True),
        ("/[ab]", "/a", False),  # only * and ? are special
        ("/[ab]", "/[ab]", True),
    ],
)
def test_documented_examples(pattern: str, path: str, matches: bool) -> None:
    """ "Path conditions" (User Guide for Application Load Balancers), "Path pattern" (Amazon
    CloudFront Developer Guide)."""
    assert matcher(pattern)(path.encode()) is matches


def test_case_can_be_ignored() -> None:
    assert any_matcher(("*.Example.com", "x"), ignore_case=True)(b"WWW.example.COM")


def test_hostile_input_takes_linear_time() -> None:
    match = matcher("*a*a*a*a*a*b")
    begun = time.process_time()
    assert not match(b"a" * 16_000)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        (b"/a/../admin", b"/admin"),
        (b"/a/./b", b"/a/b"),
        (b"/%61dmin", b"/admin"),
        (b"/a%2fb", b"/a%2Fb"),
        (b"/../../x", b"/x"),
        (b"/a/..", b"/"),
        (b"/.well-known/x", b"/.well-known/x"),
        (b"//a", b"//a"),
    ],
)
def test_paths_are_normalized_before_a_behavior_is_chosen(path: bytes, normal: bytes) -> None:
    assert normalize_path(path) == normal


@given(st.lists(st.sampled_from([b".", b"..", b"a", b"b", b"", b"%2e", b"%2E."])))
def test_normalizing_is_idempotent_and_leaves_no_dot_segment(segments: list[bytes]) -> None:
    normal = normalize_path(b"/" + b"/".join(segments))
    assert normalize_path(normal) == normal
    assert not {b".", b".."} & set(normal.split(b"/"))
