"""Amazon VPC: internet and NAT gateways, Elastic IP addresses, network interfaces.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.ec2.networks import ec2
from bonkei.definitions.provider.aws.shared.checks import conflicts
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import HEX
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given


def public_address(mint: Mint) -> str:
    """An address that looks public but is not routed (RFC 2544: 198.18.0.0/15)."""
    third, fourth = (int(mint.random(2, HEX, part), 16) for part in "cd")
    second = 18 + int(mint.random(1, HEX, "b"), 16) % 2
    return f"198.{second}.{third}.{fourth}"


def _private_address(mint: Mint, subnet_id: Value) -> str:
    """An address of the subnet that AWS does not reserve, or of 10.0.0.0/8 if the subnet is
    unknown."""
    block = mint.peer("aws_subnet", subnet_id).get("cidr_block")
    network = ipaddress.ip_network(block or "10.0.0.0/8")
    place = int(mint.random(8, HEX, "private/"), 16) % max(network.num_addresses - 5, 1)
    return str(network[min(place + 4, network.num_addresses - 1)])


def _elastic_ip(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("eipalloc")
    public = public_address(mint)
    dashed = public.replace(".", "-")
    host = "compute-1" if mint.region == "us-east-1" else f"{mint.region}.compute"
    attached = mint.given("instance") or mint.given("network_interface")
    return {
        "id": identifier,
        "allocation_id": identifier,
        "arn": mint.arn("ec2", f"elastic-ip/{identifier}"),
        "association_id": mint.id("eipassoc") if attached else "",
        "public_ip": public,
        "public_dns": f"ec2-{dashed}.{host}.{mint.suffix}",
        "network_border_group": mint.region,
        "public_ipv4_pool": "amazon",
    }


def _nat_gateway(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.id("nat")
    allocation = mint.given("allocation_id")
    addresses = {
        address.get("allocation_id"): address.get("public_ip")
        for address in mint.context.peers("aws_eip")
    }
    return {
        "id": identifier,
        "network_interface_id": mint.id("eni"),
        "association_id": mint.id("eipassoc") if allocation else "",
        "private_ip": _private_address(mint, mint.given("subnet_id")),
        "public_ip": (addresses.get(allocation) or public_address(mint)) if allocation else "",
        "vpc_id": mint.peer("aws_subnet", mint.given("subnet_id")).get("vpc_id"),
    }


def _nat_needs_address(config: Object) -> Iterator[Problem]:
    """A public zonal NAT gateway needs an Elastic IP address. A private one takes none."""
    kind, mode = config.get("connectivity_type"), config.get("availability_mode")
    if not (kind is None or given(kind)) or mode not in (None, "zonal"):
        return
    if kind != "private" and config.get("allocation_id") is None:
        yield Problem((), "Missing argument", 'A public NAT gateway needs an "allocation_id".')
    if kind == "private" and given(config.get("allocation_id")):
        detail = 'A private NAT gateway (connectivity_type = "private") has no Elastic IP address.'
        yield Problem(("allocation_id",), "Conflicting arguments", detail)
    if config.get("subnet_id") is None:
        yield Problem((), "Missing argument", 'A zonal NAT gateway needs a "subnet_id".')


def _own(prefix: str) -> ResourceBehaviour:
    """A type whose only generated value is an id with a prefix."""
    return resource(lambda mint: {"id": mint.id(prefix)})


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_internet_gateway": resource(lambda mint: ec2(mint, "internet-gateway", mint.id("igw"))),
    "aws_internet_gateway_attachment": resource(
        lambda mint: {"id": f"{mint.given('internet_gateway_id')}:{mint.given('vpc_id')}"},
    ),
    "aws_egress_only_internet_gateway": _own("eigw"),
    "aws_eip": resource(
        _elastic_ip,
        conflicts("instance", "network_interface"),
        defaults={"domain": "vpc"},
    ),
    "aws_eip_association": _own("eipassoc"),
    "aws_nat_gateway": resource(
        _nat_gateway,
        _nat_needs_address,
        defaults={"availability_mode": "zonal"},
    ),
    "aws_network_interface": resource(
        lambda mint: {
            **ec2(mint, "network-interface", mint.id("eni")),
            "private_ip": _private_address(mint, mint.given("subnet_id")),
            "mac_address": ":".join(["02", *(mint.random(2, HEX, f"mac{i}") for i in range(5))]),
        },
        defaults={"interface_type": "interface"},
    ),
}
