"""The network: VPCs, subnets with their routes, gateways and endpoints.

reader   aws_vpc, aws_subnet and their routing; network ACLs
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bonkei.blueprint.iam import PolicyStatement

RouteTarget = Literal[
    "internet_gateway",
    "egress_only_internet_gateway",
    "nat_gateway",
    "vpc_endpoint",
    "other",  # peering, transit gateway, network interface, …
]


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC. `dns` says whether private DNS names (those of an interface endpoint) resolve in
    it."""

    address: str
    arn: str
    id: str
    cidr_blocks: tuple[str, ...]
    dns: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A route. `destination` is a CIDR block or a prefix list's id."""

    destination: str
    target: RouteTarget
    target_id: str
    address: str = ""  # the resource that declares it, for a finding


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. `routes` are those of its route table (its own, or the VPC's main one). The VPC's
    local route is implied. `routes_known` is False if that table is outside the definitions."""

    address: str
    arn: str
    id: str
    vpc_id: str
    cidr_block: str
    availability_zone: str
    route_table_id: str
    routes: tuple[Route, ...] = ()
    name: str = ""  # its Name tag
    routes_known: bool = True


@dataclass(frozen=True, slots=True)
class NatGateway:
    address: str
    id: str
    subnet_id: str
    connectivity: str  # public | private
    public_ip: str = ""


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """A VPC endpoint. `service_name` is a name such as `com.amazonaws.eu-west-1.ecr.api`."""

    address: str
    id: str
    vpc_id: str
    service_name: str
    kind: str  # Gateway | Interface | GatewayLoadBalancer | …
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    route_table_ids: tuple[str, ...] = ()
    private_dns: bool = False
    policy: tuple[PolicyStatement, ...] = ()  # empty: everything is allowed

    @property
    def region(self) -> str:
        """The region in the name; empty if there is none."""
        parts = self.service_name.split(".")
        return parts[2] if self.service_name.startswith("com.amazonaws.") else ""

    @property
    def service(self) -> str:
        """The service's part of the name: `ecr.api`, `s3`, `logs`."""
        parts = self.service_name.split(".")
        return ".".join(parts[3:]) if self.service_name.startswith("com.amazonaws.") else ""


@dataclass(frozen=True, slots=True)
class AclRule:
    """A numbered rule. The matching rule with the lowest number decides. `protocol` is `-1` for
    all."""

    direction: Literal["ingress", "egress"]
    number: int
    allows: bool
    protocol: str
    cidr_block: str
    from_port: int
    to_port: int


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """A network ACL is stateless: both directions of a connection must pass. Without a matching
    rule, nothing passes."""

    address: str
    id: str
    vpc_id: str
    subnet_ids: tuple[str, ...]
    rules: tuple[AclRule, ...] = ()


@dataclass(frozen=True, slots=True)
class PrefixList:
    """A named list of networks. `weight` is the number of security group rules that it counts
    as."""

    address: str
    id: str
    name: str
    weight: int


@dataclass(frozen=True, slots=True)
class Network:
    """The whole network."""

    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    endpoints: tuple[VpcEndpoint, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    acls: tuple[NetworkAcl, ...] = ()

    def subnet(self, subnet_id: str) -> Subnet | None:
        """The subnet of an id."""
        return next((subnet for subnet in self.subnets if subnet.id == subnet_id), None)

    def prefix_list(self, prefix_list_id: str) -> PrefixList | None:
        """The prefix list of an id."""
        return next((found for found in self.prefix_lists if found.id == prefix_list_id), None)
