"""The network: VPCs, subnets with the routes that hold in them, gateways and endpoints.

values   the values for reachability
reader   aws_vpc, aws_subnet and their routing
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
