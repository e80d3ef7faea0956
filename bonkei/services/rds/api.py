"""Amazon RDS: clusters and instances as declared, their server's state, and what is restored.

An endpoint is the server's address here, so a program can connect to it. Source: the Amazon RDS
API Reference. It calls the omitted fields of a description optional.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.base.errors import BonkeiError
from bonkei.base.paging import page
from bonkei.blueprint import Blueprint
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.services.rds.estate import Servers
from bonkei.services.rds.naming import clusters, find_cluster, is_cluster
from bonkei.services.rds.restoring import Restoring
from bonkei.services.rds.snapshots import Snapshots

Json = Mapping[str, Any]
_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """`status` is RDS's. `host` and `port` are those on this machine. `earliest`: the first second
    to which it can be restored."""

    status: str
    host: str
    port: int
    earliest: int | None = None


States = Callable[[], Mapping[str, DatabaseState]]
"""The states by the identifier of the cluster, or of an instance without a cluster."""


def service(blueprint: Callable[[], Blueprint], states: States, servers: Servers) -> AwsService:
    """The service, for the applied definitions and what calls have made beside them."""
    told = _Descriptions(blueprint, states, servers)
    restoring = Restoring(servers, told.window, told.cluster, told.instance)
    return _Rds.of(told, restoring, Snapshots(servers))


class _Rds(Operations):
    async def answer(self, call: AwsCall) -> Json:
        try:
            return await super().answer(call)
        except AwsServiceError:
            raise
        except BonkeiError as error:
            raise AwsServiceError("InvalidDBClusterStateFault", error.message) from None


class _Descriptions:
    def __init__(
        self, blueprint: Callable[[], Blueprint], states: States, servers: Servers
    ) -> None:
        self._blueprint = blueprint
        self._states = states
        self._servers = servers

    def cluster(self, one: DatabaseCluster) -> Json:
        return _cluster(one, self._states().get(one.identifier))

    def instance(self, one: DatabaseInstance, of: DatabaseCluster) -> Json:
        return _instance(one, of, self._states().get(of.identifier))

    def window(self, one: DatabaseCluster) -> tuple[float, float] | None:
        return _window(one, self._states().get(one.identifier))

    def _known(self) -> tuple[DatabaseCluster, ...]:
        return self._servers.estate.over(self._servers.declared)

    async def describe_db_clusters(self, call: AwsCall) -> Json:
        wanted = call.parameters.get("DBClusterIdentifier")
        found = [find_cluster(self._servers, wanted)] if wanted else clusters(self._servers)
        asked = _filters(call, {"db-cluster-id", "engine"})
        fitting = (self.cluster(one) for one in found if _fits(asked, one))
        return _page(call, "DBClusters", fitting)

    async def describe_db_instances(self, call: AwsCall) -> Json:
        wanted = call.parameters.get("DBInstanceIdentifier")
        found = [
            (one, of)
            for of in self._known()
            for one in of.instances
            if wanted in (None, one.identifier, one.arn)
        ]
        if wanted and not found:
            raise AwsServiceError("DBInstanceNotFoundFault", f"DBInstance {wanted} not found.")
        asked = _filters(call, {"db-cluster-id", "db-instance-id", "engine"})
        found = [
            (one, of)
            for one, of in found
            if _fits(asked, of) and _is_listed(asked.get("db-instance-id"), one.identifier, one.arn)
        ]
        return _page(call, "DBInstances", (self.instance(*pair) for pair in found))

    async def list_tags_for_resource(self, call: AwsCall) -> Json:
        name = call.parameters["ResourceName"]
        known = self._known()
        if all(name not in (of.arn, *(one.arn for one in of.instances)) for of in known):
            raise AwsServiceError("DBInstanceNotFoundFault", f"{name} not found.")
        found = self._blueprint().tags.get(name, {})
        return {"TagList": [{"Key": key, "Value": value} for key, value in found.items()]}


def _window(one: DatabaseCluster, state: DatabaseState | None) -> tuple[float, float] | None:
    if state is None or state.earliest is None:
        return None
    now = int(time.time())
    return max(state.earliest, now - one.backup_retention_days * _DAY), now


def _filters(call: AwsCall, known: set[str]) -> Mapping[str, list[str]]:
    found = {one["Name"]: one["Values"] for one in call.parameters.get("Filters", ())}
    if others := sorted(set(found) - known):
        raise AwsServiceError(
            "InvalidParameterValue", f"The miniature does not filter by {', '.join(others)}."
        )
    return found


def _fits(filters: Mapping[str, list[str]], one: DatabaseCluster) -> bool:
    return _is_listed(filters.get("db-cluster-id"), one.identifier, one.arn) and _is_listed(
        filters.get("engine"), one.engine
    )


def _is_listed(wanted: Iterable[str] | None, *names: str) -> bool:
    return wanted is None or bool(set(wanted) & set(names))


def _cluster(one: DatabaseCluster, state: DatabaseState | None) -> Json:
    described: dict[str, Any] = {
        "DBClusterArn": one.arn,
        "DBClusterIdentifier": one.identifier,
        "Status": _status(one, state),
        "Engine": one.engine,
        "EngineVersion": one.engine_version,
        "Endpoint": state.host if state else one.endpoint,
        "ReaderEndpoint": (state.host if state else one.reader_endpoint) or None,
        "Port": state.port if state else one.port,
        "DatabaseName": one.database_name or None,
        "MasterUsername": one.master_username,
        "MasterUserSecret": _master_secret(one),
        "StorageEncrypted": one.encrypted,
        "KmsKeyId": one.kms_key_id or None,
        "DbClusterResourceId": one.resource_id or None,
        "BackupRetentionPeriod": one.backup_retention_days,
        "DeletionProtection": one.deletion_protection,
        "IAMDatabaseAuthenticationEnabled": one.takes_tokens,
        "EnabledCloudwatchLogsExports": list(one.log_exports),
        "VpcSecurityGroups": _groups(one),
        "DBClusterMembers": [
            {
                "DBInstanceIdentifier": each.identifier,
                "IsClusterWriter": number == 0,
                "PromotionTier": 1,
            }
            for number, each in enumerate(one.instances)
        ],
    }
    if window := _window(one, state):
        described |= dict(
            zip(("EarliestRestorableTime", "LatestRestorableTime"), window, strict=True)
        )
    if one.serverless_max_capacity:
        described["ServerlessV2ScalingConfiguration"] = {"MaxCapacity": one.serverless_max_capacity}
    return described


def _instance(one: DatabaseInstance, of: DatabaseCluster, state: DatabaseState | None) -> Json:
    host = state.host if state else one.endpoint or of.endpoint
    return {
        "DBInstanceArn": one.arn,
        "DBInstanceIdentifier": one.identifier,
        "DBInstanceClass": one.instance_class,
        "DBInstanceStatus": state.status if state else "stopped",
        "DBClusterIdentifier": of.identifier if is_cluster(of) else None,
        "Engine": of.engine,
        "EngineVersion": of.engine_version,
        "DBName": of.database_name or None,
        "MasterUsername": of.master_username,
        "MasterUserSecret": None if is_cluster(of) else _master_secret(of),
        "Endpoint": {"Address": host, "Port": state.port if state else of.port},
        "StorageEncrypted": of.encrypted,
        "KmsKeyId": of.kms_key_id or None,
        "EnabledCloudwatchLogsExports": list(of.log_exports),
        "VpcSecurityGroups": _groups(of),
    }


def _status(one: DatabaseCluster, state: DatabaseState | None) -> str:
    """A cluster without an instance is available, too: its storage is."""
    if state is not None:
        return state.status
    return "stopped" if one.instances else "available"


def _groups(one: DatabaseCluster) -> list[Json]:
    return [{"VpcSecurityGroupId": group, "Status": "active"} for group in one.security_group_ids]


def _master_secret(one: DatabaseCluster) -> Json | None:
    if not one.master_secret_arn:
        return None
    return {
        "SecretArn": one.master_secret_arn,
        "SecretStatus": "active",
        "KmsKeyId": one.master_secret_kms_key_id or None,
    }


def _page(call: AwsCall, name: str, items: Iterable[Json]) -> Json:
    marker, size = call.parameters.get("Marker"), call.parameters.get("MaxRecords", 100)
    if not 20 <= size <= 100:
        raise AwsServiceError(
            "InvalidParameterValue", "Invalid value for MaxRecords: it is between 20 and 100."
        )
    found, token = page(tuple(items), marker, size, "InvalidParameterValue")
    return {name: found, "Marker": token}
