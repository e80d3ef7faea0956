"""Differences between the miniature's server and the declared cluster."""

from __future__ import annotations

from bonkei.blueprint.rds import DatabaseCluster


def differences(cluster: DatabaseCluster, version: int, *, elsewhere: str = "") -> tuple[str, ...]:
    """Each difference in a sentence. `version` is server_version_num. `elsewhere`: the address of a
    user's own server."""
    notes: list[str] = []
    wanted = cluster.engine_version.partition(".")[0]
    major, minor = divmod(version, 10000)
    if wanted.isdecimal() and int(wanted) != major:
        notes.append(
            f"the cluster is PostgreSQL {cluster.engine_version}, the server here {major}.{minor}"
        )
    if not elsewhere:
        notes.append("text is sorted by code point (C.UTF-8); Aurora sorts it by en_US.UTF-8")
    else:
        notes.append(
            f"the server at {elsewhere} (BONKEI_DATABASE_URL) is used; the cluster's parameters "
            "are not applied"
        )
    if len(cluster.instances) > 1:
        notes.append(
            f"its {len(cluster.instances)} instances are one server here; readers can write"
        )
    return tuple(notes)
