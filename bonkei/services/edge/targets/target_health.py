"""A target's health at the load balancer: a value, and its changes.

"Health checks for Application Load Balancer target groups" (User Guide for Application Load
Balancers): after a target is registered it must pass one health check to be considered healthy;
afterwards UnhealthyThresholdCount consecutive failures take it out of service and
HealthyThresholdCount consecutive successes put it back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

State = Literal["initial", "healthy", "unhealthy", "unused", "draining"]

CHECKING = "Elb.InitialHealthChecking"
MISMATCH = "Target.ResponseCodeMismatch"
TIMEOUT = "Target.Timeout"
FAILED = "Target.FailedHealthChecks"
NOT_IN_USE = "Target.NotInUse"
DEREGISTERING = "Target.DeregistrationInProgress"
DISABLED = "Target.HealthCheckDisabled"


@dataclass(frozen=True, slots=True)
class Health:
    """A state, ELB's reason code for it ("" when healthy), and the number of consecutive checks
    that succeeded or failed."""

    state: State
    reason: str = ""
    successes: int = 0
    failures: int = 0


UNREACHABLE = Health("unhealthy", TIMEOUT)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one health check; `reason` says why it failed."""

    passed: bool
    reason: str = ""
    detail: str = ""


NEW = Health("initial", CHECKING)
UNUSED = Health("unused", NOT_IN_USE)
ASSUMED = Health("healthy")
DRAINING = Health("draining", DEREGISTERING)


def after(health: Health, outcome: Outcome, *, healthy: int, unhealthy: int) -> Health:
    """The health after one more check, with the thresholds given."""
    if outcome.passed:
        successes = health.successes + 1
        if health.state in ("healthy", "initial") or successes >= healthy:
            return Health("healthy", "", successes, 0)
        return replace(health, successes=successes, failures=0)
    failures = health.failures + 1
    if health.state == "unhealthy" or failures >= unhealthy:
        return Health("unhealthy", outcome.reason, 0, failures)
    return replace(health, successes=0, failures=failures)


def matches(matcher: str, status: int) -> bool:
    """Whether a matcher such as `200`, `200,302` or `200-299` includes a status.

    Raises ValueError for a matcher in another format.
    """
    for part in matcher.split(","):
        first, dash, last = part.strip().partition("-")
        if int(first) <= status <= int(last if dash else first):
            return True
    return False
