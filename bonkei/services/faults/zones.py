"""The zone of a task: ECS spreads the tasks of a service over its zones.

Source: "Amazon ECS task placement" and "Balancing an Amazon ECS service across Availability Zones"
(Amazon ECS Developer Guide): Fargate spreads tasks over zones by best effort.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence


def choose_zone(
    zones: Sequence[str], standing: Mapping[str, int], shut: Collection[str] = ()
) -> str:
    """The zone for a new task of a service with these zones. `standing`: how many of its tasks are
    in each. Empty if the service has no zone. A closed zone is used only if all are closed."""
    open_zones = [zone for zone in zones if zone not in shut] or list(zones)
    return min(open_zones, key=lambda zone: (standing.get(zone, 0), zones.index(zone)), default="")


def why_no_capacity(zones: Sequence[str], shut: Collection[str]) -> str:
    """ECS's message for a service without a zone in which a task could start; empty if there is
    one."""
    if not zones or any(zone not in shut for zone in zones):
        return ""
    return (
        "Capacity is unavailable at this time. Please try again later or in a different "
        f"availability zone (a fault has cut the power of {', '.join(zones)})"
    )
