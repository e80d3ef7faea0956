"""Puts the services of a release back to their earlier revisions, and withdraws its own.

A rolling deployment is followed by another one. One that shifts requests is stopped: ECS then gives
them back to the earlier tasks, which wait for that until its end.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from aws_calls import Aws
from revisions import Json, Release, ReleaseError, withdraw
from services import decisions, describe, describe_all, number, pauses, primary, update
from settling import Awaited, has_gone_back, may_be_stopped, remaining

BACK_WITHIN = 15 * 60.0  # seconds
_STOPPED_WITHIN = 30.0  # seconds; ECS then begins to run the earlier revision


@dataclass(frozen=True, slots=True)
class Rollout:
    """A deployment by its id; its revision and the one before it (ARNs), and whether it is the very
    first."""

    service: str
    revision: str
    before: str
    first: bool
    id: str


def put_back(aws: Aws, cluster: str, begun: Sequence[Rollout]) -> list[str]:
    """Put every service back to its earlier revision. Returns one line for each.

    The release's errors may ring an alarm that ends the way back, too. So it is tried again: ECS
    does not heed an alarm that rings when a deployment begins.
    """
    deadline = time.monotonic() + BACK_WITHIN
    left = {rollout.service: rollout for rollout in begun}
    troubles: list[str] = []
    for is_last in (False, True):
        going: list[Awaited] = []
        for rollout in list(left.values()):
            try:
                identifier = go_back(aws, cluster, rollout)
                going.append(Awaited(rollout.service, identifier, runs_is_enough=True))
            except Exception as error:  # the others go back nevertheless
                del left[rollout.service]
                troubles.append(f"{rollout.service} could not be put back: {error}")
        try:
            for name, why in decisions(aws, cluster, going, deadline, pauses()):
                if not why:
                    troubles.append(f"{name} is {_as_before(left.pop(name))}")
                elif is_last:
                    troubles.append(f"{name} is not back yet: {why}")
        except Exception as error:
            return [*troubles, f"whether all services are back is not known: {error!r}"]
    return troubles


def withdraw_all(aws: Aws, release: Release) -> list[str]:
    """Withdraw the revisions of a release that no service runs. Returns the failures.

    The migration's is withdrawn too, unless the release is the one that runs.
    """
    withdrawn = False
    try:
        services = release.system["services"].values()
        names = [service["service"] for service in services]
        known = describe_all(aws, release.system["cluster"], names)
        runs = {each["serviceName"]: in_use(each) for each in known}
        for service in services:
            withdrawn |= withdraw(aws, service["family"], release, runs[service["service"]])
        if withdrawn:
            withdraw(aws, release.system["migrate"]["family"], release, frozenset())
    except ReleaseError as error:
        return [f"not all revisions could be withdrawn: {error}"]
    return []


def in_use(service: Json) -> frozenset[str]:
    """The revisions that a service runs or is to run, by their ARNs."""
    return frozenset(each["taskDefinition"] for each in remaining(service))


def go_back(aws: Aws, cluster: str, rollout: Rollout) -> str:
    """The id of the deployment that goes back; ECS may have begun it. An update to the revision
    that runs already begins none."""
    now = describe(aws, cluster, rollout.service)
    back = {"taskDefinition": rollout.before}
    if rollout.first:  # ECS would go back to an image that is not there
        return update(aws, cluster, rollout.service, **back, desiredCount=0)
    if has_gone_back(now, rollout.id, rollout.before):
        return primary(now)
    if may_be_stopped(now, rollout.id) and (identifier := _stop(aws, cluster, rollout, now)):
        return identifier
    return update(aws, cluster, rollout.service, **back)


def _stop(aws: Aws, cluster: str, rollout: Rollout, now: Json) -> str:
    """The id of the deployment that gets the requests back at once, because its tasks still run;
    empty if this one cannot be stopped any more. Another deployment would shift them slowly."""
    arn = now["currentServiceDeployment"]
    try:
        aws("ecs", "stop_service_deployment", serviceDeploymentArn=arn, stopType="ROLLBACK")
    except ReleaseError as error:
        print(f"{rollout.service}: {error}", flush=True)
        return ""
    deadline = time.monotonic() + _STOPPED_WITHIN
    while time.monotonic() < deadline:
        now = describe(aws, cluster, rollout.service)
        if now["taskDefinition"] == rollout.before and primary(now) != rollout.id:
            return primary(now)
        time.sleep(1.0)
    return ""


def _as_before(rollout: Rollout) -> str:
    return "empty again" if rollout.first else f"back at {number(rollout.before)}"
