"""Turns the live objects into the values of a snapshot."""

from __future__ import annotations

from bonkei.services.edge.capacity import Capacity
from bonkei.services.edge.cloudfront.cache import Cache
from bonkei.services.edge.open_listener import OpenListener
from bonkei.services.edge.service_connect import Relay
from bonkei.services.edge.snapshot import (
    CacheState,
    CapacityState,
    ListenerState,
    RuleState,
    TargetGroupState,
    TargetState,
    WebAclState,
)
from bonkei.services.edge.targets.target import Pool
from bonkei.services.edge.waf.web_acl import CompiledWebAcl


def listener_state(held: OpenListener) -> ListenerState:
    """A socket, with its connections."""
    opening = held.opening
    scheme = "tcp" if isinstance(held.front, Relay) else "http"
    return ListenerState(
        kind=opening.kind,
        address=opening.address,
        name=opening.name,
        url=f"{scheme}://{opening.host}:{held.port}",
        host=opening.host,
        port=held.port,
        connections=len(held.front.connections),
        requests=0 if isinstance(held.front, Relay) else held.front.requests,
    )


def capacity_state(name: str, capacity: Capacity, exhausted: int = 0) -> CapacityState:
    """The connections that share a limit."""
    return CapacityState(
        name,
        len(capacity),
        capacity.limit,
        capacity.why,
        capacity.refused,
        capacity.displaced,
        exhausted,
    )


def pool_state(pool: Pool, address: str, name: str) -> TargetGroupState:
    """A target group, or a service's port, with its targets; those that are draining, too."""
    return TargetGroupState(
        pool.arn,
        address,
        name,
        tuple(
            TargetState(
                target.task_id,
                target.own.host,
                target.own.port,
                target.health.state,
                target.health.reason,
                target.outstanding,
            )
            for target in (*pool.targets.values(), *pool.draining.values())
        ),
        pool.obstacle,
    )


def acl_state(acl: CompiledWebAcl) -> WebAclState:
    """A web ACL with its rules' counters."""
    counters = [*acl.counters.rules.items(), ("Default_Action", acl.counters.default)]
    return WebAclState(
        acl.arn,
        acl.address,
        acl.name,
        tuple(
            RuleState(name, counter.allowed, counter.blocked, counter.counted)
            for name, counter in counters
        ),
    )


def cache_state(distribution: str, cache: Cache) -> CacheState:
    """A distribution's cache, by the distribution's id."""
    return CacheState(
        distribution,
        cache.objects,
        cache.bytes,
        cache.hits,
        cache.misses,
        cache.refreshes,
        cache.evictions,
    )
