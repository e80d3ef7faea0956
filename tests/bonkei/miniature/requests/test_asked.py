"""A URL becomes a request to the listener that answers to it."""

from __future__ import annotations

import pytest

from bonkei.blueprint import Blueprint
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.requests.asked import Wish, ask, parse_header
from bonkei.services.edge.snapshot import ListenerState
from tests.bonkei.services.edge.definitions import distribution, load_balancer


def listener(kind: str, address: str, name: str, port: int) -> ListenerState:
    return ListenerState(kind, address, name, f"http://127.0.0.1:{port}", "127.0.0.1", port, 0, 0)


FRONT = listener("distribution", "aws_cloudfront_distribution.this", "d1.cloudfront.net", 8080)
BALANCER = listener("load_balancer", "aws_lb_listener.http", "lb HTTP:80", 8081)
SERVICE = listener("service_connect", "aws_ecs_service.api", "api for frontend", 8000)
LISTENERS = (FRONT, BALANCER, SERVICE)
BLUEPRINT = Blueprint(
    distributions=(distribution(aliases=("status.example.com",)),),
    load_balancers=(load_balancer(),),
)


@pytest.mark.parametrize(
    ("url", "where", "line", "host"),
    [
        ("/", FRONT, b"GET / HTTP/1.1", b"127.0.0.1:8080"),
        ("/a?b=1#c", FRONT, b"GET /a?b=1 HTTP/1.1", b"127.0.0.1:8080"),
        ("http://localhost:8081/x", BALANCER, b"GET /x HTTP/1.1", b"localhost:8081"),
        ("https://status.example.com", FRONT, b"GET / HTTP/1.1", b"status.example.com"),
        ("https://STATUS.example.com/a", FRONT, b"GET /a HTTP/1.1", b"STATUS.example.com"),
        ("http://lb.elb.amazonaws.com/a", BALANCER, b"GET /a HTTP/1.1", b"lb.elb.amazonaws.com"),
        ("http://api:8000/a", SERVICE, b"GET /a HTTP/1.1", b"api:8000"),
        ("//etc/../%2e%2e/x", FRONT, b"GET //etc/../%2e%2e/x HTTP/1.1", b"127.0.0.1:8080"),
        ("/a b\u3042", FRONT, b"GET /a%20b%E3%81%82 HTTP/1.1", b"127.0.0.1:8080"),
        ("?a=1", FRONT, b"GET /?a=1 HTTP/1.1", b"127.0.0.1:8080"),
    ],
)
def test_a_url_is_written_as_a_client_writes_it(
    url: str, where: ListenerState, line: bytes, host: bytes
) -> None:
    asked = ask(Wish(url), LISTENERS, BLUEPRINT)
    assert asked.listener is where
    assert asked.head.startswith(line + b"\r\n")
    assert b"\r\nHost: " + host + b"\r\n" in asked.head
    assert asked.head.endswith(b"\r\n\r\n")


def test_given_headers_replace_those_of_a_client_and_a_body_is_framed() -> None:
    wish = Wish("/", "post", (("host", "evil.test"), ("X-A", "1"), ("X-A", "2")), b"abc")
    asked = ask(wish, LISTENERS, BLUEPRINT)
    assert asked.head.startswith(b"POST / HTTP/1.1\r\n")
    assert asked.head.count(b"\r\nhost: evil.test\r\n") == 1
    assert b"Host: " not in asked.head
    assert asked.head.count(b"X-A: ") == 2
    assert asked.body == b"abc"


@pytest.mark.parametrize(
    "url", ["http://example.org/", "http://localhost:9/", "ftp://a/", "index.html", "http://api:1/"]
)
def test_what_nobody_answers_is_an_error_with_the_addresses(url: str) -> None:
    with pytest.raises(MiniatureError) as caught:
        ask(Wish(url), LISTENERS, BLUEPRINT)
    assert "http://127.0.0.1:8080" in caught.value.remedy or "PATH" in caught.value.remedy


@pytest.mark.parametrize("text", ["no colon", ": x", "A B: x", "A: x\r\nB: y", "A: \n"])
def test_a_header_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="NAME: VALUE"):
        parse_header(text)
    assert parse_header("X-A:  b: c ") == ("X-A", "b: c")
