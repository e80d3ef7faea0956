"""The end of a miniature, as a person who reads the site sees it: what has begun is finished."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bonkei.blueprint import Blueprint
from bonkei.edge import Edge

_POLL = 0.05  # seconds


async def drain(edge: Edge, blueprint: Blueprint, grace: float, hurry: asyncio.Event) -> None:
    """Accept no more, and let what is in flight to the tasks end: for `grace` seconds, or until
    `hurry`.

    Only the public listeners close: a request in flight may need another service, so Service
    Connect stays until the tasks have ended, as it does when ECS stops a task.
    """
    await edge.apply(replace(blueprint, distributions=(), load_balancers=()))
    deadline = asyncio.get_running_loop().time() + grace
    while _in_flight(edge) and not hurry.is_set():
        if asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(_POLL)


def _in_flight(edge: Edge) -> bool:
    groups = edge.snapshot().target_groups
    return any(target.outstanding for group in groups for target in group.targets)
