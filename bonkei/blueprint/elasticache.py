"""A cache of ElastiCache: Redis or Valkey.

Read from aws_elasticache_replication_group and aws_elasticache_cluster, with their users.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bonkei.blueprint.coverage import Gaps
from bonkei.blueprint.state import Resource, State

_PORT = 6379


@dataclass(frozen=True, slots=True)
class CacheUser:
    """Who may sign in. `access` is Redis's own text, such as `on ~app:* +@read`."""

    name: str
    access: str
    passwords: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache. `endpoints` are the names of all its nodes, which one server answers here.
    `is_cluster`: clients ask it for its slots."""

    address: str
    arn: str
    identifier: str
    engine: str
    port: int
    endpoints: tuple[str, ...]
    auth_token: str = field(default="", repr=False)
    users: tuple[CacheUser, ...] = ()
    is_encrypted: bool = False
    is_cluster: bool = False
    parameters: tuple[tuple[str, str], ...] = ()
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()


def read_caches(state: State, gaps: Gaps) -> tuple[Cache, ...]:
    """Every cache of Redis or Valkey. A member of a replication group is not one of its own."""
    found = [*_groups(state, gaps), *_clusters(state, gaps)]
    return tuple(sorted(found, key=lambda one: one.address))


def _groups(state: State, gaps: Gaps) -> Iterator[Cache]:
    for block in state.managed("aws_elasticache_replication_group"):
        if block.integer("num_node_groups", 1) > 1:
            gaps.part(block, "num_node_groups", "one server has all slots")
        elif block.integer("num_cache_clusters", 1) > 1:
            gaps.part(block, "num_cache_clusters", "one server answers for all nodes: no failover")
        names = ("primary", "reader", "configuration")
        endpoints = [block.text(f"{name}_endpoint_address", "") for name in names]
        is_cluster = block.flag("cluster_enabled")
        yield _cache(block, "replication_group_id", endpoints, state, gaps, is_cluster=is_cluster)


def _clusters(state: State, gaps: Gaps) -> Iterator[Cache]:
    for block in state.managed("aws_elasticache_cluster"):
        engine = block.text("engine", "redis")
        if engine not in ("redis", "valkey"):
            gaps.resource(block, f"engine {engine}: only Redis and Valkey run here")
        elif not block.has("replication_group_id"):
            nodes = [node.text("address", "") for node in block.blocks("cache_nodes")]
            yield _cache(block, "cluster_id", nodes, state, gaps)


def _cache(
    block: Resource,
    name: str,
    endpoints: list[str],
    state: State,
    gaps: Gaps,
    *,
    is_cluster: bool = False,
) -> Cache:
    is_encrypted = block.flag("transit_encryption_enabled")
    if is_encrypted:
        gaps.part(
            block,
            "transit_encryption_enabled",
            "clients connect without TLS: rediss:// in a task's environment becomes redis://",
        )
    group = state.find(block.text("subnet_group_name", ""), "name", "aws_elasticache_subnet_group")
    return block.read(
        Cache,
        identifier=block.text(name),
        engine=block.text("engine", "redis"),
        port=block.integer("port", _PORT) or _PORT,
        endpoints=tuple(dict.fromkeys(one for one in endpoints if one)),
        users=_users(block, state),
        is_encrypted=is_encrypted,
        is_cluster=is_cluster,
        parameters=_parameters(block.text("parameter_group_name", ""), state),
        subnet_ids=tuple(sorted(group.texts("subnet_ids"))) if group else (),
        security_group_ids=tuple(sorted(block.texts("security_group_ids"))),
    )


def _users(block: Resource, state: State) -> tuple[CacheUser, ...]:
    groups = {*block.texts("user_group_ids")}
    members = {
        member
        for group in state.managed("aws_elasticache_user_group")
        if group.text("user_group_id") in groups
        for member in group.texts("user_ids")
    }
    return tuple(
        CacheUser(
            user.text("user_name"),
            user.text("access_string"),
            (*user.texts("passwords"), *_passwords(user)),
        )
        for user in state.managed("aws_elasticache_user")
        if user.text("user_id") in members
    )


def _passwords(user: Resource) -> Iterator[str]:
    for mode in user.blocks("authentication_mode"):
        yield from mode.texts("passwords")


def _parameters(name: str, state: State) -> tuple[tuple[str, str], ...]:
    """Those set in the group. A default group is not in the state, and has none."""
    group = state.find(name, "name", "aws_elasticache_parameter_group")
    found = group.blocks("parameter") if group else ()
    return tuple(sorted((one.text("name"), one.text("value")) for one in found))
