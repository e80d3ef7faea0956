"""How long CloudFront keeps a response: the tables of "Manage how long content stays in the cache
(expiration)" and "How CloudFront processes HTTP 4xx and 5xx status codes from your origin"."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.blueprint.cloudfront import CachePolicy
from bonkei.services.edge.cloudfront.error_page import CustomErrors
from bonkei.services.edge.cloudfront.freshness import (
    age_of,
    cache_control,
    error_lifetime,
    lifetime,
)
from bonkei.services.edge.cloudfront.outcome import allowed_lifetime
from bonkei.services.edge.http.message import Headers, header

NOW = 1_800_000_000.0


def headers(**fields: str) -> Headers:
    return [header(k.replace("_", "-").encode(), v.encode()) for k, v in fields.items()]


def ttl(minimum: float, default: float, maximum: float, **fields: str) -> float | None:
    given = headers(**fields)
    found = lifetime(CachePolicy("p", minimum, default, maximum), given, NOW, age_of(given))
    return found.ttl if found else None


@pytest.mark.parametrize(
    ("policy", "control", "expected"),
    [
        # Minimum TTL of 0.
        ((0, 60, 100), "max-age=50", 50),
        ((0, 60, 100), "max-age=500", 100),
        ((0, 60, 100), "max-age=50, s-maxage=70", 70),
        ((0, 60, 100), "public", 60),
        ((0, 60, 100), "no-cache", None),
        ((0, 60, 100), "no-store", None),
        ((0, 60, 100), "private, max-age=50", None),
        ((0, 60, 100), "max-age=0", 0),
        # Minimum TTL greater than 0.
        ((10, 60, 100), "max-age=5", 10),
        ((10, 60, 100), "max-age=50", 50),
        ((10, 60, 100), "max-age=500", 100),
        ((10, 5, 100), "public", 10),
        ((10, 60, 100), "no-store", 10),
        # Caching disabled.
        ((0, 0, 0), "max-age=50", None),
    ],
)
def test_cache_control(
    policy: tuple[float, float, float], control: str, expected: float | None
) -> None:
    assert ttl(*policy, cache_control=control) == expected


def test_expires() -> None:
    def until(seconds: float) -> str:
        return formatdate(NOW + seconds, usegmt=True)

    assert ttl(0, 60, 100, expires=until(30)) == 30
    assert ttl(0, 60, 100, expires=until(300)) == 100
    assert ttl(0, 60, 100, expires=until(-5)) == 0
    assert ttl(0, 60, 100, expires="never") == 0
    # "If you specify values both for max-age and for Expires, CloudFront uses only max-age."
    assert ttl(0, 60, 100, expires=until(30), cache_control="max-age=7") == 7


def test_without_headers_the_default_ttl_applies() -> None:
    assert ttl(0, 60, 100) == 60


def test_stale_directives_are_bounded_by_the_maximum() -> None:
    control = "max-age=1, stale-while-revalidate=500, stale-if-error=50"
    found = lifetime(CachePolicy("p", 0, 60, 100), headers(cache_control=control), NOW, 0)
    assert found is not None
    assert (found.while_revalidate, found.if_error) == (100, 50)


@pytest.mark.parametrize(
    ("control", "while_revalidate", "if_error"),
    [
        # "CloudFront will only serve an object that is stale up to the specified maximum TTL".
        ("max-age=1", 0, 100),
        # "To avoid this behavior, include the Cache-Control: stale-if-error=0 directive".
        ("max-age=1, stale-if-error=0", 0, 0),
        # That is the only way which CloudFront names, and it was seen to serve these on a 5xx.
        ("max-age=1, must-revalidate", 0, 100),
        ("max-age=1, proxy-revalidate", 0, 100),
        ("s-maxage=1", 0, 100),
        # It says nothing of these together, so RFC 9111, section 5.2.2.2, decides.
        ("max-age=1, must-revalidate, stale-while-revalidate=50", 0, 100),
        ("max-age=1, proxy-revalidate, stale-while-revalidate=50", 0, 100),
        ("s-maxage=1, stale-while-revalidate=50", 50, 100),
    ],
)
def test_stale_responses(control: str, while_revalidate: float, if_error: float) -> None:
    found = lifetime(CachePolicy("p", 0, 60, 100), headers(cache_control=control), NOW, 0)
    assert found is not None
    assert (found.while_revalidate, found.if_error) == (while_revalidate, if_error)


FAR = "Thu, 18 Aug 2050 02:01:18 GMT"
SOON, PAST = (formatdate(NOW + seconds, usegmt=True) for seconds in (20, -20))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # RFC 9111, section 4.2: what is left of the time is the lifetime less the Age.
        ([("Cache-Control", "max-age=3600"), ("Age", "7200")], 0),
        ([("Cache-Control", "max-age=3600"), ("Age", "600")], 3000),
        ([("Cache-Control", "s-maxage=3600, max-age=9"), ("Age", "600")], 3000),
        # Section 5.1: of several values the first counts, and an invalid one is ignored.
        ([("Cache-Control", "max-age=3600"), ("Age", "7200, 0")], 0),
        ([("Cache-Control", "max-age=3600"), ("Age", "0, 7200")], 3600),
        ([("Cache-Control", "max-age=3600"), ("Age", "7200"), ("Age", "0")], 0),
        ([("Cache-Control", "max-age=3600"), ("Age", "0"), ("Age", "7200")], 3600),
        ([("Cache-Control", "max-age=3600"), ("Age", "abc")], 3600),
        ([("Cache-Control", "max-age=3600"), ("Age", "-7200")], 3600),
        ([("Cache-Control", "max-age=3600"), ("Age", "7200.0")], 3600),
        ([("Cache-Control", "max-age=3600"), ("Age", "2147483648")], 0),
        ([("Cache-Control", "max-age=3600"), ("Age", "9" * 5000)], 0),
        # Section 4.2.1: the first of two values counts, and a malformed one means stale.
        ([("Cache-Control", "max-age=1800, max-age=1")], 1800),
        ([("Cache-Control", "max-age=1"), ("Cache-Control", "max-age=1800")], 1),
        ([("Cache-Control", "max-age=-3600")], 0),
        ([("Cache-Control", "max-age=3600a")], 0),
        ([("Cache-Control", "max-age='3600'")], 0),
        ([("Cache-Control", "s-maxage=x, max-age=3600")], 0),
        ([("Cache-Control", 'max-age="3600"')], 3600),
        ([("Cache-Control", 'extension="a, max-age=3600", max-age=1')], 1),
        ([("Cache-Control", "foobar, MaX-aGe=3600")], 3600),
        ([("Cache-Control", "max-age=99999999999")], 10**9),
        # RFC 9110, section 5.6.7: the three forms of a date, and no others.
        *(([("Expires", value)], None) for value in (
            FAR, FAR.lower(), "Thursday, 18-Aug-50 02:01:18 GMT", "Thu Aug 18 02:01:18 2050",
        )),
        *(([("Expires", value)], 0) for value in (
            "0", "", "-1", "Thu, 18 Aug 2050 02:01:18 UTC", "Thu, 18 Aug 2050 02:01:18 AEST",
            "Thu, 18 Aug 50 02:01:18 GMT", "Thu 18 Aug 2050 02:01:18 GMT",
            "Thu, 18  Aug  2050 02:01:18 GMT", "Thu, 18-Aug-2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 02.01.18 GMT", "Thu, 18 Aug 2050 2:01:18 GMT",
            "Thu, 18 Aug 2050 02:01:18", "Thu, 38 Aug 2050 02:01:18 GMT", PAST,
        )),
        ([("Expires", "Thu, 18 Aug 2050 2:01:18 GMT"), ("Expires", FAR)], 0),
        ([("Expires", SOON), ("Expires", FAR)], 20),
        # "Until the date", and no longer than Expires less Date, less Age (section 4.2.1).
        ([("Expires", SOON), ("Date", formatdate(NOW + 30, usegmt=True))], 0),
        ([("Expires", SOON), ("Date", formatdate(NOW + 5, usegmt=True))], 15),
        ([("Expires", SOON), ("Date", formatdate(NOW - 5, usegmt=True))], 20),
        ([("Expires", SOON), ("Date", "foo")], 20),
        ([("Expires", SOON), ("Age", "25"), ("Date", PAST)], 15),
        ([("Expires", SOON), ("Age", "45"), ("Date", PAST)], 0),
        ([("Expires", SOON), ("Age", "15")], 5),
        # "CloudFront uses only the value of Cache-Control max-age."
        ([("Cache-Control", "max-age=3600"), ("Expires", "0")], 3600),
        ([("Cache-Control", "max-age=0"), ("Expires", FAR)], 0),
        ([("Cache-Control", "public"), ("Age", "30")], 60),  # the default TTL is CloudFront's own
    ],
)  # fmt: skip
def test_what_the_origin_says(fields: list[tuple[str, str]], expected: float | None) -> None:
    given = [header(name.encode(), value.encode()) for name, value in fields]
    found = lifetime(CachePolicy("p", 0, 60, 10**9), given, NOW, age_of(given))
    assert found is not None
    far = datetime(2050, 8, 18, 2, 1, 18, tzinfo=UTC).timestamp() - NOW
    assert found.ttl == (far if expected is None else expected)


@pytest.mark.parametrize(
    ("status", "control", "is_cached"),
    [
        (301, "", True), (307, "", False), (308, "", False), (307, "max-age=5", True),
        (308, "public", True), (303, "max-age=5", False),
    ],
)  # fmt: skip
def test_redirects(status: int, control: str, is_cached: bool) -> None:
    """ "CloudFront caches 307 and 308 responses only when you include the Cache-Control header"."""
    given = headers(cache_control=control) if control else []
    policy = CachePolicy("p", 0, 60, 100)
    assert (allowed_lifetime(status, policy, given, CustomErrors(())) is not None) == is_cached


@pytest.mark.parametrize(
    "values", [("*",), ("*, *",), (", *",), ("", "*"), ("*, foo",), ("foo,*",)]
)
def test_vary_star_is_not_cached(values: tuple[str, ...]) -> None:
    """RFC 9111, section 4.1: where the list has it, in whatever place."""
    given = [header(b"Vary", value.encode()) for value in values]
    for minimum, is_cached in ((0, False), (1, True)):
        found = lifetime(CachePolicy("p", minimum, 60, 100), given, NOW, 0)
        assert (found is not None) == is_cached
    assert ttl(0, 60, 100, vary="foo*") == 60


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 200), st.integers(0, 10**6))
def test_max_age_never_leaves_the_bounds(low: int, default: int, span: int, age: int) -> None:
    found = ttl(low, default, low + span, cache_control=f"max-age={age}")
    assert found is not None
    assert low <= found <= low + span


@given(st.binary(max_size=60))
def test_any_cache_control_is_read(value: bytes) -> None:
    assert isinstance(cache_control([header(b"Cache-Control", value)]), dict)


@pytest.mark.parametrize(
    ("status", "control", "expected"),
    [
        (404, "", 10),
        (500, "", 10),
        (503, "max-age=30", 30),
        (503, "max-age=3", 10),
        (404, "max-age=500", 100),
        (404, "no-store", None),
        (503, "no-store", 10),  # ignored except for 404, 410, 414 and 501
        (403, "", None),
        (403, "max-age=20", 20),
        (400, "s-maxage=20", 20),
        (401, "max-age=20", None),
    ],
)
def test_errors(status: int, control: str, expected: float | None) -> None:
    policy = CachePolicy("p", 0, 60, 100)
    given_headers = headers(cache_control=control) if control else []
    found = error_lifetime(status, policy, given_headers, 10, NOW)
    assert (found.ttl if found else None) == expected
