"""A head that is written at once has the lines of the headers that are made one by one."""

from __future__ import annotations

import pytest

from bonkei.blueprint.cloudfront import ResponseHeader
from bonkei.services.edge.cloudfront.behavior import CompiledBehavior
from bonkei.services.edge.http.message import header
from bonkei.services.edge.http.plain_head import PlainResponses
from tests.bonkei.services.edge.definitions import behavior, distribution

_HEADERS = [
    header(b"Content-Type", b"text/html"),
    header(b"Via", b"1.1 other"),
    header(b"Vary", b"Accept-Encoding, X-Own"),
    header(b"X-Frame-Options", b"SAMEORIGIN"),
    header(b"Set-Cookie", b"a=b"),
]
_POLICIES = [
    (),
    (ResponseHeader("Strict-Transport-Security", "max-age=1", True),),
    (ResponseHeader("X-Frame-Options", "DENY", False),),
    (ResponseHeader("X-Frame-Options", "DENY", True), ResponseHeader("X-A", "1", False)),
]


@pytest.mark.parametrize("policy", _POLICIES)
@pytest.mark.parametrize("status", [200, 301, 404, 502])
def test_the_lines_are_those_of_the_headers(
    policy: tuple[ResponseHeader, ...], status: int
) -> None:
    of = distribution()
    viewer = CompiledBehavior(of, behavior(response_headers=policy), of.origins[0]).viewer
    for first in range(len(_HEADERS) + 1):
        for last in range(first, len(_HEADERS) + 1):
            headers = _HEADERS[first:last]
            made = viewer.decorate(status, headers, (b"", b"", b""))
            assert viewer.lines(status, headers) == b"".join(line for _, _, line in made)


_VARIED = ["Set-Cookie", "X-Id", "Via", "Vary", "X-Frame-Options", "X-Cache", "Date", "X-A"]


@pytest.mark.parametrize("policy", _POLICIES)
@pytest.mark.parametrize("name", _VARIED)
def test_responses_of_one_shape_have_their_own_values(
    policy: tuple[ResponseHeader, ...], name: str
) -> None:
    """As those that are read by themselves: for the viewer, and for a load balancer's client."""
    of = distribution()
    viewer = CompiledBehavior(of, behavior(response_headers=policy), of.origins[0]).viewer
    plain, shaped = PlainResponses(), 0
    for number in range(8):
        lines = [
            "HTTP/1.1 200 OK", f"{name}: a{number}", "Server: x", "Content-Length: 3",
            "Connection: keep-alive", f"Set-Cookie: b={number}", f"Set-Cookie: c={number}",
        ]  # fmt: skip
        head = "\r\n".join(lines).encode()
        found, alone = plain.read(head), PlainResponses().read(head)
        assert found is not None
        assert alone is not None
        assert found.headers == alone.headers
        assert (found.status, found.reason, found.length) == (200, b"OK", 3)
        for decorator in (viewer, None):
            assert found.lines(decorator) == alone.lines(decorator)
        shaped += not found.comes_again
    assert shaped == (0 if name == "Vary" else 4)


def test_the_number_of_shapes_is_bounded() -> None:
    plain = PlainResponses()
    for number in range(500):
        for value in range(4):
            head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-%d: %d" % (number, value)
            assert plain.read(head) is not None
        assert 0 < len(plain._shapes) <= 64
