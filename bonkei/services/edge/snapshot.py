"""The edge's state, as values to display."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.elbv2 import WeightedTarget


@dataclass(frozen=True, slots=True)
class ListenerState:
    """An open socket. `address` is the Terraform address of its listener or distribution."""

    kind: str  # distribution | load_balancer | service_connect
    address: str
    name: str
    url: str
    host: str
    port: int
    connections: int
    requests: int


@dataclass(frozen=True, slots=True)
class TargetState:
    """A target; `state` and `reason` as ELB's DescribeTargetHealth words them."""

    task_id: str
    host: str
    port: int
    state: str
    reason: str
    outstanding: int


@dataclass(frozen=True, slots=True)
class TargetGroupState:
    arn: str
    address: str
    name: str
    targets: tuple[TargetState, ...]
    obstacle: str = ""  # why the targets cannot be reached through the network


@dataclass(frozen=True, slots=True)
class CacheState:
    """A distribution's cache; `bytes` of bodies and heads held."""

    distribution: str
    objects: int
    bytes: int
    hits: int
    misses: int
    refreshes: int
    evictions: int


@dataclass(frozen=True, slots=True)
class RuleState:
    name: str
    allowed: int
    blocked: int
    counted: int


@dataclass(frozen=True, slots=True)
class WebAclState:
    """A web ACL's counters; the rule `Default_Action` is the default action."""

    arn: str
    address: str
    name: str
    rules: tuple[RuleState, ...]


@dataclass(frozen=True, slots=True)
class CapacityState:
    """The connections of the public listeners, or of Service Connect's: their limit, its source,
    and how many were refused, or closed while idle, because it was reached.
    `exhausted`: how often a connection to a target failed for lack of a file descriptor."""

    name: str  # public | service_connect
    open: int
    limit: int
    why: str
    refused: int
    displaced: int
    exhausted: int = 0


@dataclass(frozen=True, slots=True)
class EdgeSnapshot:
    """`shifts`: the weights that deployments have written into listener rules, by the rules'
    ARNs."""

    listeners: tuple[ListenerState, ...] = ()
    target_groups: tuple[TargetGroupState, ...] = ()
    services: tuple[TargetGroupState, ...] = ()
    caches: tuple[CacheState, ...] = ()
    web_acls: tuple[WebAclState, ...] = ()
    not_simulated: tuple[NotSimulated, ...] = ()
    capacities: tuple[CapacityState, ...] = ()
    shifts: tuple[tuple[str, tuple[WeightedTarget, ...]], ...] = ()
