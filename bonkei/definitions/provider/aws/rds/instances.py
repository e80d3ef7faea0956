"""Amazon RDS: instances of clusters, and single databases.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.rds import databases
from bonkei.definitions.provider.aws.shared.checks import at, between, matches, one_of
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.regions import database_zone, zone_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value


def _cluster_of(mint: Mint) -> Object:
    wanted = mint.given("cluster_identifier")
    for cluster in mint.context.peers("aws_rds_cluster"):
        if cluster.get("cluster_identifier") == wanted:
            return cluster
    return {}


def _cluster_instance(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.name("identifier", "tf-")
    cluster = _cluster_of(mint)
    engine = str(mint.given("engine"))
    # Its own version may be that before an upgrade of the cluster.
    version = str(cluster.get("engine_version") or mint.given("engine_version") or "")
    databases.group_fits(mint, "aws_db_parameter_group", "db_parameter_group_name", engine, version)
    insights = mint.given("performance_insights_enabled") is True
    zones = zone_names(mint.region)[:3]
    return {
        "id": identifier,
        "arn": mint.arn("rds", f"db:{identifier}"),
        "identifier": identifier,
        "dbi_resource_id": databases.resource_id(mint, "db"),
        "endpoint": f"{identifier}.{databases.database_domain(mint)}",
        "port": cluster.get("port") or databases.default_port(engine),
        "writer": _is_writer(mint, identifier),
        "availability_zone": zones[int(mint.random(6, label="zone"), 16) % len(zones)],
        "ca_cert_identifier": "rds-ca-rsa2048-g1",
        "db_parameter_group_name": f"default.{databases.family(engine, version)}",
        "db_subnet_group_name": cluster.get("db_subnet_group_name") or "default",
        "engine_version": version,
        "engine_version_actual": databases.actual(version),
        "kms_key_id": cluster.get("kms_key_id") or "",
        "storage_encrypted": cluster.get("storage_encrypted") is True,
        "network_type": "IPV4",
        "performance_insights_kms_key_id": databases.default_key(mint, "rds") if insights else "",
        "performance_insights_retention_period": 7 if insights else 0,
        "preferred_backup_window": cluster.get("preferred_backup_window")
        or databases.window(mint, "backup"),
        "preferred_maintenance_window": databases.maintenance_window(mint),
    }


def _is_writer(mint: Mint, identifier: str) -> bool:
    """The first instance of a cluster is its writer."""
    others = [
        peer
        for peer in mint.context.peers("aws_rds_cluster_instance")
        if peer.get("cluster_identifier") == mint.given("cluster_identifier")
        and peer.get("identifier") != identifier
    ]
    return not any(peer.get("writer") for peer in others)


def _instance(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.name("identifier")
    engine = str(mint.given("engine") or "")
    version = str(mint.given("engine_version") or "")
    databases.group_fits(mint, "aws_db_parameter_group", "parameter_group_name", engine, version)
    databases.may_upgrade(mint, "aws_db_instance", "identifier", engine, version)
    port = mint.given("port") or databases.default_port(engine)
    address = f"{identifier}.{databases.database_domain(mint)}"
    return {
        "id": databases.resource_id(mint, "db"),
        "resource_id": databases.resource_id(mint, "db"),
        "arn": mint.arn("rds", f"db:{identifier}"),
        "identifier": identifier,
        "address": address,
        "endpoint": f"{address}:{port}",
        "port": port,
        "hosted_zone_id": database_zone(mint.region),
        "status": "available",
        "engine_version_actual": databases.actual(version),
        "backup_window": databases.window(mint, "backup"),
        "maintenance_window": databases.maintenance_window(mint),
        "availability_zone": zone_names(mint.region)[0],
        "parameter_group_name": f"default.{databases.family(engine, version)}",
        "master_user_secret": [
            {**secret, "secret_arn": secret["secret_arn"].replace("!cluster-", "!db-")}
            for secret in databases.master_secret(mint)
        ],
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_rds_cluster_instance": resource(
        _cluster_instance,
        at("identifier", *databases.IDENTIFIER),
        at("engine", one_of(*databases.CLUSTER_ENGINES)),
        at("instance_class", matches(r"db\.[a-z0-9-]+(\.[a-z0-9-]+)*", "a class: db.serverless …")),
        at("promotion_tier", between(0, 15)),
        at("performance_insights_kms_key_id", arn("kms")),
        *databases.OPERATION,
        recomputed={"engine_version_actual": "engine_version"},
        import_="identifier",
    ),
    "aws_db_instance": resource(
        _instance,
        at("identifier", *databases.IDENTIFIER),
        at("instance_class", matches(r"db\.[a-z0-9-]+(\.[a-z0-9-]+)*", "a class: db.t4g.micro …")),
        at("storage_type", one_of("standard", "gp2", "gp3", "io1", "io2")),
        recomputed={
            "arn": "identifier",
            "address": "identifier",
            "endpoint": "identifier port",
        },
        after_apply=databases.keep_master,
        after_destroy=databases.forget_master,
    ),
}
