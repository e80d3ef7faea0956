"""The facts that a rehearsal reads before it plans."""

from __future__ import annotations

import os

import psutil

from bonkei.miniature.rehearsal.causes.sessions import Server
from bonkei.miniature.rehearsal.plan import Facts
from bonkei.miniature.rehearsal.values import RehearsalError, World


async def look_up(world: World) -> Facts | None:
    """The facts; None if real causes are impossible."""
    means = world.means
    if means is None:
        return None
    connections = {}
    for cluster in world.blueprint().database_clusters:
        try:
            server = Server.find(cluster, means.databases(), means.vault)
        except RehearsalError:
            continue
        connections[cluster.arn] = await server.most_connections()
    running = {one.arn: one.running_count for one in means.tasks().snapshot().services}
    return Facts(
        processors=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
        free_memory=psutil.virtual_memory().available,
        connections=connections,
        running=running,
        paths=means.paths,
        webhook=means.webhook.secret,
    )
