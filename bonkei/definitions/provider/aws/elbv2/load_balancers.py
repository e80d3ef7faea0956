"""Elastic Load Balancing: load balancers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import each
from bonkei.definitions.provider.aws.shared.checks import (
    at,
    between,
    lacks,
    length,
    matches,
)
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.regions import load_balancer_zone
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import DIGITS
from bonkei.definitions.provider.behaviour import Problem, Refused, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

_KINDS = {"application": "app", "network": "net", "gateway": "gwy"}


def _load_balancer(mint: Mint) -> Mapping[str, Value]:
    kind = str(mint.given("load_balancer_type") or "application")
    name = mint.name(prefix="tf-lb-")[:32]
    internal = mint.given("internal") is True
    suffix = f"{_KINDS.get(kind, 'app')}/{name}/{mint.random(16)}"
    number = mint.random(1, "123456789", "dns") + mint.random(9, DIGITS, "dns")
    host = f"{'internal-' if internal else ''}{name}-{number}"
    domain = f"{mint.region}.elb.{mint.suffix}"
    if kind != "application":
        host, domain = f"{name}-{mint.random(16)}", f"elb.{mint.region}.{mint.suffix}"
    identifier = mint.arn("elasticloadbalancing", f"loadbalancer/{suffix}")
    return {
        "id": identifier,
        "arn": identifier,
        "arn_suffix": suffix,
        "name": name,
        "dns_name": f"{host}.{domain}",
        "zone_id": load_balancer_zone(mint.region, kind),
        "vpc_id": _vpc_of_subnets(mint),
        "internal": internal,
        "subnets": [block.get("subnet_id") for block in each(mint.planned.get("subnet_mapping"))],
    }


def _vpc_of_subnets(mint: Mint) -> Value:
    wanted = set(mint.given("subnets") or ()) | {
        block.get("subnet_id") for block in each(mint.planned.get("subnet_mapping"))
    }
    subnets = [s for s in mint.context.peers("aws_subnet") if s.get("id") in wanted]
    zones = {subnet.get("availability_zone") for subnet in subnets}
    if len(subnets) == len(wanted) > 1 and len(zones) < len(subnets):
        raise Refused(
            "InvalidConfigurationRequest: two of the subnets are in one availability zone",
            "A load balancer has at most one subnet in each availability zone.",
            ("subnets",),
        )
    return subnets[0].get("vpc_id") if subnets else None


def _fits_kind(config: Object) -> Iterator[Problem]:
    kind = config.get("load_balancer_type")
    if kind is None:
        kind = "application"
    if kind != "application":
        return
    subnets = config.get("subnets")
    if isinstance(subnets, list) and len(subnets) == 1 and given(subnets[0]):
        detail = "An Application Load Balancer needs subnets in two availability zones at least."
        yield Problem(("subnets",), "Too few subnets", detail)


_LOAD_BALANCER = resource(
    _load_balancer,
    at(
        "name",
        length(1, 32),
        matches(r"[0-9A-Za-z-]+", "letters, digits and hyphens"),
        lacks("^-|-$", "begin or end with a hyphen"),
        lacks("^internal-", 'begin with "internal-"'),
    ),
    at("name_prefix", length(1, 6), matches(r"[0-9A-Za-z-]+", "letters, digits and hyphens")),
    at("idle_timeout", between(1, 4000)),
    at("client_keep_alive", between(60, 604800)),
    _fits_kind,
    defaults={"ip_address_type": "ipv4"},
)


def _trust_store(mint: Mint) -> Mapping[str, Value]:
    name = mint.name()
    identifier = mint.arn("elasticloadbalancing", f"truststore/{name}/{mint.random(16)}")
    return {"id": identifier, "arn": identifier, "name": name}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_lb": _LOAD_BALANCER,
    "aws_alb": _LOAD_BALANCER,
    "aws_lb_trust_store": resource(_trust_store),
}
