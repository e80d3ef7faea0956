"""An RDS database cluster (Aurora PostgreSQL)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseInstance:
    address: str
    arn: str
    identifier: str
    instance_class: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseCluster:
    """`parameters` are the cluster parameter group's; `master_secret_arn` when RDS manages it."""

    address: str
    arn: str
    identifier: str
    engine: str
    engine_version: str
    endpoint: str
    reader_endpoint: str
    port: int
    database_name: str
    master_username: str
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
