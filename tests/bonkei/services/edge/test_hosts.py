"""The host names that a listener answers for. No page of another site gets an answer (DNS
rebinding).
"""

from __future__ import annotations

from typing import Any

import pytest
from rows import keeping

from bonkei.blueprint.elbv2 import HostHeader
from bonkei.services.edge.client.access import AccessRecord
from bonkei.services.edge.http.host_names import is_loopback
from tests.bonkei.services.edge.definitions import (
    SECRET,
    balancer,
    balancer_only,
    behavior,
    forward,
    rule,
    stack,
)
from tests.bonkei.services.edge.distributions import cloudfront
from tests.bonkei.services.edge.support import Running, running, serving

OWN = ("d1.cloudfront.net", "status.example.com", "shop.example.org")
LOCAL = ("localhost", "LOCALHOST:8080", "app.localhost", "127.0.0.1:8080", "127.1.2.3", "[::1]:80")
FOREIGN = (
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost",
    "d2.cloudfront.net", "example.org", "10.0.0.1", "[::2]", "0.0.0.0", "127.0.0.1:80.evil",
    "lb.elb.amazonaws.com", "",
)  # fmt: skip


def front_door(**changes: Any) -> Any:
    """A distribution with two aliases. One is a wildcard."""
    return cloudfront(behavior(), aliases=("*.example.org", "status.example.com"), **changes)


async def statuses(edge: Running, kind: str, hosts: tuple[str, ...]) -> dict[str, int]:
    async with edge.client(kind) as client:
        return {host: (await client.request("/", host=host)).status for host in hosts}


async def test_a_distribution_answers_for_its_own_names_only() -> None:
    async with serving(front_door(), hosts=()) as (edge, web):
        more = ("STATUS.example.com", "status.example.com.:443", "D1.CloudFront.net.")
        good = (*OWN, *LOCAL, *more)
        assert await statuses(edge, "distribution", good) == dict.fromkeys(good, 200)
        asked = len(web.requests)
        well_formed = tuple(host for host in FOREIGN if host != "127.0.0.1:80.evil")
        refused = await statuses(edge, "distribution", well_formed)
        assert refused == dict.fromkeys(well_formed, 403)
        assert len(web.requests) == asked


async def test_a_foreign_name_gets_cloudfronts_error() -> None:
    records: list[AccessRecord] = []
    async with running(front_door(), hosts=(), on_access=keeping(records.extend)) as edge:
        answer = await edge.get("/", kind="distribution", host="evil.example")
        assert (answer.status, answer.get("Server")) == (403, "CloudFront")
        assert b"The request could not be satisfied" in answer.body
        assert b"[edge] hosts" in answer.body
        assert records[0].blocked_by == "host"


async def test_the_host_of_an_absolute_form_decides() -> None:
    """RFC 9112, section 3.2.2: its Host header is ignored."""
    async with serving(front_door(), hosts=()) as (edge, web):
        async with edge.client("distribution") as client:
            foreign = await client.request("http://evil.example/", host="localhost")
            own = await client.request("http://status.example.com/", host="evil.example")
        assert (foreign.status, own.status) == (403, 200)
        assert web.requests[0].get("Host") == "status.example.com"


async def test_a_known_head_is_refused_each_time() -> None:
    async with serving(front_door(), hosts=()) as (edge, web):
        async with edge.client("distribution") as client:
            for path in ("/", "/", "/", "/", "/1", "/2", "/1", "/2"):
                assert (await client.request(path, host="evil.example")).status == 403
        assert web.requests == []


async def test_a_load_balancer_answers_for_names_that_lead_to_it_or_that_its_rules_name() -> None:
    shop = rule(1, forward("web"), HostHeader(("shop.example.com", "*.shop.test", "*")))
    blueprint = balancer(balancer_only(shop), aliases=("origin.example.com",))
    async with serving(blueprint, hosts=()) as (edge, web):
        good = (*LOCAL, "lb.elb.amazonaws.com", "origin.example.com", "shop.example.com:8081",
                "a.shop.test")  # fmt: skip
        assert await statuses(edge, "load_balancer", good) == dict.fromkeys(good, 200)
        asked = len(web.requests)
        bad = ("evil.example", "shop.test", "d1.cloudfront.net", "0.0.0.0")
        assert await statuses(edge, "load_balancer", bad) == dict.fromkeys(bad, 403)
        assert b"[edge] hosts" in (await edge.get("/", host="evil.example")).body
        assert len(web.requests) == asked


async def test_with_a_web_acl_a_foreign_name_is_refused_even_with_the_header() -> None:
    async with serving(stack(), hosts=()) as (edge, _):
        verify = ("X-Origin-Verify", SECRET)
        assert (await edge.get("/", verify, host="evil.example")).status == 403
        assert (await edge.get("/", verify, host="localhost")).status == 200
        assert (await edge.get("/", host="localhost")).status == 403


async def test_a_setting_adds_names() -> None:
    async with serving(front_door(), hosts=("app.test", "*.tunnel.test")) as (edge, _):
        hosts = {"app.test": 200, "a.tunnel.test": 200, "tunnel.test": 403, "x.app.test": 403}
        assert await statuses(edge, "distribution", tuple(hosts)) == hosts


async def test_http_1_0_without_a_host_gets_the_load_balancers_name() -> None:
    """ "For HTTP/1.0 requests from clients that do not have a host header, the load balancer
    generates a host header … The host header contains the DNS name of the load balancer" (How
    Elastic Load Balancing works)."""
    async with serving(balancer_only(), hosts=()) as (edge, web):
        async with edge.client() as client:
            client.send(b"GET / HTTP/1.0\r\n\r\n")
            assert (await client.closed()).startswith(b"HTTP/1.1 200 ")
        assert web.requests[0].all("Host") == ["lb.elb.amazonaws.com"]


async def test_http_1_0_without_a_host_matches_no_distribution() -> None:
    async with serving(front_door(), hosts=()) as (edge, web):
        async with edge.client("distribution") as client:
            client.send(b"GET / HTTP/1.0\r\n\r\n")
            assert (await client.closed()).startswith(b"HTTP/1.1 403 ")
        assert web.requests == []


@pytest.mark.parametrize("host", ["::1", "[0:0:0:0:0:0:0:1]", "127.255.255.254", "A.B.LocalHost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host.encode())


@pytest.mark.parametrize(
    "host",
    ["", "localhost.", "127.0.0.01", "127.1", "0x7f.0.0.1", "2130706433", "[::ffff:127.0.0.1]x",
     "128.0.0.1", ".localhost.evil", "\xff"],
)  # fmt: skip
def test_no_loopback(host: str) -> None:
    assert not is_loopback(host.encode("latin-1"))
