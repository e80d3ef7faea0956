"""A container's health check, as a value over time.

Source: "HealthCheck" (Amazon ECS API Reference): `retries` consecutive failures make a container
UNHEALTHY; failures within `startPeriod` do not count until a check has succeeded. A health check
in the image (HEALTHCHECK) is not monitored by ECS, so neither here.

One addition makes starts quicker: until its first success a container is also probed early, in
short but growing steps, and as soon as it listens on a port. Such probes can only help: a failure
counts once an `interval`, as on AWS.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bonkei.blueprint.ecs import ContainerHealthCheck

HEALTHY = "HEALTHY"
UNHEALTHY = "UNHEALTHY"
UNKNOWN = "UNKNOWN"

FIRST_GAP = 0.3  # seconds
_GROWTH = 1.5


def is_monitored(check: ContainerHealthCheck | None) -> bool:
    """Whether there is a check. `["NONE"]` switches it off."""
    return check is not None and bool(check.command) and check.command[0] != "NONE"


@dataclass(frozen=True, slots=True)
class HealthRecord:
    """Times are in monotonic seconds. `failures`: those that count, in a row."""

    check: ContainerHealthCheck
    started_at: float
    next_probe_at: float
    last_counted_at: float
    gap: float = FIRST_GAP
    status: str = UNKNOWN
    failures: int = 0
    probing: bool = False
    listened: bool = False
    """The container has begun to listen during a probe, which may have been too early."""

    @classmethod
    def begin(cls, check: ContainerHealthCheck, now: float) -> HealthRecord:
        """The record of a container that has just started."""
        return cls(check, now, now + min(FIRST_GAP, check.interval), now)

    def is_due(self, now: float) -> bool:
        return not self.probing and now >= self.next_probe_at

    def probe_began(self) -> HealthRecord:
        return replace(self, probing=True)

    def listens(self, now: float) -> HealthRecord:
        """The container has begun to listen, so a first success is likely now."""
        if self.status != UNKNOWN:
            return self
        return replace(self, next_probe_at=now, gap=FIRST_GAP, listened=self.probing)

    def probe_ended(self, succeeded: bool, now: float) -> HealthRecord:
        """The value after a probe; `status` may have changed."""
        if succeeded:
            return replace(
                self,
                status=HEALTHY,
                failures=0,
                probing=False,
                listened=False,
                last_counted_at=now,
                next_probe_at=now + self.check.interval,
            )
        return self._failed(now)

    def _failed(self, now: float) -> HealthRecord:
        if self.listened:
            gap, waits = self.gap, 0.0
        else:
            gap = min(self.check.interval, self.gap * _GROWTH)
            waits = gap if self.status == UNKNOWN else self.check.interval
        record = replace(self, probing=False, listened=False, gap=gap, next_probe_at=now + waits)
        in_start_period = self.status == UNKNOWN and now - self.started_at < self.check.start_period
        if in_start_period or now - self.last_counted_at < self.check.interval:
            return record
        failures = self.failures + 1
        status = UNHEALTHY if failures >= self.check.retries else self.status
        return replace(record, failures=failures, status=status, last_counted_at=now)
