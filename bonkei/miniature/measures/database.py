"""RDS: the use of a cluster's real PostgreSQL, relative to the declared capacity.

"Amazon CloudWatch metrics for Amazon Aurora",
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import psutil

from bonkei.base.processes import family
from bonkei.blueprint import Blueprint
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id
from bonkei.services.rds.size import ACU_CPUS, ACU_MEMORY, capacity
from bonkei.services.rds.snapshot import DatabaseSnapshot

NAMES = frozenset(
    ("AWS/RDS", name)
    for name in (
        "ACUUtilization",
        "CPUUtilization",
        "DatabaseConnections",
        "FreeableMemory",
        "ServerlessDatabaseCapacity",
    )
)
_SMALLEST_ACU = 0.5
# PostgreSQL's title of a client's process: `postgres: user database host(port) state`.
_CLIENT = re.compile(r"^postgres: \S+ \S+ (\[local\]|[0-9a-f.:]+\(\d+\))")


def measure_databases(
    blueprint: Blueprint, databases: list[DatabaseSnapshot], now: float
) -> Iterator[Datum]:
    """The metrics of each cluster that runs here, both as its only instance and as the cluster."""
    clusters = {cluster.identifier: cluster for cluster in blueprint.database_clusters}
    for state in databases:
        cluster = clusters.get(state.identifier)
        if cluster is None or state.pid is None:
            continue
        found = _values(cluster, state)
        instances = [{"DBInstanceIdentifier": one.identifier} for one in cluster.instances[:1]]
        for dimensions in ({"DBClusterIdentifier": cluster.identifier}, *instances):
            for name, (value, unit) in found.items():
                yield datum(metric_id("AWS/RDS", name, dimensions), now, value, unit)


def _values(cluster: DatabaseCluster, state: DatabaseSnapshot) -> dict[str, tuple[float, str]]:
    cpus, memory = capacity(cluster)
    found = {"DatabaseConnections": (float(connections(state.pid or 0)), "Count")}
    if not cpus or not memory:
        return found
    used = min(100.0, state.cpu_percent / cpus)
    found["CPUUtilization"] = (used, "Percent")
    found["FreeableMemory"] = (max(0.0, memory - state.memory), "Bytes")
    if most := cluster.serverless_max_capacity:
        wanted = max(state.cpu_percent / 100 / ACU_CPUS, state.memory / ACU_MEMORY)
        acu = min(most, max(_SMALLEST_ACU, round(wanted * 2) / 2))
        found["ServerlessDatabaseCapacity"] = (acu, "Count")
        found["ACUUtilization"] = (100 * acu / most, "Percent")
    return found


def connections(pid: int) -> int:
    """The client processes of a postmaster, found by PostgreSQL's process titles."""
    count = 0
    for child in family(pid)[1:]:
        try:
            title = " ".join(child.cmdline())
        except psutil.Error:
            continue
        count += _CLIENT.match(title) is not None
    return count
