"""The selections of cache policies and origin request policies. Conditional and range requests
for cached responses.
"""

from __future__ import annotations

import gzip

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.blueprint.cloudfront import Selection
from bonkei.services.edge.cloudfront.compression import compress, compressed_headers, compressible
from bonkei.services.edge.cloudfront.conditional import byte_range, not_modified
from bonkei.services.edge.cloudfront.selection import (
    accepted_encoding,
    filter_cookies,
    filter_query,
    selects,
)
from bonkei.services.edge.http.message import Headers, Request, header, value_of


def request(**fields: str) -> Request:
    values = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    return Request(b"GET", b"/", b"/", b"", b"1.1", [], values, b"127.0.0.1")


def test_selections() -> None:
    assert not selects(Selection("none"))(b"a")
    assert selects(Selection("all"))(b"a")
    assert selects(Selection("whitelist", ("A",)), ignore_case=True)(b"a")
    assert not selects(Selection("whitelist", ("A",)))(b"a")
    assert selects(Selection("allExcept", ("b",)))(b"a")
    assert not selects(Selection("allExcept", ("b",)))(b"b")


def test_queries_and_cookies_keep_their_order() -> None:
    wanted = selects(Selection("whitelist", ("a", "c")))
    assert filter_query(b"c=3&b=2&a=1&a", wanted) == b"c=3&a=1&a"
    assert filter_cookies(b"c=3; b=2;a=1", wanted) == b"c=3; a=1"


@pytest.mark.parametrize(
    ("given_", "gzip_", "brotli_", "expected"),
    [
        ("gzip, deflate, br", True, True, "br,gzip"),
        ("gzip, deflate, br", True, False, "gzip"),
        ("gzip;q=0, br;q=0.5", True, True, "br"),
        ("gzip;q=0.000", True, True, ""),
        ("deflate", True, True, ""),
        ("gzip", False, False, ""),
    ],
)
def test_accept_encoding_is_normalized(
    given_: str, gzip_: bool, brotli_: bool, expected: str
) -> None:
    """ "Cache compressed objects" (Amazon CloudFront Developer Guide)."""
    assert accepted_encoding(given_.encode(), gzip=gzip_, brotli=brotli_) == expected.encode()


@given(st.binary(max_size=40))
def test_any_accept_encoding_is_read(value: bytes) -> None:
    assert accepted_encoding(value, gzip=True, brotli=True) in (b"", b"gzip", b"br", b"br,gzip")


def test_not_modified() -> None:
    date, later = b"Tue, 24 Nov 2026 00:00:00 GMT", "Wed, 25 Nov 2026 00:00:00 GMT"
    assert not_modified(request(if_none_match='"a", "b"'), b'"b"', None)
    assert not_modified(request(if_none_match='"b"'), b'W/"b"', None)
    assert not_modified(request(if_none_match="*"), b'"b"', None)
    assert not not_modified(request(if_none_match='"a"'), b'"b"', None)
    assert not_modified(request(if_modified_since=later), None, date)
    assert not not_modified(request(if_modified_since="nonsense"), None, date)
    # If-None-Match takes precedence.
    assert not not_modified(request(if_none_match='"x"', if_modified_since=later), b'"y"', date)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes=0-4", (0, 4)),
        ("bytes=5-", (5, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-30", (0, 9)),
        ("bytes=5-500", (5, 9)),
        ("bytes=5-" + "9" * 5000, (5, 9)),
        ("bytes=" + "0" * 5000 + "5-6", (5, 6)),
        ("bytes=" + "9" * 5000 + "-", False),
        ("bytes=-" + "9" * 5000, (0, 9)),
        ("bytes=10-", False),
        ("bytes=-0", False),
        ("bytes=0-1,3-4", True),
        ("bytes=4-2", True),
        ("lines=0-4", True),
        ("bytes=-", True),
        ("bytes=99999999999999999999-", False),
    ],
)
def test_ranges(value: str, expected: object) -> None:
    """RFC 9110, section 14.1.2."""
    assert byte_range(request(range=value), 10, None, None) == expected


@given(st.text("bytes=-0123456789, ", max_size=20), st.integers(0, 50))
def test_a_range_is_always_within_the_object(value: str, size: int) -> None:
    found = byte_range(request(range="bytes=" + value), size, None, None)
    if isinstance(found, tuple):
        assert 0 <= found[0] <= found[1] < size


def test_if_range() -> None:
    asked = request(range="bytes=0-1", if_range='"a"')
    assert byte_range(asked, 10, b'"a"', None) == (0, 1)
    assert byte_range(asked, 10, b'"b"', None) is True


def html(**more: str) -> Headers:
    fields = {"content_type": "text/html; charset=utf-8", **more}
    return [header(k.replace("_", "-").encode(), v.encode()) for k, v in fields.items()]


def test_which_responses_are_compressed() -> None:
    """ "Serve compressed files": 1,000 to 10,000,000 bytes, with a Content-Length, of certain
    types, and not yet encoded.
    """
    assert compressible(200, html(), 1000)
    assert not compressible(200, html(), 999)
    assert compressible(200, html(), 10_000_000)
    assert not compressible(200, html(), 10_000_001)
    assert not compressible(200, html(), None)
    assert not compressible(200, html(content_encoding="identity"), 5000)
    assert not compressible(200, html(content_type="image/png"), 5000)
    assert not compressible(206, html(), 5000)


@given(st.binary(max_size=5000))
def test_compression_is_lossless(body: bytes) -> None:
    coding, small = compress(body, b"gzip")
    assert (coding, gzip.decompress(small)) == (b"gzip", body)
    coding, small = compress(body, b"br,gzip")
    assert (coding, brotli.decompress(small)) == (b"br", body)


def test_a_compressed_response_has_a_weak_etag() -> None:
    weak = compressed_headers(html(etag='"a"', vary="Cookie"), b"br")
    assert value_of(weak, b"etag") == b'W/"a"'
    assert value_of(weak, b"vary") == b"Cookie, Accept-Encoding"
    assert value_of(compressed_headers(html(etag="a"), b"br"), b"etag") is None
    assert value_of(compressed_headers(html(etag='W/"a"'), b"br"), b"etag") == b'W/"a"'
