"""The network: VPCs, subnets with the routes that hold in them, gateways and endpoints.

values   what reachability is decided on
reader   aws_vpc, aws_subnet and what routes their traffic
"""

from bonkei.blueprint.network.values import (
    NatGateway,
    Network,
    PrefixList,
    Route,
    RouteTarget,
    Subnet,
    Vpc,
    VpcEndpoint,
)

__all__ = [
    "NatGateway",
    "Network",
    "PrefixList",
    "Route",
    "RouteTarget",
    "Subnet",
    "Vpc",
    "VpcEndpoint",
]
