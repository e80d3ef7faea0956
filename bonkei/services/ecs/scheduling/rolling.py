"""The arithmetic of a rolling update: how many tasks may start, and how many must stop.

Source: "Amazon ECS services: deployment configuration" (`minimumHealthyPercent`: rounded up;
`maximumPercent`: rounded down) and the scheduler's replacement of unhealthy tasks, which starts
the replacement first where maximumPercent allows it (docs.aws.amazon.com, DeploymentConfiguration).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """A service's numbers. `desired` counts tasks. The percentages refer to it."""

    desired: int
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200

    @property
    def lower(self) -> int:
        """The number of healthy tasks that must remain while tasks are stopped."""
        return -(-self.desired * self.minimum_healthy_percent // 100)

    @property
    def upper(self) -> int:
        """The number of tasks, running or pending, that starts must not exceed."""
        return self.desired * self.maximum_percent // 100


@dataclass(frozen=True, slots=True)
class Counts:
    """A service's tasks that have not been stopped yet.

    `new_*` belong to the primary deployment, `old_*` to earlier ones. `pending` tasks may still
    become healthy. `failed` tasks were found unhealthy, and must be replaced.
    """

    new_healthy: int = 0
    new_pending: int = 0
    new_failed: int = 0
    old_healthy: int = 0
    old_unhealthy: int = 0  # pending or failed: neither serves

    @property
    def healthy(self) -> int:
        return self.new_healthy + self.old_healthy

    @property
    def total(self) -> int:
        return (
            self.new_healthy
            + self.new_pending
            + self.new_failed
            + self.old_healthy
            + self.old_unhealthy
        )


@dataclass(frozen=True, slots=True)
class Step:
    """The next moves. `stuck`: a move is needed, but none is possible."""

    start: int = 0
    stop_new_failed: int = 0
    stop_new_surplus: int = 0  # pending ones first
    stop_old_unhealthy: int = 0
    stop_old_healthy: int = 0
    stuck: bool = False


def next_step(limits: Limits, counts: Counts, *, launching: bool = True) -> Step:
    """The next moves. Apply them, count again, and call this again.

    Without `launching`, the primary deployment has FAILED. It gets no more tasks, and no places for
    them.
    """
    lower, upper = limits.lower, limits.upper
    missing = max(0, limits.desired - counts.new_healthy - counts.new_pending)
    if not launching:
        missing = 0
    start = min(missing, max(0, upper - counts.total))
    room_needed = missing - start

    # Tasks that do not serve are stopped first, because they use a place without serving requests.
    stop_old_unhealthy = counts.old_unhealthy
    room_needed -= stop_old_unhealthy
    # A failed task stays until its replacement serves, unless its place is needed for the
    # replacement.
    replaced = counts.new_healthy >= limits.desired or not launching
    stop_failed = counts.new_failed if replaced else _clamp(room_needed, counts.new_failed)
    room_needed -= stop_failed

    surplus = counts.healthy - max(limits.desired, lower)
    for_room = min(room_needed, counts.healthy - lower)
    stop_old_healthy = _clamp(max(surplus, for_room), counts.old_healthy)

    extra = max(0, counts.new_healthy + counts.new_pending - limits.desired)
    moves = start + stop_old_unhealthy + stop_failed + stop_old_healthy + extra
    return Step(
        start=start,
        stop_new_failed=stop_failed,
        stop_new_surplus=extra,
        stop_old_unhealthy=stop_old_unhealthy,
        stop_old_healthy=stop_old_healthy,
        stuck=missing > 0 and moves == 0 and counts.new_pending == 0,
    )


def _clamp(value: int, most: int) -> int:
    return max(0, min(value, most))
