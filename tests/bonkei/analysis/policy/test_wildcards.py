"""IAM's wildcards, ARNs and policy variables."""

import time

import pytest

from bonkei.analysis.policy.wildcard import matches, matches_arn, substitute


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("s3:Get*", "s3:GetObject", True),
        ("s3:Get*", "s3:PutObject", False),
        ("s3:*Object*", "s3:GetObjectTagging", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("*", "", True),
        ("a*a", "a", False),
        ("a*b*c", "abcbc", True),
        ("line*end", "line\nend", True),
        ("a.c", "abc", False),
    ],
)
def test_wildcards(pattern: str, value: str, expected: bool) -> None:
    assert matches(pattern, value) is expected


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("*", "arn:aws:s3:::bucket/key", True),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b", True),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::*", "arn:aws:s3:::bucket/key", True),
        ("arn:aws:logs:*:*:log-group:/app:*", "arn:aws:logs:eu-west-1:1:log-group:/app:x", True),
        ("arn:aws:logs:*:log-group:/app:*", "arn:aws:logs:eu-west-1:1:log-group:/app:x", False),
        ("arn:aws:iam::*:role/app", "arn:aws:iam::1:role/app", True),
        ("arn:aws:sqs:*", "arn:aws:sqs:eu-west-1:1:queue", True),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket:x", False),
    ],
)
def test_wildcards_of_an_arn_stay_in_their_segment(pattern: str, arn: str, expected: bool) -> None:
    assert matches_arn(pattern, arn) is expected


def test_a_deep_wildcard_is_decided_in_bounded_time() -> None:
    began = time.perf_counter()
    assert not matches("a*" * 500 + "b", "a" * 5_000)
    assert not matches_arn("arn:aws:s3:::" + "a*a*" * 200 + "b", "arn:aws:s3:::" + "a" * 5_000)
    assert time.perf_counter() - began < 30  # any other way takes years


CONTEXT = {"aws:username": ("ann",), "aws:wild": ("a*",), "aws:two": ("a", "b")}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("home/${aws:username}/x", "home/ann/x"),
        ("home/${AWS:UserName}", "home/ann"),
        ("${aws:absent, 'all'}/x", "all/x"),
        ("${aws:absent}", None),
        ("${aws:two}", None),
    ],
)
def test_variables(pattern: str, expected: str | None) -> None:
    assert substitute(pattern, CONTEXT) == expected


def test_a_wildcard_in_a_value_or_in_braces_is_a_plain_character() -> None:
    for pattern in ("${aws:wild}", "a${*}"):
        replaced = substitute(pattern, CONTEXT)
        assert replaced is not None
        assert matches(replaced, "a*")
        assert not matches(replaced, "ab")
