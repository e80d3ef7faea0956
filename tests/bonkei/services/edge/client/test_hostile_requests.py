"""Requests that a client must not send.

Each could make two parsers disagree, so none may reach a target.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bonkei.blueprint.elbv2 import FixedResponse, PathPattern
from bonkei.services.edge.http.head import RefusedError, make_request, valid_host
from bonkei.services.edge.http.message import header
from tests.bonkei.services.edge.definitions import balancer_only, rule, stack
from tests.bonkei.services.edge.support import Target, running, serving

HOST = b"Host: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

SMUGGLING = {
    "content-length and transfer-encoding": (
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "transfer-encoding and content-length": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"
    ),
    "two content-lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "the same content-length twice": POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "a list of content-lengths": POST + b"Content-Length: 1, 1\r\n\r\na",
    "a signed content-length": POST + b"Content-Length: +1\r\n\r\na",
    "a negative content-length": POST + b"Content-Length: -1\r\n\r\n",
    "a hexadecimal content-length": POST + b"Content-Length: 0x1\r\n\r\na",
    "an empty content-length": POST + b"Content-Length:\r\n\r\n",
    "an overflowing content-length": POST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "space before the colon": POST + b"Content-Length : 1\r\n\r\na",
    "transfer-encoding with a space": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked is not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "another coding before chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "identity": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "chunked in HTTP/1.0": (
        b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "a folded header": POST + b"X: a\r\n Content-Length: 5\r\n\r\n",
    "a header that begins with space": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: a\n\n",
    "one bare line feed": b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "a bare carriage return": b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    "a NUL": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    "a control character": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n",
    "a name that is not ASCII": b"GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa9: a\r\n\r\n",
    "an empty name": b"GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n",
    "a line without a colon": b"GET / HTTP/1.1\r\nHost: a\r\nfoo\r\n\r\n",
    "a malformed chunk size": CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
    "a negative chunk size": CHUNKED + b"-1\r\n\r\n",
    "an overflowing chunk size": CHUNKED + b"fffffffffffffffff\r\n",
    "a chunk longer than its size": CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
    "chunks with bare line feeds": CHUNKED + b"1\na\n0\n\n",
    "a space after the chunk size": CHUNKED + b"1 \r\na\r\n0\r\n\r\n",
    "a line feed in a chunk extension": CHUNKED + b"1;a\nb\r\na\r\n0\r\n\r\n",
    "a content-length in the trailer": CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n",
    "a malformed trailer": CHUNKED + b"0\r\nfoo bar\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "no host but an authority": b"GET http://a/ HTTP/1.1\r\n\r\n",
    "a malformed host and an authority": b"GET http://a/ HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a host with a path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a host with a space": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a host with user information": b"GET / HTTP/1.1\r\nHost: user@a\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2.0": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another protocol": b"SOURCE /x ICE/1.0\r\nHost: a\r\n\r\n",
    "RTSP": b"DESCRIBE /x RTSP/1.0\r\nHost: a\r\n\r\n",
    "RTSP with a method of HTTP": b"GET / RTSP/1.1\r\nHost: a\r\n\r\n",
    "RTSP with a body": b"POST / RTSP/1.0\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
    "RTSP behind an empty line": b"\r\nOPTIONS / RTSP/1.1\r\nHost: a\r\n\r\n",
    "a lower-case method": b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT": b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "TRACE": b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a fragment": b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target that is not a path": b"GET a HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target with raw UTF-8": b"GET /\xe3\x81\x82 HTTP/1.1\r\nHost: a\r\n\r\n",
    "an authority with user information": b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "an upgrade with a body": (
        POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc"
    ),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("data", SMUGGLING.values(), ids=SMUGGLING.keys())
async def test_requests_that_two_parsers_could_read_differently_are_refused(data: bytes) -> None:
    """One 4xx or 5xx, then the connection closes: no later bytes are read as a request. ("HTTP
    400", Troubleshoot your Application Load Balancers.)
    """
    async with serving(balancer_only()) as (edge, target), edge.client() as client:
        client.send(data + b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = await client.closed()
    assert answer.startswith(b"HTTP/1.1 ")
    assert answer[9:12] in (b"400", b"405", b"501", b"505")
    assert answer.count(b"HTTP/1.1 ") == 1
    complete = [each for each in target.requests if each.target == "/smuggled"]
    assert complete == []


async def test_another_protocol_is_refused_in_pieces_and_behind_another_request() -> None:
    async with serving(balancer_only()) as (edge, target):
        for before in (b"", POST + b"Content-Length: 2\r\n\r\nab"):
            async with edge.client() as client:
                for number, byte in enumerate(b"GET / RTSP/1.1\r\nHost: a\r\n\r\n"):
                    client.send((before if not number else b"") + bytes([byte]))
                    await asyncio.sleep(0.001)
                assert b"HTTP/1.1 400 " in await client.closed()
        assert [each.method for each in target.requests] == ["POST"]


STATUSES = [
    (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 17_000 + b"\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: aaaaaaaa\r\n" * 201 + b"\r\n", 400),
    (
        b"GET / HTTP/1.1\r\nHost: a\r\n" + (b"X: " + b"a" * 9_000 + b"\r\n") * 8 + b"\r\n",
        400,
    ),
]


@pytest.mark.parametrize(("data", "status"), STATUSES)
async def test_statuses_and_sizes(data: bytes, status: int) -> None:
    """Request line and single header 16K, whole header 64K ("Quotas for your Application Load
    Balancers"); 405, 414, 501 and 505 as "Troubleshoot your Application Load Balancers"."""
    async with running(balancer_only()) as edge, edge.client() as client:
        client.send(data)
        assert (await client.closed()).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize(
    ("kind", "server"), [("distribution", b"CloudFront"), ("load_balancer", b"awselb/2.0")]
)
async def test_each_layer_refuses_under_its_own_name(kind: str, server: bytes) -> None:
    async with running(stack()) as edge, edge.client(kind) as client:
        client.send(b"nonsense\r\n\r\n")
        answer = await client.closed()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nServer: %b\r\n" % server in answer


@pytest.mark.parametrize("kind", ["distribution", "load_balancer"])
async def test_no_request_is_read_after_the_last_answer(kind: str) -> None:
    """Both are answered before their bodies arrive, and the next bytes are in the same packet."""
    refused = rule(1, FixedResponse(403, "text/plain", "no"), PathPattern(("/first",)))
    fixed = balancer_only(refused)
    async with (
        serving(stack() if kind == "distribution" else fixed) as (edge, web),
        edge.client(kind) as client,
    ):
        client.send(
            b"GET /first HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
            b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        answer = await client.closed()
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert web.requests == []


async def test_large_but_allowed_heads_pass() -> None:
    async with serving(balancer_only()) as (edge, target):
        page = await edge.get("/" + "a" * 15_000, *[("X", "b" * 9_000)] * 6)
        assert page.status == 200
        assert len(target.requests[0].all("X")) == 6


async def test_requests_before_a_malformed_one_are_answered() -> None:
    async with serving(balancer_only()) as (edge, _), edge.client() as client:
        client.send(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
        client.send(b"nonsense\r\n\r\n")
        statuses = [(await client.receive()).status for _ in range(3)]
        assert statuses == [200, 200, 400]
        assert await client.closed() == b""


async def test_many_upgrades_that_are_not_offered_are_ignored_one_by_one() -> None:
    """Each makes the parser restart in the middle of the received bytes."""
    asked = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    async with serving(balancer_only()) as (edge, _), edge.client() as client:
        client.send(asked * 900)
        statuses = [(await client.receive()).status for _ in range(900)]
    assert statuses == [200] * 900


async def test_a_trailer_and_chunk_extensions_are_not_passed_on() -> None:
    async with serving(balancer_only()) as (edge, target):
        async with edge.client() as client:
            client.send(CHUNKED + b"3;ext=1\r\nabc\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")
            assert (await client.receive()).status == 200
        assert target.requests[0].body == b"abc"
        assert target.requests[0].all("X-Forwarded-For") == ["127.0.0.1"]


@pytest.mark.parametrize(
    "named", ["X-Origin-Verify", "X-Forwarded-For", "Content-Length", "Cookie", "close"]
)
async def test_connection_cannot_remove_headers_that_others_rely_on(named: str) -> None:
    """A header that the client lists in Connection is dropped (RFC 9110, section 7.6.1). Headers
    that frame the message stay, and so do those that the load balancer adds.
    """
    async with serving(balancer_only()) as (edge, target):
        await edge.get("/", ("Connection", named), ("Cookie", "a=b"), method="POST", body=b"abc")
        seen = target.requests[0]
        assert seen.body == b"abc"
        assert seen.get("Cookie") == "a=b"
        assert seen.get("X-Forwarded-For") == "127.0.0.1"
        assert seen.get("Connection") is None


async def test_white_space_around_a_value_is_not_a_part_of_it() -> None:
    """RFC 9112, section 5.1."""
    async with serving(balancer_only()) as (edge, target):
        async with edge.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: \ta \t\r\nX:  b c \r\n\r\n")
            assert (await client.receive()).status == 200
        assert target.requests[0].headers[:2] == [("Host", "a"), ("X", "b c")]


async def test_a_body_that_the_target_ignored_is_not_read_as_another_request() -> None:
    """HEAD may have a body, and most targets answer without reading it: that connection is
    closed.
    """
    async with running(balancer_only()) as edge, Unread() as target:
        await edge.join("web", target)
        async with edge.client() as attacker, edge.client() as victim:
            attacker.send(b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n")
            assert (await attacker.receive(head_only=True)).status == 200
            assert (await victim.request("/victim")).status == 200
        assert len(target.heads) == 2


class Unread(Target):
    """Answers heads, one on each connection at first, and any later bytes as well."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: list[bytes] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        data = await reader.readuntil(b"\r\n\r\n")
        if b"/health" not in data:
            self.heads.append(data)
        while data:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            data = await reader.read(65536)
        writer.close()


async def test_absolute_form_is_routed_by_its_authority() -> None:
    """RFC 9112, section 3.2.2: the target's authority overrides Host."""
    async with serving(balancer_only()) as (edge, target):
        assert (await edge.get("http://other.example/x?y=1", host="a")).status == 200
        assert target.requests[0].target == "/x?y=1"
        assert target.requests[0].all("Host") == ["other.example"]


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.binary(max_size=200), prefix=st.sampled_from([b"", b"GET / HTTP/1.1\r\n", CHUNKED]))
def test_no_bytes_break_the_edge(data: bytes, prefix: bytes) -> None:
    async def run() -> None:
        async with running(balancer_only()) as edge:
            async with edge.client() as client:
                client.send(prefix + data)
                client.writer.write_eof()
                await client.closed()
            assert (await edge.get("/")).status == 503

    asyncio.run(run())


@given(st.binary(max_size=30))
def test_heads_are_accepted_or_refused_but_never_crash(value: bytes) -> None:
    headers = [header(b"Host", value)]
    fields = {b"host": value}
    if not value or valid_host(value):
        request, _ = make_request(b"GET", b"/", "1.1", headers, fields, b"::1")
        assert request.path == b"/"
    else:
        with pytest.raises(RefusedError) as refused:
            make_request(b"GET", b"/", "1.1", headers, fields, b"::1")
        assert refused.value.status == 400


@pytest.mark.parametrize(
    ("host", "valid"),
    [(b"a", True), (b"a.b:80", True), (b"[::1]:8080", True), (b"a:", True), (b"", False),
     (b"a:b", False), (b"a:123456", False), (b"a b", False), (b"[::1", False), (b"a\\b", False),
     (b"a,b", True)],
)  # fmt: skip
def test_hosts(host: bytes, valid: bool) -> None:
    assert valid_host(host) is valid
