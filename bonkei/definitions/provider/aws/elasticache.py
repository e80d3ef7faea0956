"""Amazon ElastiCache: caches and the addresses they answer at.

https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Endpoints.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, matches
from bonkei.definitions.provider.aws.shared.naming import Mint, name_as_id
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.regions import zone_id, zone_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value

_PORTS = {"memcached": 11211}
_REDIS_PORT = 6379
_NAME = matches(r"[a-zA-Z][a-zA-Z0-9-]*", "letters, digits and hyphens, a letter first")


def _domain(mint: Mint) -> str:
    """`a1b2c3.apne1.cache.amazonaws.com`, without the six characters of the owner."""
    short = zone_id(zone_names(mint.region)[0]).partition("-")[0]
    return f"{short}.cache.{mint.suffix}"


def _owner(mint: Mint) -> str:
    return mint.random(6, LOWER, "owner")


def _port(mint: Mint) -> int:
    return int(mint.given("port") or _PORTS.get(str(mint.given("engine")), _REDIS_PORT))


def _cluster(mint: Mint) -> Mapping[str, Value]:
    name = str(mint.given("cluster_id")).lower()
    zones = zone_names(mint.region)
    count = int(mint.given("num_cache_nodes") or 1)
    plain = f"{name}.{_owner(mint)}.cfg.{_domain(mint)}"
    is_memcached = mint.given("engine") == "memcached"
    return {
        "id": name,
        "arn": mint.arn("elasticache", f"cluster:{name}"),
        "port": _port(mint),
        "engine": mint.given("engine") or "redis",
        "engine_version_actual": mint.given("engine_version") or "",
        "num_cache_nodes": count,
        "cluster_address": plain if is_memcached else "",
        "configuration_endpoint": f"{plain}:{_port(mint)}" if is_memcached else "",
        "cache_nodes": [
            {
                "id": f"{number:04}",
                "address": f"{name}.{_owner(mint)}.{number:04}.{_domain(mint)}",
                "port": _port(mint),
                "availability_zone": zones[number % len(zones)],
                "outpost_arn": "",
            }
            for number in range(1, count + 1)
        ],
    }


def _replication_group(mint: Mint) -> Mapping[str, Value]:
    name = str(mint.given("replication_group_id")).lower()
    shards = int(mint.given("num_node_groups") or 1)
    is_cluster = shards > 1 or mint.given("cluster_mode") == "enabled"
    encrypted = mint.given("transit_encryption_enabled") is True
    behind = f"{_owner(mint)}.{_domain(mint)}"
    plain = f"{name}.{_owner(mint)}.ng.0001.{_domain(mint)}"
    reader = f"{name}-ro.{_owner(mint)}.ng.0001.{_domain(mint)}"
    nodes = int(mint.given("num_cache_clusters") or 1)
    return {
        "id": name,
        "arn": mint.arn("elasticache", f"replicationgroup:{name}"),
        "engine": mint.given("engine") or "redis",
        "engine_version_actual": mint.given("engine_version") or "",
        "cluster_enabled": is_cluster,
        "cluster_mode": "enabled" if is_cluster else "disabled",
        "num_cache_clusters": nodes,
        "num_node_groups": shards,
        "replicas_per_node_group": max(0, nodes - 1),
        "member_clusters": [f"{name}-{number:03}" for number in range(1, nodes + 1)],
        "configuration_endpoint_address": f"clustercfg.{name}.{behind}" if is_cluster else "",
        "primary_endpoint_address": (
            "" if is_cluster else f"master.{name}.{behind}" if encrypted else plain
        ),
        "reader_endpoint_address": (
            "" if is_cluster else f"replica.{name}.{behind}" if encrypted else reader
        ),
    }


def _serverless(mint: Mint) -> Mapping[str, Value]:
    name = str(mint.given("name"))
    address = f"{name}-{_owner(mint)}.serverless.{_domain(mint)}"
    return {
        "id": name,
        "arn": mint.arn("elasticache", f"serverlesscache:{name}"),
        "status": "available",
        "create_time": mint.context.now,
        "endpoint": [{"address": address, "port": _REDIS_PORT}],
        "reader_endpoint": [{"address": address, "port": _REDIS_PORT + 1}],
    }


def _named(kind: str, argument: str = "name") -> ResourceBehaviour:
    return resource(name_as_id("elasticache", f"{kind}:", argument), import_=argument)


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_elasticache_cluster": resource(
        _cluster,
        at("cluster_id", _NAME),
        import_="cluster_id",
        recomputed={"cache_nodes": "num_cache_nodes"},
    ),
    "aws_elasticache_replication_group": resource(
        _replication_group,
        at("replication_group_id", _NAME),
        import_="replication_group_id",
        recomputed={"member_clusters": "num_cache_clusters"},
    ),
    "aws_elasticache_serverless_cache": resource(_serverless, import_="name"),
    "aws_elasticache_subnet_group": _named("subnetgroup"),
    "aws_elasticache_parameter_group": _named("parametergroup"),
    "aws_elasticache_user": _named("user", "user_id"),
    "aws_elasticache_user_group": _named("usergroup", "user_group_id"),
}

DATA_SOURCES = by_own_names(
    "aws_elasticache_cluster aws_elasticache_replication_group aws_elasticache_subnet_group"
)
