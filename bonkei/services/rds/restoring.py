"""RDS's calls that restore a cluster beside another, exchange their names, and keep snapshots.

Amazon RDS API Reference: RestoreDBClusterToPointInTime, RestoreDBClusterFromSnapshot,
CreateDBInstance, ModifyDBCluster, ModifyDBInstance, DeleteDBInstance, DeleteDBCluster.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.services.rds.estate import Servers
from bonkei.services.rds.naming import (
    at_once,
    clusters,
    find_cluster,
    find_snapshot,
    named,
    near,
    require_identifier,
    require_known,
    take_snapshot,
    wrong,
)
from bonkei.services.rds.storage import Storage

Json = Mapping[str, Any]
Describe = Callable[[DatabaseCluster], Json]
Window = Callable[[DatabaseCluster], "tuple[float, float] | None"]
"""The first and the last second to which a cluster can be restored."""

_RESTORES = frozenset((
    "BackupRetentionPeriod", "CopyTagsToSnapshot", "DBClusterIdentifier",
    "DBClusterParameterGroupName", "DBSubnetGroupName", "DeletionProtection",
    "EnableIAMDatabaseAuthentication", "Engine", "EngineVersion", "KmsKeyId", "Port",
    "RestoreToTime", "RestoreType", "ServerlessV2ScalingConfiguration", "SnapshotIdentifier",
    "SourceDBClusterIdentifier", "Tags", "UseLatestRestorableTime", "VpcSecurityGroupIds",
))  # fmt: skip
_MODIFIES = frozenset((
    "ApplyImmediately", "DBClusterIdentifier", "DeletionProtection", "ManageMasterUserPassword",
    "MasterUserSecretKmsKeyId", "NewDBClusterIdentifier", "RotateMasterUserPassword",
))  # fmt: skip
_CREATES = frozenset((
    "DBClusterIdentifier", "DBInstanceClass", "DBInstanceIdentifier", "DBParameterGroupName",
    "Engine", "Tags", "PromotionTier", "PubliclyAccessible",
))  # fmt: skip


class Restoring:
    """`describe` makes the answer for a cluster, `describe_instance` for one of its instances."""

    def __init__(
        self,
        servers: Servers,
        window: Window,
        describe: Describe,
        describe_instance: Callable[[DatabaseInstance, DatabaseCluster], Json],
    ) -> None:
        self._servers = servers
        self._window = window
        self._describe = describe
        self._describe_instance = describe_instance

    def _find_instance(self, wanted: str) -> tuple[DatabaseInstance, DatabaseCluster]:
        for cluster in clusters(self._servers):
            for one in cluster.instances:
                if wanted in (one.identifier, one.arn):
                    return one, cluster
        raise AwsServiceError("DBInstanceNotFoundFault", f"DBInstance {wanted} not found.")

    # Restores.

    async def restore_db_cluster_to_point_in_time(self, call: AwsCall) -> Json:
        given = call.parameters
        source = find_cluster(self._servers, given.get("SourceDBClusterIdentifier", ""))
        restored = self._restored(given, source)
        moment, latest = given.get("RestoreToTime"), given.get("UseLatestRestorableTime")
        if (moment is None) is not bool(latest):
            raise wrong("Give either RestoreToTime or UseLatestRestorableTime.")
        if given.get("RestoreType", "full-copy") != "full-copy":
            raise wrong("The miniature restores with the RestoreType full-copy only.")
        at = moment.timestamp() if moment is not None else None
        window = self._window(source)
        if window is None or (at is not None and not window[0] <= at <= window[1]):
            first, last = map(_time, window or (0, 0))
            known = f"from {first} to {last}" if window else "only after its first backup"
            raise AwsServiceError(
                "InvalidRestoreFault", f"{source.identifier} can be restored {known}."
            )
        return await self._put(
            restored,
            source,
            lambda files: files.restore(source.identifier, restored.identifier, at),
        )

    async def restore_db_cluster_from_snapshot(self, call: AwsCall) -> Json:
        given = call.parameters
        snapshot = find_snapshot(self._servers, given["SnapshotIdentifier"])
        restored = self._restored(given, snapshot.cluster)
        return await self._put(
            restored,
            snapshot.cluster,
            lambda files: files.restore_snapshot(snapshot.identifier, restored.identifier),
        )

    async def _put(
        self, restored: DatabaseCluster, source: DatabaseCluster, change: Callable[[Storage], None]
    ) -> Json:
        self._servers.share_password(source, restored)
        await self._servers.become(lambda estate: estate.put(restored), change)
        return {"DBCluster": self._describe(restored)}

    def _restored(self, given: Json, source: DatabaseCluster) -> DatabaseCluster:
        """The new cluster. What is not given is RDS's usual value, not the source's."""
        require_known(given, _RESTORES)
        identifier = str(given["DBClusterIdentifier"]).lower()
        self._is_free(identifier)
        scaling = given.get("ServerlessV2ScalingConfiguration", {})
        group = given.get("DBClusterParameterGroupName")
        return replace(
            named(source, identifier),
            address=f"{identifier} (restored)",
            master_secret_arn="",
            master_secret_kms_key_id="",
            parameters=source.parameters if group else (),
            instances=(),
            log_exports=(),
            port=given.get("Port", source.port),
            serverless_max_capacity=float(scaling.get("MaxCapacity", 0)),
            security_group_ids=tuple(given.get("VpcSecurityGroupIds", ())),
            kms_key_id=given.get("KmsKeyId", source.kms_key_id),
            resource_id=f"cluster-{secrets.token_hex(13).upper()}",
            takes_tokens=given.get("EnableIAMDatabaseAuthentication", False),
            backup_retention_days=given.get("BackupRetentionPeriod", source.backup_retention_days),
            deletion_protection=given.get("DeletionProtection", False),
        )

    def _is_free(self, identifier: str) -> None:
        require_identifier(identifier)
        every = self._servers.estate.over(self._servers.declared)  # each has a folder
        if any(one.identifier == identifier for one in every):
            raise AwsServiceError("DBClusterAlreadyExistsFault", "DB Cluster already exists")

    # Instances.

    async def create_db_instance(self, call: AwsCall) -> Json:
        given = call.parameters
        require_known(given, _CREATES)
        cluster = self._made_here(given.get("DBClusterIdentifier", ""))
        identifier = str(given["DBInstanceIdentifier"]).lower()
        self._is_free_instance(identifier)
        if given.get("Engine") != cluster.engine:
            raise wrong(f"The engine of {cluster.identifier} is {cluster.engine}.")
        if given["DBInstanceClass"] == "db.serverless" and not cluster.serverless_max_capacity:
            raise AwsServiceError(
                "InvalidDBClusterStateFault",
                "Set the Serverless v2 scaling configuration on the parent DB cluster before"
                " creating a Serverless v2 DB instance.",
            )
        domain = cluster.endpoint.partition(".cluster-")[2]
        made = DatabaseInstance(
            address=f"{identifier} (restored)",
            arn=near(cluster, f"db:{identifier}"),
            identifier=identifier,
            instance_class=given["DBInstanceClass"],
            endpoint=f"{identifier}.{domain}",
        )
        return await self._with_instances(cluster, (*cluster.instances, made), made)

    async def modify_db_instance(self, call: AwsCall) -> Json:
        given = call.parameters
        require_known(
            given, {"DBInstanceIdentifier", "NewDBInstanceIdentifier", "ApplyImmediately"}
        )
        one, cluster = self._find_instance(given["DBInstanceIdentifier"])
        name = at_once(given, "NewDBInstanceIdentifier")
        self._is_free_instance(name)
        domain = one.endpoint.partition(".")[2]
        arn = near(cluster, f"db:{name}")
        after = replace(one, identifier=name, arn=arn, endpoint=f"{name}.{domain}")
        instances = tuple(after if each == one else each for each in cluster.instances)
        return await self._with_instances(cluster, instances, after)

    async def delete_db_instance(self, call: AwsCall) -> Json:
        one, _ = self._find_instance(call.parameters["DBInstanceIdentifier"])
        cluster = next(each for each in clusters(self._servers) if one in each.instances)
        self._made_here(cluster.identifier)
        others = tuple(each for each in cluster.instances if each != one)
        return await self._with_instances(cluster, others, one)

    async def _with_instances(
        self,
        cluster: DatabaseCluster,
        instances: tuple[DatabaseInstance, ...],
        answered: DatabaseInstance,
    ) -> Json:
        after = replace(cluster, instances=instances)
        await self._servers.become(lambda estate: estate.put(after))
        return {"DBInstance": self._describe_instance(answered, after)}

    def _is_free_instance(self, identifier: str) -> None:
        require_identifier(identifier)
        every = self._servers.estate.over(self._servers.declared)
        if any(one.identifier == identifier for each in every for one in each.instances):
            raise AwsServiceError("DBInstanceAlreadyExistsFault", "DB instance already exists")

    # Clusters.

    async def modify_db_cluster(self, call: AwsCall) -> Json:
        given = call.parameters
        cluster = find_cluster(self._servers, given["DBClusterIdentifier"])
        require_known(given, _MODIFIES)
        if set(given) - {"DBClusterIdentifier", "ApplyImmediately"} == {"NewDBClusterIdentifier"}:
            return await self._rename(cluster, at_once(given, "NewDBClusterIdentifier").lower())
        if given.get("RotateMasterUserPassword") is not None:
            return await self._rotate(given, cluster)
        after = self._made_here(cluster.identifier)
        if "DeletionProtection" in given:
            after = replace(after, deletion_protection=given["DeletionProtection"])
        if given.get("ManageMasterUserPassword"):
            name = f"secret:rds!cluster-{uuid4()}-{secrets.token_hex(3)}"
            after = replace(
                after,
                master_secret_arn=near(after, name, "secretsmanager"),
                master_secret_kms_key_id=given.get("MasterUserSecretKmsKeyId", ""),
            )
        await self._servers.become(lambda estate: estate.put(after))
        return {"DBCluster": self._describe(after)}

    async def _rename(self, cluster: DatabaseCluster, name: str) -> Json:
        self._is_free(name)
        before = cluster.identifier
        after = named(cluster, name)
        self._servers.share_password(cluster, after)
        await self._servers.become(
            lambda estate: estate.put(after, before), lambda files: files.rename(before, name)
        )
        return {"DBCluster": self._describe(after)}

    async def _rotate(self, given: Json, cluster: DatabaseCluster) -> Json:
        """ "You must apply the change immediately when rotating the master user password"."""
        if not given["RotateMasterUserPassword"] or not given.get("ApplyImmediately"):
            raise wrong("RotateMasterUserPassword has to be asked for with ApplyImmediately.")
        if not cluster.master_secret_arn:
            raise wrong("The master user's password is not managed in Secrets Manager.")
        await self._servers.rotate(cluster.identifier)
        return {"DBCluster": self._describe(cluster)}

    async def delete_db_cluster(self, call: AwsCall) -> Json:
        given = call.parameters
        require_known(
            given, {"DBClusterIdentifier", "SkipFinalSnapshot", "FinalDBSnapshotIdentifier"}
        )
        cluster = self._made_here(
            find_cluster(self._servers, given["DBClusterIdentifier"]).identifier
        )
        if cluster.deletion_protection:
            raise wrong(
                "Cannot delete protected Cluster, please disable deletion protection and try again."
            )
        if cluster.instances:
            raise AwsServiceError(
                "InvalidDBClusterStateFault",
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
            )
        last = given.get("FinalDBSnapshotIdentifier")
        if bool(last) is bool(given.get("SkipFinalSnapshot")):
            raise wrong("Give either FinalDBSnapshotIdentifier or SkipFinalSnapshot.")
        if last:
            await take_snapshot(self._servers, cluster, last.lower(), call.time)
        await self._servers.become(
            lambda estate: estate.without(cluster.identifier),
            lambda files: files.remove(cluster.identifier),
        )
        return {"DBCluster": self._describe(cluster)}

    def _made_here(self, identifier: str) -> DatabaseCluster:
        """A cluster that is not of the definitions. Raises AwsServiceError."""
        cluster = find_cluster(self._servers, identifier)
        if cluster not in self._servers.estate.clusters:
            raise wrong(f"The miniature changes {identifier} by its definitions only.")
        return cluster


def _time(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
