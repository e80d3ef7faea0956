"""The test for a failed deployment: ECS's deployment circuit breaker.

Source: "How the Amazon ECS deployment circuit breaker detects failures" (Amazon ECS Developer
Guide), with the defaults of `thresholdConfiguration` and `resetOnHealthyTask`, which Terraform's
provider does not set. Failures are counted in a row. A healthy task begins a new row.

A failure is a task that never became RUNNING and healthy ("failed task launches that do not reach
healthy RUNNING state", the announcement of December 2020), or that failed a health check. A task
that ran for a moment and exited before any check passed counts as a failure here. ECS may miss it
(aws/containers-roadmap#1206). A task without any check is healthy as soon as it runs, so neither
counts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST, MOST = 3, 200  # failed tasks: the bounds of BOUNDED_PERCENT

CIRCUIT_BREAKER = "ECS deployment circuit breaker"
FAILED = f"{CIRCUIT_BREAKER}: tasks failed to start."
ALARMS = "ECS deployment alarms"
HOOKS = "ECS deployment lifecycle hooks"
"""Our words. AWS does not document its own."""
STOPPED = "The deployment was stopped by StopServiceDeployment"


@dataclass(frozen=True, slots=True)
class CircuitBreaker:
    """A service's `deployment_circuit_breaker`."""

    enabled: bool = False
    rollback: bool = False

    def trips(self, failed_tasks: int, desired: int) -> bool:
        """Whether this many failures in a row are too many for a service of `desired` tasks."""
        return self.enabled and failed_tasks >= failure_threshold(desired)


def failure_threshold(desired: int) -> int:
    """Half of the desired count, rounded up, within the limits."""
    return max(LEAST, min(-(-desired // 2), MOST))


def rolling_back(deployment_id: str, who: str = CIRCUIT_BREAKER) -> str:
    """Why a COMPLETED deployment is IN_PROGRESS again."""
    return f"{who}: rolling back to deploymentId {deployment_id}."


def alarms_ring(names: Sequence[str]) -> str:
    """Why a deployment has failed while its tasks run.

    "How CloudWatch alarms detect Amazon ECS deployment failures" (Amazon ECS Developer Guide).
    """
    return f"{ALARMS}: {', '.join(names)} in ALARM."
