"""The size of an instance that the definitions declare. Pure."""

from __future__ import annotations

import re

from bonkei.blueprint.rds import DatabaseCluster

_GIB = 1024**3
ACU_MEMORY = 2 * _GIB
"""An ACU has 2 GiB ("Aurora Serverless v2 capacity", Amazon Aurora User Guide)."""
ACU_CPUS = 0.25
_CLASS = re.compile(r"db\.([a-z]+)\w*\.(\w+)")
# "Hardware specifications for DB instance classes": vCPUs, and GiB of memory for each.
_SIZES = {"micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4}
_SMALL_MEMORY = {"micro": 1, "small": 2, "medium": 4}
_PER_CPU = {"r": 8, "x": 16, "m": 4, "t": 4, "c": 2}
_BYTES_EACH = 9531392
_MOST_ON_AWS = 5000


def capacity(cluster: DatabaseCluster) -> tuple[float, float]:
    """vCPUs and bytes of memory of one instance; zeros if the class is unknown."""
    if cluster.serverless_max_capacity:
        acu = cluster.serverless_max_capacity
        return acu * ACU_CPUS, acu * ACU_MEMORY
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


def connections(cluster: DatabaseCluster) -> int:
    """Aurora's own limit: LEAST({DBInstanceClassMemory/9531392}, 5000); 0 if the class is unknown.
    "Maximum connections to an Aurora PostgreSQL DB instance"."""
    return min(_MOST_ON_AWS, int(capacity(cluster)[1] / _BYTES_EACH))
