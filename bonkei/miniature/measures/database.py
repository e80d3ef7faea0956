"""RDS: a cluster's real PostgreSQL against the capacity that the definitions declare.

"Amazon CloudWatch metrics for Amazon Aurora",
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import psutil

from bonkei.blueprint import Blueprint
from bonkei.blueprint.database import DatabaseCluster
from bonkei.database import DatabaseSnapshot
from bonkei.monitor.metric.model import Datum, datum, metric_id

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
_GIB = 1024**3
_ACU_MEMORY = 2 * _GIB  # "Aurora Serverless v2 capacity": an ACU has 2 GiB
_ACU_CPUS = 0.25
_SMALLEST_ACU = 0.5
_CLASS = re.compile(r"db\.([a-z]+)\w*\.(\w+)")
# "Hardware specifications for DB instance classes": vCPUs, and GiB of memory for each.
_SIZES = {"micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4}
_SMALL_MEMORY = {"micro": 1, "small": 2, "medium": 4}
_PER_CPU = {"r": 8, "x": 16, "m": 4, "t": 4, "c": 2}
# The title that PostgreSQL gives a client's process: `postgres: user database host(port) state`.
_CLIENT = re.compile(r"^postgres: \S+ \S+ (\[local\]|[0-9a-f.:]+\(\d+\))")


def capacity(cluster: DatabaseCluster) -> tuple[float, float]:
    """vCPUs and bytes of memory of one instance; zeros where the class is not known."""
    if cluster.serverless_max_capacity:
        acu = cluster.serverless_max_capacity
        return acu * _ACU_CPUS, acu * _ACU_MEMORY
    for instance in cluster.instances:
        found = _CLASS.match(instance.instance_class)
        if found is None:
            continue
        family, size = found[1][0], found[2]
        if size in _SIZES:
            cpus = _SIZES[size]
        elif size.endswith("xlarge") and size[:-6].isdigit():
            cpus = 4 * int(size[:-6])
        else:
            continue
        memory = _SMALL_MEMORY.get(size) or cpus * _PER_CPU.get(family, 0)
        return float(cpus), float(memory * _GIB)
    return 0.0, 0.0


def measure_databases(
    blueprint: Blueprint, databases: list[DatabaseSnapshot], now: float
) -> Iterator[Datum]:
    """Of each cluster that runs here, as its only instance and as the cluster."""
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
        wanted = max(state.cpu_percent / 100 / _ACU_CPUS, state.memory / _ACU_MEMORY)
        acu = min(most, max(_SMALLEST_ACU, round(wanted * 2) / 2))
        found["ServerlessDatabaseCapacity"] = (acu, "Count")
        found["ACUUtilization"] = (100 * acu / most, "Percent")
    return found


def connections(pid: int) -> int:
    """Clients' processes of a postmaster, by the titles that PostgreSQL gives them."""
    count = 0
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return 0
    for child in children:
        try:
            title = " ".join(child.cmdline())
        except psutil.Error:
            continue
        count += _CLIENT.match(title) is not None
    return count
