"""Amazon RDS: Aurora clusters.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.rds import databases
from bonkei.definitions.provider.aws.shared.blocks import same_shape
from bonkei.definitions.provider.aws.shared.checks import at, between, lacks, matches, one_of
from bonkei.definitions.provider.aws.shared.formats import arn, kms_key
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.regions import database_zone, zone_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

_ENGINE_VERSIONS = {"aurora-postgresql": "17.5", "aurora-mysql": "8.0.mysql_aurora.3.10.0"}
# The values that RDS returns for omitted arguments of any cluster.
_NOT_GIVEN: Mapping[str, Value] = {
    "backup_retention_period": 1,
    "cluster_members": [],
    "database_name": "",
    "db_subnet_group_name": "default",
    "iam_roles": [],
    "master_username": "",
    "master_user_secret_kms_key_id": "",
    "network_type": "IPV4",
    "storage_encrypted": False,
    "storage_type": "",
    "vpc_security_group_ids": [],
    "ca_certificate_identifier": "rds-ca-rsa2048-g1",
    "ca_certificate_valid_till": "",
    "database_insights_mode": "standard",
    "engine_lifecycle_support": "open-source-rds-extended-support",
    "auto_minor_version_upgrade": True,
}


def _cluster(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.name("cluster_identifier", "tf-")
    engine = str(mint.given("engine"))
    version = str(mint.given("engine_version") or _ENGINE_VERSIONS.get(engine, ""))
    group = "db_cluster_parameter_group_name"
    databases.group_fits(mint, "aws_rds_cluster_parameter_group", group, engine, version)
    databases.may_upgrade(mint, "aws_rds_cluster", "cluster_identifier", engine, version)
    domain = databases.database_domain(mint)
    encrypted = mint.given("storage_encrypted") is True
    insights = mint.given("performance_insights_enabled") is True
    return {
        **_NOT_GIVEN,
        "id": identifier,
        "arn": mint.arn("rds", f"cluster:{identifier}"),
        "cluster_identifier": identifier,
        "cluster_resource_id": databases.resource_id(mint, "cluster"),
        "endpoint": f"{identifier}.cluster-{domain}",
        "reader_endpoint": f"{identifier}.cluster-ro-{domain}",
        "hosted_zone_id": database_zone(mint.region),
        "port": databases.default_port(engine),
        "engine_version": version,
        "engine_version_actual": databases.actual(version),
        "availability_zones": list(zone_names(mint.region)[:3]),
        "preferred_backup_window": databases.window(mint, "backup"),
        "preferred_maintenance_window": databases.maintenance_window(mint),
        "db_cluster_parameter_group_name": f"default.{databases.family(engine, version)}",
        "kms_key_id": databases.default_key(mint, "rds") if encrypted else "",
        "master_user_secret": databases.master_secret(mint),
        "performance_insights_kms_key_id": databases.default_key(mint, "rds") if insights else "",
        "performance_insights_retention_period": 7 if insights else 0,
        "cluster_scalability_type": "standard" if engine.startswith("aurora") else "",
        "allocated_storage": 1,
        "serverlessv2_scaling_configuration": same_shape(
            mint.planned.get("serverlessv2_scaling_configuration"), _pause
        ),
    }


def _pause(_index: int, block: Mapping[str, Value]) -> Mapping[str, Value]:
    """A cluster with a minimum of 0 ACU pauses after five minutes."""
    return {"seconds_until_auto_pause": 300 if block.get("min_capacity") == 0 else None}


def _cluster_fits(config: Object) -> Iterator[Problem]:
    name = config.get("final_snapshot_identifier")
    if config.get("skip_final_snapshot") in (None, False) and name is None:
        detail = 'Without skip_final_snapshot = true, "final_snapshot_identifier" names the last'
        yield Problem(
            (), "Missing argument", f"{detail} snapshot; a destroy fails without it.", "warning"
        )
    username, managed = config.get("master_username"), config.get("manage_master_user_password")
    restored = any(
        config.get(source) not in (None, [], "")
        for source in (
            "snapshot_identifier",
            "restore_to_point_in_time",
            "s3_import",
            "replication_source_identifier",
            "global_cluster_identifier",
        )
    )
    password = any(
        config.get(argument) is not None
        for argument in ("master_password", "master_password_wo", "manage_master_user_password")
    )
    if not restored and username is None:
        yield Problem((), "Missing argument", 'A new cluster needs a "master_username".')
    if not restored and not password:
        detail = 'A new cluster needs "manage_master_user_password" = true or a "master_password".'
        yield Problem((), "Missing argument", detail)
    if given(managed) and not managed:
        detail = "Only true is allowed here. Leave it out to set your own password."
        yield Problem(("manage_master_user_password",), "Invalid value", detail)


def _capacity(value: Value) -> str | None:
    """Aurora capacity units come in halves."""
    if not 0 <= float(value) <= 256 or (float(value) * 2) % 1:
        return f"Expected 0 to 256 ACU in steps of 0.5, got {value}."
    return None


def _capacity_order(config: Object) -> Iterator[Problem]:
    blocks = config.get("serverlessv2_scaling_configuration")
    for index, block in enumerate(blocks if isinstance(blocks, list) else ()):
        if not isinstance(block, Mapping):
            continue
        low, high = block.get("min_capacity"), block.get("max_capacity")
        if given(low) and given(high):
            path = ("serverlessv2_scaling_configuration", index, "max_capacity")
            if float(low or 0) > float(high or 0):
                detail = f"min_capacity ({low}) is above max_capacity ({high})."
                yield Problem(path, "Invalid capacity", detail)
            elif float(high or 0) < 1:
                yield Problem(path, "Invalid capacity", "max_capacity is at least 1 ACU.")


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_rds_cluster": resource(
        _cluster,
        at("cluster_identifier", *databases.IDENTIFIER),
        at(
            "cluster_identifier_prefix", matches(r"[a-z][0-9a-z-]*", "a letter first, then a-z0-9-")
        ),
        at("engine", one_of(*databases.CLUSTER_ENGINES)),
        at("engine_version", matches(r"\d+[\w.-]*", "a version, such as 17.5")),
        at("backup_retention_period", between(1, 35)),
        at("database_name", matches(r"[a-zA-Z][a-zA-Z0-9_]{0,62}", "a letter, then a-zA-Z0-9_")),
        at("master_username", matches(r"[a-zA-Z][a-zA-Z0-9_]{0,62}", "a letter, then a-zA-Z0-9_")),
        at("master_username", lacks("^(rdsadmin|rdsrepladmin)$", "be a name that RDS reserves")),
        at("kms_key_id", arn("kms")),
        at("master_user_secret_kms_key_id", kms_key),
        at("port", between(1150, 65535)),
        *databases.OPERATION,
        at("storage_type", one_of("", "aurora", "aurora-iopt1", "io1", "io2", "gp3")),
        at("serverlessv2_scaling_configuration.min_capacity", _capacity),
        at("serverlessv2_scaling_configuration.max_capacity", _capacity),
        _cluster_fits,
        _capacity_order,
        recomputed={
            "engine_version_actual": "engine_version",
            "master_user_secret": "manage_master_user_password master_user_secret_kms_key_id",
        },
        after_apply=databases.keep_master,
        after_destroy=databases.forget_master,
    ),
    "aws_rds_cluster_role_association": resource(
        lambda mint: {"id": f"{mint.given('db_cluster_identifier')},{mint.given('role_arn')}"},
        at("role_arn", arn("iam")),
    ),
    "aws_rds_cluster_endpoint": resource(
        lambda mint: {
            "id": mint.given("cluster_endpoint_identifier"),
            "arn": mint.arn("rds", f"cluster-endpoint:{mint.given('cluster_endpoint_identifier')}"),
            "endpoint": f"{mint.given('cluster_endpoint_identifier')}.cluster-custom-"
            + databases.database_domain(mint),
        },
    ),
}
