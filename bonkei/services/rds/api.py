"""Amazon RDS: clusters and instances as declared, their server's state, and a new password.

An endpoint is the server's address here, so a program can connect to it. Source: the Amazon RDS
API Reference. It calls the omitted fields of a description optional.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.base.errors import BonkeiError
from bonkei.base.paging import page
from bonkei.blueprint import Blueprint
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """`status` is RDS's. `host` and `port` are those on this machine."""

    status: str
    host: str
    port: int


States = Callable[[], Mapping[str, DatabaseState]]
"""The states by the identifier of the cluster, or of an instance without a cluster."""


Rotate = Callable[[str], Awaitable[None]]
"""Gives the master user of a cluster a new password. The argument is the cluster's identifier.
Raises BonkeiError."""
_ROTATES = {"DBClusterIdentifier", "RotateMasterUserPassword", "ApplyImmediately"}


async def _not_rotated(_identifier: str) -> None:
    raise AwsServiceError("InvalidDBClusterStateFault", "The cluster does not run.")


def service(
    blueprint: Callable[[], Blueprint], states: States, rotate: Rotate = _not_rotated
) -> AwsService:
    """The service, for the applied definitions."""

    async def clusters(call: AwsCall) -> Json:
        wanted = call.parameters.get("DBClusterIdentifier")
        known = [one for one in blueprint().database_clusters if _is_cluster(one)]
        found = [one for one in known if wanted in (None, one.identifier, one.arn)]
        if wanted and not found:
            raise AwsServiceError("DBClusterNotFoundFault", f"DBCluster {wanted} not found.")
        identifiers = _filters(call, {"db-cluster-id", "engine"})
        found = [one for one in found if _fits(one, identifiers)]
        described = (_cluster(one, states().get(one.identifier)) for one in found)
        return _page(call, "DBClusters", described)

    async def instances(call: AwsCall) -> Json:
        wanted = call.parameters.get("DBInstanceIdentifier")
        known = list(_instances(blueprint()))
        found = [pair for pair in known if wanted in (None, pair[0].identifier, pair[0].arn)]
        if wanted and not found:
            raise AwsServiceError("DBInstanceNotFoundFault", f"DBInstance {wanted} not found.")
        asked = _filters(call, {"db-cluster-id", "db-instance-id", "engine"})
        found = [
            (one, of)
            for one, of in found
            if _fits(of, {k: v for k, v in asked.items() if k != "db-instance-id"})
            and _is_listed(asked.get("db-instance-id"), one.identifier, one.arn)
        ]
        described = (_instance(one, of, states().get(of.identifier)) for one, of in found)
        return _page(call, "DBInstances", described)

    async def tags(call: AwsCall) -> Json:
        name, known = call.parameters["ResourceName"], blueprint()
        arns = {one.arn for one in known.database_clusters}
        if name not in arns | {one.arn for one, _ in _instances(known)}:
            raise AwsServiceError("DBInstanceNotFoundFault", f"{name} not found.")
        found = known.tags.get(name, {})
        return {"TagList": [{"Key": key, "Value": value} for key, value in found.items()]}

    return Operations(
        {
            "DescribeDBClusters": clusters,
            "DescribeDBInstances": instances,
            "ListTagsForResource": tags,
            "ModifyDBCluster": partial(_modify, blueprint, states, rotate),
        }
    )


def _is_cluster(one: DatabaseCluster) -> bool:
    """The blueprint represents an instance without a cluster as a cluster of one."""
    return ":cluster:" in one.arn


async def _modify(
    blueprint: Callable[[], Blueprint], states: States, rotate: Rotate, call: AwsCall
) -> Json:
    """Only a rotation is possible. "You must apply the change immediately when rotating the master
    user password" (ModifyDBCluster, RotateMasterUserPassword)."""
    given, wanted = call.parameters, call.parameters["DBClusterIdentifier"]
    known = [one for one in blueprint().database_clusters if _is_cluster(one)]
    found = next((one for one in known if wanted in (one.identifier, one.arn)), None)
    if found is None:
        raise AwsServiceError("DBClusterNotFoundFault", f"DBCluster {wanted} not found.")
    if others := sorted(set(given) - _ROTATES):
        raise _wrong(f"The miniature does not change {', '.join(others)}: Terraform does.")
    if not given.get("RotateMasterUserPassword") or not given.get("ApplyImmediately"):
        raise _wrong("RotateMasterUserPassword has to be asked for with ApplyImmediately.")
    if not found.master_secret_arn:
        raise _wrong("The master user's password is not managed in Secrets Manager.")
    try:
        await rotate(found.identifier)
    except BonkeiError as error:
        raise AwsServiceError("InvalidDBClusterStateFault", error.message) from None
    return {"DBCluster": _cluster(found, states().get(found.identifier))}


def _wrong(message: str) -> AwsServiceError:
    return AwsServiceError("InvalidParameterCombination", message)


def _instances(known: Blueprint) -> Iterator[tuple[DatabaseInstance, DatabaseCluster]]:
    return ((one, of) for of in known.database_clusters for one in of.instances)


def _filters(call: AwsCall, known: set[str]) -> Mapping[str, list[str]]:
    found = {one["Name"]: one["Values"] for one in call.parameters.get("Filters", ())}
    if others := sorted(set(found) - known):
        raise AwsServiceError(
            "InvalidParameterValue", f"The miniature does not filter by {', '.join(others)}."
        )
    return found


def _fits(one: DatabaseCluster, filters: Mapping[str, list[str]]) -> bool:
    return _is_listed(filters.get("db-cluster-id"), one.identifier, one.arn) and _is_listed(
        filters.get("engine"), one.engine
    )


def _is_listed(wanted: Iterable[str] | None, *names: str) -> bool:
    return wanted is None or bool(set(wanted) & set(names))


def _cluster(one: DatabaseCluster, state: DatabaseState | None) -> Json:
    described: dict[str, Any] = {
        "DBClusterArn": one.arn,
        "DBClusterIdentifier": one.identifier,
        "Status": state.status if state else "stopped",
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
        "DBClusterIdentifier": of.identifier if _is_cluster(of) else None,
        "Engine": of.engine,
        "EngineVersion": of.engine_version,
        "DBName": of.database_name or None,
        "MasterUsername": of.master_username,
        "MasterUserSecret": None if _is_cluster(of) else _master_secret(of),
        "Endpoint": {"Address": host, "Port": state.port if state else of.port},
        "StorageEncrypted": of.encrypted,
        "KmsKeyId": of.kms_key_id or None,
        "EnabledCloudwatchLogsExports": list(of.log_exports),
        "VpcSecurityGroups": _groups(of),
    }


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
