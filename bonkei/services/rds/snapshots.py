"""RDS's calls about manual snapshots of clusters (Amazon RDS API Reference)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.services.rds.estate import Servers, Snapshot
from bonkei.services.rds.naming import (
    find_cluster,
    find_snapshot,
    require_free,
    snapshot_arn,
    take_snapshot,
)

Json = Mapping[str, Any]


class Snapshots:
    """Those of the clusters in `servers`."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    async def create_db_cluster_snapshot(self, call: AwsCall) -> Json:
        cluster = find_cluster(self._servers, call.parameters["DBClusterIdentifier"])
        name = call.parameters["DBClusterSnapshotIdentifier"].lower()
        made = await take_snapshot(self._servers, cluster, name, call.time)
        return {"DBClusterSnapshot": _described(made)}

    async def copy_db_cluster_snapshot(self, call: AwsCall) -> Json:
        given = call.parameters
        source = find_snapshot(self._servers, given["SourceDBClusterSnapshotIdentifier"])
        name = given["TargetDBClusterSnapshotIdentifier"].lower()
        require_free(self._servers, name)
        copy = replace(
            source,
            identifier=name,
            arn=snapshot_arn(source.cluster, name),
            kms_key_id=given.get("KmsKeyId", source.kms_key_id),
            source=source.arn,
        )
        await self._servers.become(
            lambda estate: estate.keep(copy),
            lambda files: files.copy_snapshot(source.identifier, name),
        )
        return {"DBClusterSnapshot": _described(copy)}

    async def delete_db_cluster_snapshot(self, call: AwsCall) -> Json:
        gone = find_snapshot(self._servers, call.parameters["DBClusterSnapshotIdentifier"])
        await self._servers.become(
            lambda estate: estate.drop(gone),
            lambda files: files.remove_snapshot(gone.identifier),
        )
        return {"DBClusterSnapshot": {**_described(gone), "Status": "deleted"}}

    async def describe_db_cluster_snapshots(self, call: AwsCall) -> Json:
        given, found = call.parameters, self._servers.estate.snapshots
        if others := {"Filters", "IncludeShared", "IncludePublic"} & {*given}:
            raise AwsServiceError(
                "InvalidParameterValue", f"The miniature does not know {', '.join(others)} here."
            )
        if name := given.get("DBClusterSnapshotIdentifier"):
            found = (find_snapshot(self._servers, name),)
        if cluster := given.get("DBClusterIdentifier"):
            found = tuple(
                one for one in found if cluster in (one.cluster.identifier, one.cluster.arn)
            )
        if given.get("SnapshotType", "manual") != "manual":
            found = ()  # automated backups are not snapshots here
        return {"DBClusterSnapshots": [_described(one) for one in found]}


def _described(one: Snapshot) -> Json:
    return {
        "DBClusterSnapshotIdentifier": one.identifier,
        "DBClusterSnapshotArn": one.arn,
        "DBClusterIdentifier": one.cluster.identifier,
        "DbClusterResourceId": one.cluster.resource_id or None,
        "SnapshotCreateTime": one.created,
        "SnapshotType": "manual",
        "Status": "available",
        "PercentProgress": 100,
        "Engine": one.cluster.engine,
        "EngineVersion": one.cluster.engine_version,
        "MasterUsername": one.cluster.master_username,
        "Port": one.cluster.port,
        "StorageEncrypted": one.cluster.encrypted,
        "KmsKeyId": one.kms_key_id or None,
        "IAMDatabaseAuthenticationEnabled": one.cluster.takes_tokens,
        "SourceDBClusterSnapshotArn": one.source or None,
    }
