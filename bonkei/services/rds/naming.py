"""Clusters and snapshots by their names, and what calls of RDS may say about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.rds import DatabaseCluster, DatabaseInstance
from bonkei.services.rds.estate import Servers, Snapshot

Json = Mapping[str, Any]

REHEARSED = "a rehearsal of a restore"
"""Such a cluster's address: it is removed when the rehearsal ends."""
_LONGEST = 40
_IDENTIFIER = re.compile(r"(?=.{1,63}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")


def clusters(servers: Servers) -> list[DatabaseCluster]:
    """Declared and restored ones, without the instances that have no cluster."""
    return [one for one in servers.estate.over(servers.declared) if is_cluster(one)]


def find_cluster(servers: Servers, wanted: str) -> DatabaseCluster:
    """By its identifier or ARN. Raises AwsServiceError."""
    for one in clusters(servers):
        if wanted in (one.identifier, one.arn):
            return one
    raise AwsServiceError("DBClusterNotFoundFault", f"DBCluster {wanted} not found.")


def rehearsed(source: DatabaseCluster) -> DatabaseCluster:
    """The cluster that a rehearsal restores beside another."""
    name = f"{source.identifier[:_LONGEST].rstrip('-')}-rehearsal"
    made = replace(named(source, name), address=REHEARSED, master_secret_arn="", takes_tokens=False)
    instance = DatabaseInstance(REHEARSED, near(made, f"db:{name}-1"), f"{name}-1", "db.r8g.large")
    return replace(made, instances=(instance,), log_exports=(), deletion_protection=False)


async def take_snapshot(
    servers: Servers, cluster: DatabaseCluster, identifier: str, now: float
) -> Snapshot:
    """A new manual snapshot. Raises AwsServiceError."""
    snapshot = Snapshot(
        identifier, snapshot_arn(cluster, identifier), cluster, now, cluster.kms_key_id
    )
    require_free(servers, identifier)
    await servers.take_snapshot(snapshot)
    return snapshot


def find_snapshot(servers: Servers, wanted: str) -> Snapshot:
    """By its identifier or ARN. Raises AwsServiceError."""
    for one in servers.estate.snapshots:
        if wanted in (one.identifier, one.arn):
            return one
    raise AwsServiceError(
        "DBClusterSnapshotNotFoundFault", f"DBClusterSnapshot {wanted} not found."
    )


def require_free(servers: Servers, identifier: str) -> None:
    require_identifier(identifier)
    if any(one.identifier == identifier for one in servers.estate.snapshots):
        raise AwsServiceError(
            "DBClusterSnapshotAlreadyExistsFault",
            f"Cannot create the cluster snapshot because one with the identifier {identifier}"
            " already exists.",
        )


def snapshot_arn(cluster: DatabaseCluster, identifier: str) -> str:
    return near(cluster, f"cluster-snapshot:{identifier}")


def require_identifier(text: str) -> None:
    """It names a folder, too. Raises AwsServiceError."""
    if not _IDENTIFIER.fullmatch(text):
        raise AwsServiceError(
            "InvalidParameterValue",
            f"{text} is not a valid identifier. Identifiers must begin with a letter; must contain"
            " only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain"
            " two consecutive hyphens.",
        )


def is_cluster(one: DatabaseCluster) -> bool:
    """The blueprint represents an instance without a cluster as a cluster of one."""
    return ":cluster:" in one.arn


def wrong(message: str) -> AwsServiceError:
    return AwsServiceError("InvalidParameterCombination", message)


def require_known(given: Json, known: frozenset[str] | set[str]) -> None:
    if others := sorted(set(given) - known):
        raise wrong(f"The miniature does not change {', '.join(others)}: Terraform does.")


def at_once(given: Json, name: str) -> str:
    if not given.get(name) or not given.get("ApplyImmediately"):
        raise wrong(f"Here a change needs {name}, and ApplyImmediately: there is no window.")
    return str(given[name]).lower()


def named(cluster: DatabaseCluster, identifier: str) -> DatabaseCluster:
    domain = cluster.endpoint.partition(".cluster-")[2]
    return replace(
        cluster,
        identifier=identifier,
        arn=near(cluster, f"cluster:{identifier}"),
        endpoint=f"{identifier}.cluster-{domain}",
        reader_endpoint=f"{identifier}.cluster-ro-{domain}",
    )


def near(cluster: DatabaseCluster, resource: str, service: str = "rds") -> str:
    """The ARN of a resource in the cluster's region and account."""
    place = Arn.of(cluster.arn)
    return f"arn:{place.partition}:{service}:{place.region}:{place.account}:{resource}"
