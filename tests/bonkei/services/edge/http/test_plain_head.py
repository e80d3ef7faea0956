"""A head that skips llhttp is read as llhttp and the checks of `head` would read it."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from bonkei.services.edge.http.message import Request
from bonkei.services.edge.http.plain_head import plain_request
from bonkei.services.edge.http.request_parser import RequestParser
from bonkei.services.edge.settings import Limits

_NAMES = [
    b"Host", b"Cookie", b"X-A", b"x-a", b"Via", b"Content-Length", b"Connection", b"Upgrade",
    b"Transfer-Encoding", b"Expect", b"Set-Cookie", b"Keep-Alive", b"Date", b"a b", b"", b"X\xe9",
    b"TE", b"X_1!#$%&'*+.^`|~",
]  # fmt: skip
_VALUES = [
    b"a", b"a.example:80", b"a b\tc", b"", b" ", b"b ", b"b\t ", b"0", b"3", b"+3", b"3,3",
    b"close", b"keep-alive", b"Keep-Alive", b"chunked", b"\xe9", b"\0", b"\x7f", b"a\rb", b"a\nb",
    b"a\r\n b", b"\"'<>\\", b"a,b", b"100-continue",
]  # fmt: skip
_lines = st.builds(
    b"%b%b%b%b".__mod__,
    st.tuples(
        st.sampled_from(_NAMES),
        st.sampled_from([b":", b": ", b":\t ", b" :", b"", b"::"]),
        st.one_of(st.sampled_from(_VALUES), st.binary(max_size=6)),
        st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r\n\r\n"]),
    ),
)
_USUAL = b"Host: a.example\r\n"
_blocks = st.builds(
    lambda first, lines: b"".join([first, *lines, b"\r\n"]),
    st.sampled_from([_USUAL, _USUAL, b""]),
    st.lists(_lines, max_size=4),
)


class _Heard:
    """The requests that a parser reads."""

    def __init__(self) -> None:
        self.requests: list[tuple[Request, bool]] = []
        self.complete = 0

    def head_begun(self) -> None: ...
    def body_received(self, data: bytes) -> None: ...

    def head_complete(self, request: Request, *, keep_alive: bool) -> None:
        self.requests.append((request, keep_alive))

    def request_complete(self) -> None:
        self.complete += 1


@given(st.lists(_blocks, min_size=1, max_size=3))
@example([b"Host:a\r\nCookie: a=1; b=2 \r\n\r\n"] * 3)
@example([b"Host: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_a_plain_request_is_read_as_by_the_parser(blocks: list[bytes]) -> None:
    for block in blocks:
        data = b"GET /a HTTP/1.1\r\n" + block
        found = plain_request(data, b"127.0.0.1", Limits())
        if found is None:
            continue
        heard = _Heard()
        parser = RequestParser(heard, Limits(), b"127.0.0.1")
        assert parser.feed(data, 0) == len(data)
        assert heard.complete == 1
        [(request, keep_alive)] = heard.requests
        assert (found.headers, found.fields) == (request.headers, request.fields)
        assert found.size == request.size
        assert keep_alive
        assert (request.has_body, request.websocket, request.length) == (False, False, None)


def test_usual_requests_are_plain_each_time() -> None:
    for number in range(2000):
        block = b"Host: a.example\r\nCookie: n=%d\r\nAccept: */*\r\n\r\n" % number
        found = read(block, Limits())
        assert found is not None
        assert found.fields == {
            b"host": b"a.example", b"cookie": b"n=%d" % number, b"accept": b"*/*"
        }  # fmt: skip
        assert found.headers[2][2] == b"Accept: */*\r\n"


def read(block: bytes, limits: Limits) -> Request | None:
    return plain_request(b"GET /a HTTP/1.1\r\n" + block, b"127.0.0.1", limits)


def test_limits_leave_a_request_to_the_parser() -> None:
    block = b"Host: a\r\nX-A: %b\r\n\r\n" % (b"x" * 60)
    assert read(block, Limits()) is not None
    for limits in (Limits(header=70), Limits(head=70), Limits(header_count=1)):
        assert read(block, limits) is None
    long = b"Host: a\r\nX: %b\r\n\r\n" % (b"x" * 5000)
    assert read(long, Limits()) is None
