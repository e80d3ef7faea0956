"""Amazon RDS: Aurora clusters, their instances and groups; single databases.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bonkei.provider.aws.checks import (
    Check,
    at,
    between,
    conflicts,
    lacks,
    length,
    matches,
    needs,
    one_of,
    unique,
    whole,
)
from bonkei.provider.aws.formats import arn, kms_key
from bonkei.provider.aws.naming import Mint, resource, same_shape
from bonkei.provider.aws.regions import database_zone, zone_names
from bonkei.provider.aws.seeds import LOWER, UPPER, scatter
from bonkei.provider.behaviour import Context, Problem, Refused, ResourceBehaviour
from bonkei.provider.values import Object, Value, given

_PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "sqlserver": 1433}
_CLUSTER_ENGINES = ("aurora-mysql", "aurora-postgresql", "mysql", "postgres", "neptune")
_LOG_TYPES = (
    "audit",
    "error",
    "general",
    "slowquery",
    "postgresql",
    "upgrade",
    "instance",
    "iam-db-auth-error",
)

_ENGINE_VERSIONS = {"aurora-postgresql": "17.5", "aurora-mysql": "8.0.mysql_aurora.3.10.0"}
_EVENT_SOURCES = (
    "db-instance",
    "db-cluster",
    "db-parameter-group",
    "db-security-group",
    "db-snapshot",
    "db-cluster-snapshot",
    "db-proxy",
    "custom-engine-version",
    "blue-green-deployment",
)
_MONITORING = one_of(0, 1, 5, 10, 15, 30, 60)

_identifier: tuple[Check, ...] = (
    length(1, 63),
    matches(r"[0-9a-z-]+", "lower-case letters, digits and hyphens"),
    matches(r"[a-z].*", "a letter first"),
    lacks("--|-$", "have two hyphens in a row or one at its end"),
)
_group_name: tuple[Check, ...] = (
    length(1, 255),
    matches(r"[0-9a-z._-]+", "lower-case letters, digits, periods, underscores and hyphens"),
)


def database_domain(mint: Mint) -> str:
    """`c9akciq32rgw.us-east-1.rds.amazonaws.com`: the first part is the account's in the region."""
    own = scatter(f"rds/{mint.account}/{mint.region}", 11, LOWER)
    return f"c{own}.{mint.region}.rds.{mint.suffix}"


def _port(engine: str) -> int:
    return next((port for name, port in _PORTS.items() if name in engine), 3306)


def _resource_id(mint: Mint, prefix: str) -> str:
    """26 capitals and digits, as of a cluster or an instance."""
    return f"{prefix}-{mint.random(26, UPPER, prefix)}"


def _window(mint: Mint, label: str) -> str:
    """Half an hour that RDS would choose, the same for the life of the resource."""
    start = int(mint.random(6, label=label), 16) % 48
    end = (start + 1) % 48
    return "-".join(f"{point // 2:02}:{point % 2 * 30:02}" for point in (start, end))


def _maintenance_window(mint: Mint) -> str:
    day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][
        int(mint.random(6, label="day"), 16) % 7
    ]
    start, end = _window(mint, "maintenance").split("-")
    after = {"mon": "tue", "tue": "wed", "wed": "thu", "thu": "fri", "fri": "sat", "sat": "sun"}
    return f"{day}:{start}-{after.get(day, 'mon') if end < start else day}:{end}"


def _default_key(mint: Mint, service: str) -> str:
    """The key that AWS manages for a service in this account and region."""
    digits = scatter(f"alias/aws/{service}/{mint.account}/{mint.region}", 32, "0123456789abcdef")
    parts = (digits[:8], digits[8:12], f"4{digits[13:16]}", f"a{digits[17:20]}", digits[20:])
    return mint.arn("kms", f"key/{'-'.join(parts)}")


def _cluster(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.name("cluster_identifier", "tf-")
    engine = str(mint.given("engine"))
    version = str(mint.given("engine_version") or _ENGINE_VERSIONS.get(engine, ""))
    domain = database_domain(mint)
    encrypted = mint.given("storage_encrypted") is True
    insights = mint.given("performance_insights_enabled") is True
    return {
        "id": identifier,
        "arn": mint.arn("rds", f"cluster:{identifier}"),
        "cluster_identifier": identifier,
        "cluster_identifier_prefix": mint.given("cluster_identifier_prefix") or "",
        "cluster_resource_id": _resource_id(mint, "cluster"),
        "endpoint": f"{identifier}.cluster-{domain}",
        "reader_endpoint": f"{identifier}.cluster-ro-{domain}",
        "hosted_zone_id": database_zone(mint.region),
        "port": _port(engine),
        "engine_version": version,
        "engine_version_actual": _actual(version),
        "availability_zones": list(zone_names(mint.region)[:3]),
        "backup_retention_period": 1,
        "preferred_backup_window": _window(mint, "backup"),
        "preferred_maintenance_window": _maintenance_window(mint),
        "cluster_members": [],
        "database_name": "",
        "db_cluster_parameter_group_name": f"default.{_family(engine, version)}",
        "db_subnet_group_name": "default",
        "iam_roles": [],
        "kms_key_id": _default_key(mint, "rds") if encrypted else "",
        "master_username": "",
        "master_user_secret": _master_secret(mint),
        "master_user_secret_kms_key_id": "",
        "network_type": "IPV4",
        "performance_insights_kms_key_id": _default_key(mint, "rds") if insights else "",
        "performance_insights_retention_period": 7 if insights else 0,
        "storage_encrypted": False,
        "storage_type": "",
        "vpc_security_group_ids": [],
        "ca_certificate_identifier": "rds-ca-rsa2048-g1",
        "ca_certificate_valid_till": "",
        "cluster_scalability_type": "standard" if engine.startswith("aurora") else "",
        "database_insights_mode": "standard",
        "engine_lifecycle_support": "open-source-rds-extended-support",
        "auto_minor_version_upgrade": True,
        "allocated_storage": 1,
        "serverlessv2_scaling_configuration": same_shape(
            mint.planned.get("serverlessv2_scaling_configuration"), _pause
        ),
    }


def _pause(_index: int, block: Mapping[str, Value]) -> Mapping[str, Value]:
    """A cluster that may go down to 0 ACU pauses after five minutes."""
    return {"seconds_until_auto_pause": 300 if block.get("min_capacity") == 0 else None}


def _actual(version: str) -> str:
    """The version that runs: the newest minor version of a major one."""
    newest = {"14": "14.18", "15": "15.13", "16": "16.9", "17": "17.5", "18": "18.1"}
    return newest.get(version, version)


def _family(engine: str, version: str) -> str:
    """A default parameter group's family: `aurora-postgresql17`, `aurora-mysql8.0`, `mysql8.0`."""
    if "postgres" in engine:
        return f"{engine}{version.partition('.')[0]}"
    return f"{engine}{'.'.join(version.split('.')[:2])}"


def _master_secret(mint: Mint) -> list[Mapping[str, Value]]:
    """Secrets Manager's secret of a cluster whose password RDS manages.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
    """
    if mint.given("manage_master_user_password") is not True:
        return []
    name = f"rds!cluster-{mint.uuid('master')}"
    tail = mint.random(6, UPPER + LOWER, "master")
    return [
        {
            "secret_arn": mint.arn("secretsmanager", f"secret:{name}-{tail}"),
            "kms_key_id": mint.given("master_user_secret_kms_key_id")
            or _default_key(mint, "secretsmanager"),
            "secret_status": "active",
        }
    ]


def _forget_master(state: Object, context: Context) -> None:
    for secret in state.get("master_user_secret") or ():
        if isinstance(secret, Mapping) and given(secret.get("secret_arn")):
            context.vault.delete(str(secret["secret_arn"]))


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
        detail = "Only true means something here; leave it out to give a password of your own."
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


def _weekly_window(value: Value) -> str | None:
    days = "mon|tue|wed|thu|fri|sat|sun"
    time = r"([01]\d|2[0-3]):[0-5]\d"
    if re.fullmatch(f"({days}):{time}-({days}):{time}", str(value).lower()):
        return None
    return f'"{value}" is no weekly window, such as sun:18:00-sun:18:30 (UTC).'


_DAILY_WINDOW = matches(
    r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", "a daily window, such as 16:00-16:30 (UTC)"
)


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
    version = str(mint.given("engine_version") or cluster.get("engine_version") or "")
    insights = mint.given("performance_insights_enabled") is True
    zones = zone_names(mint.region)[:3]
    return {
        "id": identifier,
        "arn": mint.arn("rds", f"db:{identifier}"),
        "identifier": identifier,
        "identifier_prefix": mint.given("identifier_prefix") or "",
        "dbi_resource_id": _resource_id(mint, "db"),
        "endpoint": f"{identifier}.{database_domain(mint)}",
        "port": cluster.get("port") or _port(engine),
        "writer": _is_writer(mint, identifier),
        "availability_zone": zones[int(mint.random(6, label="zone"), 16) % len(zones)],
        "ca_cert_identifier": "rds-ca-rsa2048-g1",
        "db_parameter_group_name": f"default.{_family(engine, version)}",
        "db_subnet_group_name": cluster.get("db_subnet_group_name") or "default",
        "engine_version": version,
        "engine_version_actual": _actual(version),
        "kms_key_id": cluster.get("kms_key_id") or "",
        "storage_encrypted": cluster.get("storage_encrypted") is True,
        "network_type": "IPV4",
        "monitoring_role_arn": "",
        "performance_insights_enabled": False,
        "performance_insights_kms_key_id": _default_key(mint, "rds") if insights else "",
        "performance_insights_retention_period": 7 if insights else 0,
        "preferred_backup_window": cluster.get("preferred_backup_window")
        or _window(mint, "backup"),
        "preferred_maintenance_window": _maintenance_window(mint),
        "publicly_accessible": False,
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
    port = mint.given("port") or _port(engine)
    address = f"{identifier}.{database_domain(mint)}"
    return {
        "id": _resource_id(mint, "db"),
        "resource_id": _resource_id(mint, "db"),
        "arn": mint.arn("rds", f"db:{identifier}"),
        "identifier": identifier,
        "address": address,
        "endpoint": f"{address}:{port}",
        "port": port,
        "hosted_zone_id": database_zone(mint.region),
        "status": "available",
        "engine_version_actual": _actual(version),
        "backup_window": _window(mint, "backup"),
        "maintenance_window": _maintenance_window(mint),
        "availability_zone": zone_names(mint.region)[0],
        "parameter_group_name": f"default.{_family(engine, version)}",
        "master_user_secret": [
            {**secret, "secret_arn": secret["secret_arn"].replace("!cluster-", "!db-")}
            for secret in _master_secret(mint)
        ],
    }


def _subnet_group(mint: Mint) -> Mapping[str, Value]:
    name = mint.name().lower()
    wanted = set(mint.given("subnet_ids") or ())
    subnets = [s for s in mint.context.peers("aws_subnet") if s.get("id") in wanted]
    zones = {subnet.get("availability_zone") for subnet in subnets}
    if len(subnets) == len(wanted) and len(zones) < 2:
        raise Refused(
            "DBSubnetGroupDoesNotCoverEnoughAZs: the subnets lie in one availability zone",
            "A DB subnet group covers two availability zones at least.",
            ("subnet_ids",),
        )
    return {
        "id": name,
        "arn": mint.arn("rds", f"subgrp:{name}"),
        "name": name,
        "name_prefix": mint.given("name_prefix") or "",
        "supported_network_types": ["IPV4"],
        "vpc_id": subnets[0].get("vpc_id") if subnets else None,
    }


def _parameter_group(kind: str) -> ResourceBehaviour:
    def mint_group(mint: Mint) -> Mapping[str, Value]:
        name = mint.name()
        return {
            "id": name,
            "arn": mint.arn("rds", f"{kind}:{name}"),
            "name": name,
            "name_prefix": mint.given("name_prefix") or "",
        }

    return resource(
        mint_group,
        at("name", *_group_name),
        at("name_prefix", length(1, 226)),
        conflicts("name", "name_prefix"),
        at("family", matches(r"[a-z][a-z0-9.-]*", "a family, such as aurora-postgresql17")),
        at("parameter.apply_method", one_of("immediate", "pending-reboot")),
        unique("parameter", "name", "parameter"),
        force_new="name name_prefix family description",
        arguments={
            "description": "Managed by Terraform",
            "parameter.apply_method": "immediate",
        },
        import_="name",
    )


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_rds_cluster": resource(
        _cluster,
        at("cluster_identifier", *_identifier),
        at(
            "cluster_identifier_prefix", matches(r"[a-z][0-9a-z-]*", "a letter first, then a-z0-9-")
        ),
        conflicts("cluster_identifier", "cluster_identifier_prefix"),
        at("engine", one_of(*_CLUSTER_ENGINES)),
        at("engine_mode", one_of("provisioned", "serverless", "parallelquery", "global", "")),
        at("engine_version", matches(r"\d+[\w.]*", "a version, such as 17.5")),
        at("enabled_cloudwatch_logs_exports", one_of(*_LOG_TYPES)),
        at("backup_retention_period", between(1, 35)),
        at("database_insights_mode", one_of("standard", "advanced")),
        at("database_name", matches(r"[a-zA-Z][a-zA-Z0-9_]{0,62}", "a letter, then a-zA-Z0-9_")),
        at("master_username", matches(r"[a-zA-Z][a-zA-Z0-9_]{0,62}", "a letter, then a-zA-Z0-9_")),
        at("master_username", lacks("^(rdsadmin|rdsrepladmin)$", "be a name that RDS reserves")),
        at("kms_key_id", arn("kms")),
        at("master_user_secret_kms_key_id", kms_key),
        at("monitoring_interval", _MONITORING),
        at("monitoring_role_arn", arn("iam")),
        at("network_type", one_of("IPV4", "DUAL")),
        at("port", between(1150, 65535)),
        at("preferred_backup_window", _DAILY_WINDOW),
        at("preferred_maintenance_window", _weekly_window),
        at("storage_type", one_of("", "aurora", "aurora-iopt1", "io1", "io2", "gp3")),
        at("serverlessv2_scaling_configuration.min_capacity", _capacity),
        at("serverlessv2_scaling_configuration.max_capacity", _capacity),
        at(
            "serverlessv2_scaling_configuration.seconds_until_auto_pause",
            between(300, 86400),
        ),
        conflicts("manage_master_user_password", "master_password", "master_password_wo"),
        needs("master_password_wo", "master_password_wo_version"),
        conflicts("restore_to_point_in_time", "snapshot_identifier", "s3_import"),
        _cluster_fits,
        _capacity_order,
        force_new="availability_zones cluster_identifier cluster_identifier_prefix"
        " cluster_scalability_type database_name db_subnet_group_name db_system_id engine"
        " engine_mode kms_key_id master_username restore_to_point_in_time s3_import"
        " snapshot_identifier source_region storage_encrypted",
        arguments={
            "copy_tags_to_snapshot": False,
            "delete_automated_backups": True,
            "enable_global_write_forwarding": False,
            "enable_http_endpoint": False,
            "enable_local_write_forwarding": False,
            "engine_mode": "provisioned",
            "skip_final_snapshot": False,
        },
        recomputed={
            "engine_version_actual": "engine_version",
            "master_user_secret": "manage_master_user_password master_user_secret_kms_key_id",
        },
        after_destroy=_forget_master,
        import_="cluster_identifier",
    ),
    "aws_rds_cluster_instance": resource(
        _cluster_instance,
        at("identifier", *_identifier),
        conflicts("identifier", "identifier_prefix"),
        at("engine", one_of(*_CLUSTER_ENGINES)),
        at("instance_class", matches(r"db\.[a-z0-9-]+(\.[a-z0-9-]+)?", "a class: db.serverless …")),
        at("monitoring_interval", _MONITORING),
        at("monitoring_role_arn", arn("iam")),
        at("promotion_tier", between(0, 15)),
        at("performance_insights_kms_key_id", arn("kms")),
        at("preferred_backup_window", _DAILY_WINDOW),
        at("preferred_maintenance_window", _weekly_window),
        force_new="availability_zone cluster_identifier custom_iam_instance_profile"
        " db_subnet_group_name engine identifier identifier_prefix"
        " performance_insights_kms_key_id",
        arguments={
            "auto_minor_version_upgrade": True,
            "copy_tags_to_snapshot": False,
            "force_destroy": False,
            "monitoring_interval": 0,
            "promotion_tier": 0,
        },
        recomputed={"engine_version_actual": "engine_version"},
        import_="identifier",
    ),
    "aws_db_instance": resource(
        _instance,
        at("identifier", *_identifier),
        conflicts("identifier", "identifier_prefix"),
        at("instance_class", matches(r"db\.[a-z0-9-]+(\.[a-z0-9-]+)?", "a class: db.t4g.micro …")),
        at("monitoring_interval", _MONITORING),
        at("backup_retention_period", between(0, 35)),
        at("storage_type", one_of("standard", "gp2", "gp3", "io1", "io2")),
        conflicts("manage_master_user_password", "password", "password_wo"),
        force_new="availability_zone character_set_name custom_iam_instance_profile db_name engine"
        " identifier identifier_prefix kms_key_id nchar_character_set_name snapshot_identifier"
        " storage_encrypted timezone username",
        arguments={
            "auto_minor_version_upgrade": True,
            "copy_tags_to_snapshot": False,
            "delete_automated_backups": True,
            "monitoring_interval": 0,
            "publicly_accessible": False,
            "skip_final_snapshot": False,
        },
        after_destroy=_forget_master,
    ),
    "aws_db_subnet_group": resource(
        _subnet_group,
        at("name", *_group_name),
        at("name_prefix", length(1, 229)),
        conflicts("name", "name_prefix"),
        whole("subnet_ids", length(1, 20)),
        force_new="name name_prefix",
        arguments={"description": "Managed by Terraform"},
        import_="name",
    ),
    "aws_rds_cluster_parameter_group": _parameter_group("cluster-pg"),
    "aws_db_parameter_group": _parameter_group("pg"),
    "aws_rds_cluster_role_association": resource(
        lambda mint: {"id": f"{mint.given('db_cluster_identifier')},{mint.given('role_arn')}"},
        at("role_arn", arn("iam")),
        force_new="db_cluster_identifier feature_name role_arn",
    ),
    "aws_rds_cluster_endpoint": resource(
        lambda mint: {
            "id": mint.given("cluster_endpoint_identifier"),
            "arn": mint.arn("rds", f"cluster-endpoint:{mint.given('cluster_endpoint_identifier')}"),
            "endpoint": f"{mint.given('cluster_endpoint_identifier')}.cluster-custom-"
            + database_domain(mint),
        },
        at("custom_endpoint_type", one_of("READER", "ANY")),
        force_new="cluster_endpoint_identifier cluster_identifier",
    ),
    "aws_db_event_subscription": resource(
        lambda mint: {
            "id": mint.name(),
            "arn": mint.arn("rds", f"es:{mint.name()}"),
            "name": mint.name(),
            "name_prefix": mint.given("name_prefix") or "",
            "customer_aws_id": mint.account,
        },
        at("sns_topic", arn("sns")),
        at("source_type", one_of(*_EVENT_SOURCES)),
        force_new="name name_prefix",
        arguments={"enabled": True},
    ),
}
