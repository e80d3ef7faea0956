"""The errors that CloudFront and a caller of Service Connect get when the network is closed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ports import free_port

from bonkei.base.events import ServiceEndpointAdded, ServiceEndpointRemoved
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ec2 import Network, PrefixList, Subnet
from bonkei.blueprint.ec2.security_group import SecurityGroup, SecurityGroupRule
from bonkei.blueprint.ecs import Container, PortMapping, Registry, Service, ServiceConnect
from bonkei.services.edge import EdgeSettings
from tests.bonkei.services.edge import definitions
from tests.bonkei.services.edge.support import Client, Target, running, serving
from tests.bonkei.services.edge.test_service_connect import ADDRESS, add, blueprint

CLOUDFRONT = PrefixList("data.x", "pl-cf", "com.amazonaws.global.cloudfront.origin-facing", 55)


def rule(direction: str, group: str = "", lists: tuple[str, ...] = (), port: int = 80) -> (
    SecurityGroupRule
):  # fmt: skip
    groups = (group,) if group else ()
    return SecurityGroupRule(
        "x", direction, "tcp", port, port, prefix_list_ids=lists, security_group_ids=groups
    )  # type: ignore[arg-type]


def behind_cloudfront(*rules: SecurityGroupRule) -> Blueprint:
    base = definitions.stack()
    [balancer] = base.load_balancers
    group = SecurityGroup("aws_security_group.alb", "arn", "sg-alb", "alb", "vpc", rules)
    return replace(
        base,
        load_balancers=(replace(balancer, security_group_ids=("sg-alb",)),),
        network=Network(prefix_lists=(CLOUDFRONT,)),
        security_groups=(group,),
    )


async def test_an_origin_closed_to_cloudfront_is_a_504() -> None:
    """ "HTTP 504 status code (Gateway Timeout)", Amazon CloudFront Developer Guide."""
    opened = behind_cloudfront(rule("ingress", lists=("pl-cf",)))
    async with serving(opened) as (edge, _):
        assert (await edge.get("/a", kind="distribution")).status == 200
        await edge.edge.apply(behind_cloudfront(rule("ingress", lists=("pl-other",), port=22)))
        answer = await edge.get("/b", kind="distribution")
        assert (answer.status, answer.get("X-Cache")) == (504, "Error from cloudfront")
        await edge.edge.apply(opened)
        assert (await edge.get("/c", kind="distribution")).status == 200


SHARED, WEB, OTHER = "127.77.9.9", "127.77.9.8", "127.77.9.7"
SETTINGS = EdgeSettings(
    service_addresses={"backend": SHARED},
    caller_addresses={("web", "backend"): WEB, ("other", "backend"): OTHER},
)


def with_callers(port: int, protocol: str) -> Blueprint:
    """`web` may call the backend, and `other` may not."""
    base = blueprint(port, protocol)
    [callee] = base.services
    place = {"subnet_ids": ("s",), "service_connect": ServiceConnect("ns")}
    services = (
        replace(callee, subnet_ids=("s",), security_group_ids=("sg-backend",)),
        *(Service("aws_ecs_service." + name, name, name, "c", "td", 1,
                  security_group_ids=(f"sg-{name}",), **place)  # type: ignore[arg-type]
          for name in ("web", "other")),
    )  # fmt: skip
    out = (rule("egress", "sg-backend", port=8000),)
    groups = {"backend": (rule("ingress", "sg-web", port=8000),), "web": out, "other": out}
    subnet = Subnet("aws_subnet.s", "arn", "s", "vpc", "10.0.0.0/24", "a", "rtb")
    return replace(
        base,
        services=services,
        network=Network(subnets=(subnet,)),
        security_groups=tuple(
            SecurityGroup(f"aws_security_group.{name}", "arn", f"sg-{name}", name, "vpc", rules)
            for name, rules in groups.items()
        ),
    )


@pytest.mark.parametrize(("host", "status"), [(SHARED, 200), (WEB, 200), (OTHER, 503)])
async def test_the_address_identifies_the_caller(host: str, status: int) -> None:
    port = free_port(ADDRESS)
    async with running(with_callers(port, "http"), SETTINGS) as edge, Target() as target:
        add(edge, target)
        async with Client(port, host) as client:
            answer = await client.request("/", host="backend:8000")
        assert answer.status == status
        if status != 200:
            assert b"reset reason: connection timeout" in answer.body
            assert not target.requests
        names = {each.host: each.name for each in edge.edge.snapshot().listeners}
        assert names[OTHER] == "backend for other"


@pytest.mark.parametrize(("host", "answers"), [(SHARED, True), (WEB, True), (OTHER, False)])
async def test_a_name_in_cloud_map_leads_to_tasks_without_a_proxy(host: str, answers: bool) -> None:
    """HTTP passes as it is, and for callers whose network lets them."""
    found = with_callers(8000, "http")
    [callee, *callers] = found.services
    port = free_port(ADDRESS)
    mapped = PortMapping(port)
    definition = replace(
        found.task_definitions[0], containers=(Container("api", "x", port_mappings=(mapped,)),)
    )
    direct = replace(callee, service_connect=None, registries=(Registry("internal", "backend"),))
    groups = tuple(
        replace(each, rules=tuple(replace(r, from_port=port, to_port=port) for r in each.rules))
        for each in found.security_groups
    )
    made = replace(
        found,
        services=(direct, *(replace(each, service_connect=None) for each in callers)),
        task_definitions=(definition,),
        security_groups=groups,
    )
    mapped_name = "backend.internal"
    settings = replace(
        SETTINGS,
        service_addresses={mapped_name: SHARED},
        caller_addresses={("web", mapped_name): WEB, ("other", mapped_name): OTHER},
    )
    async with running(made, settings) as edge, Target() as target:
        name = f"api:{port}"
        edge.bus.publish(ServiceEndpointAdded("arn:service", name, "t1", target.endpoint))
        async with Client(port, host) as client:
            if not answers:
                assert await client.closed() == b""
                return
            assert (await client.request("/", host="backend")).status == 200
        edge.bus.publish(ServiceEndpointRemoved("arn:service", name, "t1"))
        async with Client(port, host) as client:
            assert await client.closed() == b""


async def test_a_forbidden_tcp_connection_is_cut() -> None:
    port = free_port(ADDRESS)
    async with running(with_callers(port, ""), SETTINGS) as edge, Target() as target:
        add(edge, target)
        async with Client(port, OTHER) as client:
            assert await client.closed() == b""
