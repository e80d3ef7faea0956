"""An RDS database cluster (Aurora PostgreSQL).

Read from aws_rds_cluster with its instances and parameter groups, and aws_db_instance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bonkei.blueprint.coverage import Gaps
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block


@dataclass(frozen=True, slots=True)
class DatabaseInstance:
    address: str
    arn: str
    identifier: str
    instance_class: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseCluster:
    """A database cluster. `parameters` are those of the cluster parameter group, overridden by the
    instance's. `master_secret_arn` is set if RDS manages the secret."""

    address: str
    arn: str
    identifier: str
    engine: str
    engine_version: str
    endpoint: str
    reader_endpoint: str = ""
    port: int = 5432
    database_name: str = ""
    master_username: str = ""
    master_secret_arn: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    instances: tuple[DatabaseInstance, ...] = ()
    log_exports: tuple[str, ...] = ()
    serverless_max_capacity: float = 0.0  # ACU; 0 when provisioned
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    encrypted: bool = False
    kms_key_id: str = ""
    master_secret_kms_key_id: str = ""
    resource_id: str = ""
    takes_tokens: bool = False  # of IAM
    backup_retention_days: int = 1
    deletion_protection: bool = False


_POSTGRESQL = ("aurora-postgresql", "postgres")


def read_database_clusters(state: State, gaps: Gaps) -> tuple[DatabaseCluster, ...]:
    """Every PostgreSQL: clusters, and single instances as clusters of one."""
    return tuple(
        sorted((*_clusters(state, gaps), *_instances(state, gaps)), key=lambda c: c.address)
    )


def _clusters(state: State, gaps: Gaps) -> Iterator[DatabaseCluster]:
    for block in state.managed("aws_rds_cluster"):
        if _is_postgresql(block, gaps):
            yield _cluster(block, state, gaps)


def _is_postgresql(block: Resource, gaps: Gaps) -> bool:
    engine = block.text("engine")
    if engine not in _POSTGRESQL:
        gaps.resource(block, f"engine {engine}: only PostgreSQL runs here")
    return engine in _POSTGRESQL


def _cluster(block: Resource, state: State, gaps: Gaps) -> DatabaseCluster:
    identifier = block.text("cluster_identifier")
    blocks = tuple(
        found
        for found in state.managed("aws_rds_cluster_instance")
        if found.text("cluster_identifier") in (identifier, block.text("id", identifier))
    )
    instances = tuple(found.read(DatabaseInstance) for found in blocks)
    if len(instances) > 1:
        gaps.part(block, "instances", "readers and failover: one PostgreSQL serves all endpoints")
    serverless = block.part("serverlessv2_scaling_configuration")
    return block.read(
        DatabaseCluster,
        identifier=identifier,
        master_secret_arn=_master_secret(block),
        parameters=_cluster_parameters(block, blocks, state),
        instances=instances,
        log_exports=tuple(sorted(block.texts("enabled_cloudwatch_logs_exports"))),
        serverless_max_capacity=serverless.number("max_capacity", 0),
        resource_id=block.text("cluster_resource_id", ""),
        **_placement(block, state),
    )


def _cluster_parameters(
    block: Block, instances: tuple[Resource, ...], state: State
) -> tuple[tuple[str, str], ...]:
    """The cluster's parameters, overridden by those of its first instance.

    "Amazon Aurora PostgreSQL parameters": a parameter of the DB parameter group overrides the one
    of the cluster's group (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/
    USER_WorkingWithParamGroups.html).
    """
    of_cluster = block.text("db_cluster_parameter_group_name", "")
    found = dict(_parameters(of_cluster, state, "aws_rds_cluster_parameter_group"))
    of_instance = instances[0].text("db_parameter_group_name", "") if instances else ""
    of_instance = of_instance or block.text("db_instance_parameter_group_name", "")
    found |= dict(_parameters(of_instance, state, "aws_db_parameter_group"))
    return tuple(sorted(found.items()))


def _instances(state: State, gaps: Gaps) -> Iterator[DatabaseCluster]:
    for block in state.managed("aws_db_instance"):
        if block.has("replicate_source_db"):
            gaps.resource(block, "a read replica: one PostgreSQL serves its source only")
        elif _is_postgresql(block, gaps):
            yield _single_instance(block, state)


def _single_instance(block: Resource, state: State) -> DatabaseCluster:
    host = block.text("address")
    group = block.text("parameter_group_name", "")
    return block.read(
        DatabaseCluster,
        endpoint=host,
        database_name=block.text("db_name", ""),
        master_username=block.text("username", ""),
        master_secret_arn=_master_secret(block),
        parameters=_parameters(group, state, "aws_db_parameter_group"),
        instances=(block.read(DatabaseInstance, endpoint=host),),
        log_exports=tuple(sorted(block.texts("enabled_cloudwatch_logs_exports"))),
        **_placement(block, state),
    )


def _placement(block: Block, state: State) -> dict[str, Any]:
    """Who reaches it, and how. Both resource types have the same arguments."""
    name = block.text("db_subnet_group_name", "")
    group = state.find(name, "name", "aws_db_subnet_group")
    return {
        "subnet_ids": tuple(sorted(group.texts("subnet_ids"))) if group else (),
        "security_group_ids": tuple(sorted(block.texts("vpc_security_group_ids"))),
        "encrypted": block.flag("storage_encrypted"),
        "master_secret_kms_key_id": block.text("master_user_secret_kms_key_id", ""),
        "takes_tokens": block.flag("iam_database_authentication_enabled"),
        "backup_retention_days": block.integer("backup_retention_period", 1),
    }


def _master_secret(block: Block) -> str:
    """The secret that RDS keeps for the master user, if there is one."""
    secrets = block.blocks("master_user_secret")
    return secrets[0].text("secret_arn") if secrets else ""


def _parameters(name: str, state: State, group_type: str) -> tuple[tuple[str, str], ...]:
    """The parameters set in the group. A default group is not in the state, and has none."""
    group = next((g for g in state.managed(group_type) if g.text("name") == name), None)
    if group is None:
        return ()
    return tuple(sorted((p.text("name"), p.text("value")) for p in group.blocks("parameter")))
