"""The network: VPCs, subnets with their routes, gateways and endpoints.

values   the values for reachability
acls     network ACLs
reader   aws_vpc, aws_subnet and their routing
"""

from bonkei.blueprint.ec2.values import (
    AclRule,
    NatGateway,
    Network,
    NetworkAcl,
    PrefixList,
    Route,
    RouteTarget,
    Subnet,
    Vpc,
    VpcEndpoint,
)

__all__ = [
    "AclRule",
    "NatGateway",
    "Network",
    "NetworkAcl",
    "PrefixList",
    "Route",
    "RouteTarget",
    "Subnet",
    "Vpc",
    "VpcEndpoint",
]
