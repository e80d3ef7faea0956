"""Amazon VPC: subnets.

https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from bonkei.definitions.provider.aws.ec2.networks import ec2
from bonkei.definitions.provider.aws.shared.checks import at
from bonkei.definitions.provider.aws.shared.formats import cidr
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.regions import zone_id, zone_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import HEX
from bonkei.definitions.provider.behaviour import Refused, ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _subnet(mint: Mint) -> Mapping[str, Value]:
    _refuse_outside(mint)
    zones = zone_names(mint.region)
    spread = int(mint.random(4, HEX, "zone"), 16) % len(zones)
    zone = mint.given("availability_zone") or zones[spread]
    wanted = mint.given("availability_zone_id")
    by_id = next((name for name in zones if zone_id(name) == wanted), zone)
    identifier = mint.id("subnet")
    return {
        **ec2(mint, "subnet", identifier),
        "availability_zone": by_id,
        "availability_zone_id": zone_id(by_id),
        "ipv6_cidr_block_association_id": (
            mint.id("subnet-cidr-assoc") if mint.given("ipv6_cidr_block") else ""
        ),
    }


def _refuse_outside(mint: Mint) -> None:
    """A subnet lies in its VPC (InvalidSubnet.Range) and overlaps no other
    (InvalidSubnet.Conflict).

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    own, vpc_id = mint.given("cidr_block"), mint.given("vpc_id")
    if not own:
        return
    block = ipaddress.ip_network(own)
    for vpc in mint.context.peers("aws_vpc"):
        outer = vpc.get("cidr_block")
        if vpc.get("id") == vpc_id and outer and not _inside(block, outer):
            raise Refused(
                "InvalidSubnet.Range: the subnet lies outside its VPC",
                f"{own} is not a part of {outer}, the CIDR block of {vpc_id}.",
                ("cidr_block",),
            )
    for subnet in mint.context.peers("aws_subnet"):
        other = subnet.get("cidr_block") if subnet.get("id") != mint.id("subnet") else None
        if subnet.get("vpc_id") == vpc_id and other and block.overlaps(ipaddress.ip_network(other)):
            raise Refused(
                "InvalidSubnet.Conflict: the subnet overlaps another",
                f"{own} shares addresses with {other} ({subnet.get('id')}) in {vpc_id}.",
                ("cidr_block",),
            )


def _inside(block: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: str) -> bool:
    around = ipaddress.ip_network(outer)
    return (
        block.version == around.version
        and block.overlaps(around)
        and (block.prefixlen >= around.prefixlen)
    )


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_subnet": resource(
        _subnet,
        at("cidr_block", cidr(4, 16, 28)),
        at("ipv6_cidr_block", cidr(6, 44, 64)),
        defaults={"private_dns_hostname_type_on_launch": "ip-name", "ipv6_cidr_block": ""},
    ),
}
