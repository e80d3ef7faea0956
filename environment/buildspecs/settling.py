"""What ECS has decided about a deployment, read from an answer of DescribeServices."""

from __future__ import annotations

from dataclasses import dataclass, replace

from revisions import Json

SHOWN_WITHIN = 60.0  # seconds; an answer may be older than the deployment, but not by that much
_REPLACED = "another deployment replaced this one: rolled back"


@dataclass(frozen=True, slots=True)
class Awaited:
    """A deployment by its id; whether an answer has listed it; and whether it is enough that all of
    its tasks run, and no others. What goes back need not wait for its alarms: they have nothing to
    say about a release any more. `ran`: how many tasks an answer has shown at most."""

    service: str
    id: str
    seen: bool = False
    runs_is_enough: bool = False
    ran: int = 0


def after(service: Json, awaited: Awaited) -> Awaited:
    """What is known of a deployment with another answer."""
    found = listed(service, awaited.id)
    if found is None:
        return awaited
    return replace(awaited, seen=True, ran=max(awaited.ran, found["runningCount"]))


def may_have_died(service: Json, awaited: Awaited) -> bool:
    """Whether it is worth a look at the tasks: ECS has counted failures, or fewer run."""
    found = listed(service, awaited.id)
    if found is None:
        return False
    return found.get("failedTasks", 0) > 1 or found["runningCount"] < awaited.ran


def listed(service: Json, identifier: str) -> Json | None:
    """This deployment of a service, if the answer has it."""
    found = (each for each in service["deployments"] if each["id"] == identifier)
    return next(found, None)


def remaining(service: Json) -> list[Json]:
    """Its deployments without those that have failed and have no tasks any more (INACTIVE)."""
    return [each for each in service["deployments"] if each["status"] != "INACTIVE"]


def verdict(service: Json, awaited: Awaited, waited: float) -> str | None:
    """Why ECS has given the deployment up; empty when it is as far as awaited and no other is left;
    None while ECS has not decided. `waited`: seconds since it began.
    """
    found = listed(service, awaited.id)
    if found is None:
        return why_missing(service, awaited, waited)
    if found["rolloutState"] == "FAILED":
        reason = found.get("rolloutStateReason") or "the service's events say why"
        return f"its deployment failed: {reason}"
    if found["status"] != "PRIMARY":
        return _REPLACED
    is_complete = found["rolloutState"] == "COMPLETED"
    if awaited.runs_is_enough:
        is_complete |= found["runningCount"] >= found["desiredCount"]
    return "" if is_complete and len(remaining(service)) == 1 else None


def why_missing(service: Json, awaited: Awaited, waited: float) -> str | None:
    """Why a deployment that the answer does not list has failed; None while the answer may be older
    than the deployment.

    ECS no longer lists a deployment when it has rolled it back, but it keeps the event.
    """
    if failure := _event_of_failure(service, awaited.id):
        return f"its deployment failed: {failure}"
    if awaited.seen:
        return _REPLACED
    if waited < SHOWN_WITHIN:
        return None
    return f"its deployment is not listed, and it runs {service['taskDefinition']}: rolled back"


def _event_of_failure(service: Json, identifier: str) -> str:
    for event in service.get("events", ()):
        message = str(event["message"])
        if f"(deployment {identifier})" in message and "deployment failed" in message:
            return message
    return ""


def may_be_stopped(service: Json, identifier: str) -> bool:
    """Whether this deployment shifts requests, and goes on."""
    if service.get("deploymentConfiguration", {}).get("strategy", "ROLLING") == "ROLLING":
        return False
    found = listed(service, identifier) or {}
    goes_on = (found.get("status"), found.get("rolloutState")) == ("PRIMARY", "IN_PROGRESS")
    return goes_on and len(remaining(service)) > 1


def has_gone_back(service: Json, identifier: str, before: str) -> bool:
    """Whether ECS itself has begun to run the earlier revision again. An answer from before the
    deployment has that revision, too, and shows nothing of the deployment."""
    gave_up = listed(service, identifier) or _event_of_failure(service, identifier)
    return bool(gave_up) and service["taskDefinition"] == before
