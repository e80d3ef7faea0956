"""Deploys all services, waits until ECS has decided about each, and keeps all or none.

ECS rolls back each service by itself. When it rolls back one, this module puts the others back, so
that all services run the same release.

ECS's circuit breaker does not count a task that was healthy and then ends by itself: it starts
another one, for ever. So a deployment that ECS calls complete is watched until its tasks have run
for a while.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from revisions import Aws, Json, Release, ReleaseError, latest, register, withdraw

POLL = 5.0  # seconds at most between two looks
STABLE_WITHIN = 40 * 60.0  # seconds; with the next, below the stage's own limit
BACK_WITHIN = 15 * 60.0  # seconds
_DESCRIBED = 100  # tasks in one call of describe-tasks
STAYS_FOR = 60.0  # seconds that a task must run; on AWS a deployment takes longer, so nobody waits


@dataclass(frozen=True, slots=True)
class Rollout:
    """A deployment by its id; its revision and the one before it (ARNs), and whether it is the very
    first."""

    service: str
    revision: str
    before: str
    first: bool
    id: str


def roll_out(aws: Aws, release: Release) -> None:
    """Give each service its new revision, and wait until ECS has finished with all of them.

    ReleaseError when ECS rolls one back. The others then run their earlier revision again, or no
    task if they had none.
    """
    cluster = release.system["cluster"]
    begun: list[Rollout] = []
    try:
        for service in release.system["services"].values():
            rollout = begin(aws, cluster, service, release)
            begun.append(rollout)
            print(f"{rollout.service}: deploying {_number(rollout.revision)}", flush=True)
        deadline = time.monotonic() + STABLE_WITHIN
        for rollout in begun:
            wait_until_settled(aws, cluster, rollout.service, rollout.id, deadline)
        for rollout in begun:
            if not rollout.first:  # there is nothing to go back to
                watch_tasks(aws, cluster, rollout)
    except ReleaseError as error:
        troubles = [str(error), *put_back(aws, cluster, begun)]
        troubles += withdraw_all(aws, release)
        raise ReleaseError("\n  ".join(troubles)) from error


def begin(aws: Aws, cluster: str, service: Json, release: Release) -> Rollout:
    """Update a service. The first time, it begins with as many tasks as the definitions say."""
    name = service["service"]
    before = describe(aws, cluster, name)
    first = not before["desiredCount"]
    revision = register(aws, latest(aws, service["family"]), release)
    count = ["--desired-count", str(service["tasks"])] if first else []
    identifier = update(
        aws, cluster, name, "--task-definition", revision, *count,
        "--force-new-deployment",  # a commit that runs already reads its secrets again
    )  # fmt: skip
    return Rollout(name, revision, before["taskDefinition"], first, identifier)


def update(aws: Aws, cluster: str, service: str, *options: str) -> str:
    """The id of the deployment that an update has begun."""
    answer = aws("ecs", "update-service", "--cluster", cluster, "--service", service, *options)
    return primary(answer["service"])


def describe(aws: Aws, cluster: str, service: str) -> Json:
    """The service's current description."""
    answer = aws("ecs", "describe-services", "--cluster", cluster, "--services", service)
    if not answer["services"]:
        raise ReleaseError(f"there is no service {service}: has its infrastructure been applied?")
    found: Json = answer["services"][0]
    return found


def primary(service: Json) -> str:
    """The id of the deployment that ECS is to keep."""
    (found,) = [d["id"] for d in service["deployments"] if d["status"] == "PRIMARY"]
    return str(found)


def wait_until_settled(
    aws: Aws, cluster: str, service: str, identifier: str, deadline: float
) -> None:
    """Wait until this deployment is complete and no other is left.

    A description may be older than the update, so an earlier deployment proves nothing.
    ReleaseError when ECS gives the deployment up, or when it has not settled in time.
    """
    seen, waits = False, pauses()
    while time.monotonic() < deadline:
        time.sleep(next(waits))
        deployments = describe(aws, cluster, service)["deployments"]
        found = next((each for each in deployments if each["id"] == identifier), None)
        deployments = [each for each in deployments if each["status"] != "INACTIVE"]
        if found is None and seen:
            raise ReleaseError(f"{service}: another deployment replaced this one: rolled back")
        if found is not None:
            seen = True
            state, reason = found.get("rolloutState"), found.get("rolloutStateReason", "")
            if state == "FAILED":
                raise ReleaseError(f"{service} failed: {reason or 'its events say why'}")
            if state == "COMPLETED" and len(deployments) == 1:
                return
    raise ReleaseError(f"{service} has not settled; its events say why")


def pauses() -> Iterator[float]:
    """Seconds before each look. What goes back to tasks that still run is there in a moment, and
    the tasks of a deployment may take minutes."""
    return (min(float(number), POLL) for number in count(1))


def watch_tasks(aws: Aws, cluster: str, rollout: Rollout) -> None:
    """Wait until the tasks of a complete deployment have run for a while. ReleaseError when one of
    them has ended by itself.
    """
    until = time.monotonic() + STAYS_FOR  # auto scaling may start tasks all the time
    while True:
        tasks = [t for t in tasks_of(aws, cluster, rollout) if t.get("startedBy") == rollout.id]
        if ended := [task for task in tasks if ended_by_itself(task)]:
            raise ReleaseError(f"{rollout.service}: {why_it_ended(ended[0])}")
        remaining = min(max(remain(tasks), default=0.0), until - time.monotonic())
        if remaining <= 0:
            return
        time.sleep(min(remaining, POLL))


def tasks_of(aws: Aws, cluster: str, rollout: Rollout) -> Iterator[Json]:
    """A service's tasks, at most 100 that run and 100 that have stopped within the last hour."""
    arns: list[str] = []
    for status in ("RUNNING", "STOPPED"):
        listed = aws(
            "ecs", "list-tasks", "--cluster", cluster, "--service-name", rollout.service,
            "--desired-status", status,
        )  # fmt: skip
        arns += listed["taskArns"][:_DESCRIBED]
    for first in range(0, len(arns), _DESCRIBED):  # mostly one call: each takes a second
        some = arns[first : first + _DESCRIBED]
        yield from aws("ecs", "describe-tasks", "--cluster", cluster, "--tasks", *some)["tasks"]


def ended_by_itself(task: Json) -> bool:
    """Whether it ran, and then ended or failed a check: nobody has stopped it."""
    if not task.get("startedAt") or task["lastStatus"] != "STOPPED":
        return False
    is_sick = "health checks" in task.get("stoppedReason", "")
    return is_sick or task.get("stopCode") == "EssentialContainerExited"


def why_it_ended(task: Json) -> str:
    codes = {each["name"]: each.get("exitCode") for each in task["containers"]}
    name = task["taskArn"].rpartition("/")[2]
    return f"task {name} ended by itself: {task.get('stoppedReason')} (exit codes {codes})"


def remain(tasks: Iterable[Json]) -> Iterator[float]:
    """For each task that has not stopped, how many seconds are left until it has run for long
    enough."""
    for task in tasks:
        if task["lastStatus"] != "STOPPED":
            started = task.get("startedAt")
            yield STAYS_FOR - (time.time() - seconds(started) if started else 0.0)


def seconds(moment: str | float) -> float:
    """Unix time. Version 1 of the `aws` command prints numbers, version 2 ISO 8601."""
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).timestamp()
    return float(moment)


def put_back(aws: Aws, cluster: str, begun: Sequence[Rollout]) -> list[str]:
    """Put every service back to its earlier revision. Returns one line for each."""
    deadline = time.monotonic() + BACK_WITHIN
    going: list[tuple[Rollout, str]] = []
    troubles: list[str] = []
    for rollout in begun:
        try:
            going.append((rollout, _go_back(aws, cluster, rollout)))
        except ReleaseError as error:
            troubles.append(f"{rollout.service} could not be put back: {error}")
    for rollout, identifier in going:
        try:
            wait_until_settled(aws, cluster, rollout.service, identifier, deadline)
            troubles.append(f"{rollout.service} is {_as_before(rollout)}")
        except ReleaseError as error:
            troubles.append(f"{rollout.service} is not back yet: {error}")
    return troubles


def withdraw_all(aws: Aws, release: Release) -> list[str]:
    """Withdraw the revisions of a release that no service runs. Returns the failures.

    The migration's is withdrawn too, unless the release is the one that runs.
    """
    withdrawn = False
    try:
        for service in release.system["services"].values():
            runs = in_use(aws, release.system["cluster"], service["service"])
            withdrawn |= withdraw(aws, service["family"], release, runs)
        if withdrawn:
            withdraw(aws, release.system["migrate"]["family"], release, frozenset())
    except ReleaseError as error:
        return [f"not all revisions could be withdrawn: {error}"]
    return []


def in_use(aws: Aws, cluster: str, service: str) -> frozenset[str]:
    """The revisions that a service runs or is to run, by their ARNs. INACTIVE is a deployment that
    has failed and has no tasks any more."""
    deployments = describe(aws, cluster, service)["deployments"]
    return frozenset(d["taskDefinition"] for d in deployments if d["status"] != "INACTIVE")


def _go_back(aws: Aws, cluster: str, rollout: Rollout) -> str:
    """The id of the deployment that goes back; ECS may have begun it."""
    now = describe(aws, cluster, rollout.service)
    if now["taskDefinition"] == rollout.before and not rollout.first:
        return primary(now)
    count = ["--desired-count", "0"] if rollout.first else []
    return update(aws, cluster, rollout.service, "--task-definition", rollout.before, *count)


def _as_before(rollout: Rollout) -> str:
    return "empty again" if rollout.first else f"back at {_number(rollout.before)}"


def _number(revision: str) -> str:
    """`family:number` of an ARN."""
    return revision.rpartition("/")[2]
