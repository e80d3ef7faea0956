"""A head that is written at once has the lines of the headers that are made one by one."""

from __future__ import annotations

import pytest

from bonkei.blueprint.cloudfront import ResponseHeader
from bonkei.services.edge.cloudfront.behavior import CompiledBehavior
from bonkei.services.edge.http.message import header
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
