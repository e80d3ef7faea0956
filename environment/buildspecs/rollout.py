"""Deploys all services, waits until ECS has decided about each, and keeps all or none.

ECS rolls back each service by itself. When it rolls back one, this module puts the others back, so
that all services run the same release.

ECS's circuit breaker does not count a task that was healthy and then ends by itself: it starts
another one, forever. So a deployment is given up when two have, and one that ECS calls complete is
watched until its tasks have run for a while. Nor does ECS look at more than the health checks, so
the pages are asked for as soon as only new tasks run, while ECS still waits for alarms.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from aws_calls import Aws
from endings import ended_by_itself, tasks_in, why_it_ended
from pages import look, pages_of, require_pages
from putting_back import Rollout, put_back, withdraw_all
from revisions import Json, Release, ReleaseError, latest, register
from services import decisions, describe_all, number, update
from settling import Awaited, verdict

POLL = 5.0  # seconds at most between two looks at a deployment
WATCH = 15.0  # seconds at most between two looks at tasks that run
STABLE_WITHIN = 40 * 60.0  # seconds; with BACK_WITHIN, below the stage's own limit
STAYS_FOR = 60.0  # seconds that a task must run; on AWS a deployment takes longer, so no one waits


def roll_out(aws: Aws, release: Release) -> None:
    """Give each service its new revision, and wait until ECS has finished with all of them.

    ReleaseError as soon as ECS gives one up, or anything else fails. All services then run their
    earlier revision again, or no task if they had none.
    """
    cluster = release.system["cluster"]
    begun: list[Rollout] = []
    try:
        services = release.system["services"].values()
        known = describe_all(aws, cluster, [service["service"] for service in services])
        before = {each["serviceName"]: each for each in known}
        served = [page for page in pages_of(release) if before[page.service]["desiredCount"]]
        earlier = look(release, served)
        for service in services:
            rollout = begin(aws, cluster, service, before[service["service"]], release)
            begun.append(rollout)
            print(f"{rollout.service}: deploying {number(rollout.revision)}", flush=True)
        # Tasks of a first release may run before they are healthy: no others serve until then.
        is_first = any(each.first for each in begun)
        deadline = time.monotonic() + STABLE_WITHIN
        wait_for_all(aws, cluster, begun, deadline, runs_is_enough=not is_first)
        require_pages(release, earlier, lambda: require_all(aws, cluster, begun))
        wait_for_all(aws, cluster, begun, deadline)
        # A first release has nothing to go back to.
        watch_tasks(aws, cluster, [each for each in begun if not each.first])
    except Exception as error:  # an answer of another form must not leave two versions either
        what = str(error) if isinstance(error, ReleaseError) else repr(error)
        troubles = [what, *put_back(aws, cluster, begun)]
        troubles += withdraw_all(aws, release)
        raise ReleaseError("\n  ".join(troubles)) from error


def wait_for_all(
    aws: Aws,
    cluster: str,
    begun: Iterable[Rollout],
    deadline: float,
    *,
    runs_is_enough: bool = False,
) -> None:
    """Wait until all deployments are complete, or at least run. ReleaseError as soon as one of them
    has failed."""
    awaited = [Awaited(each.service, each.id, runs_is_enough=runs_is_enough) for each in begun]
    for name, trouble in decisions(aws, cluster, awaited, deadline, repeat(POLL)):
        if trouble:
            raise ReleaseError(f"{name}: {trouble}")


def require_all(aws: Aws, cluster: str, begun: Iterable[Rollout]) -> None:
    """ReleaseError when ECS has given one of these deployments up, all of which it has listed."""
    awaited = {each.service: Awaited(each.service, each.id, seen=True) for each in begun}
    for service in describe_all(aws, cluster, awaited):
        name = service["serviceName"]
        if trouble := verdict(service, awaited[name], 0.0):
            raise ReleaseError(f"{name}: {trouble}")


def begin(aws: Aws, cluster: str, service: Json, before: Json, release: Release) -> Rollout:
    """Update a service, which is described by `before`. The first time, it begins with as many
    tasks as the definitions say."""
    name = service["service"]
    first = not before["desiredCount"]
    revision = register(aws, latest(aws, service["family"]), release)
    count = {"desiredCount": int(service["tasks"])} if first else {}
    identifier = update(
        aws, cluster, name, taskDefinition=revision, **count,
        forceNewDeployment=True,  # a commit that runs already reads its secrets again
    )  # fmt: skip
    return Rollout(name, revision, before["taskDefinition"], first, identifier)


def watch_tasks(aws: Aws, cluster: str, rollouts: Sequence[Rollout]) -> None:
    """Wait until the tasks of complete deployments have run for a while. ReleaseError when one of
    them has ended by itself, or when a deployment has none.
    """
    until = time.monotonic() + STAYS_FOR  # auto scaling may start tasks all the time
    left: dict[str, float] = {}
    while rollouts:
        found = tasks_in(aws, cluster, "RUNNING", "STOPPED")
        for rollout in rollouts:
            tasks = [task for task in found if task.get("startedBy") == rollout.id]
            if ended := [task for task in tasks if ended_by_itself(task)]:
                raise ReleaseError(f"{rollout.service}: {why_it_ended(ended[0])}")
            left[rollout.service] = max(remain(tasks), default=math.inf)
        longest, at_most = max(left.values()), until - time.monotonic()
        if longest <= 0 or at_most <= 0:
            break
        time.sleep(min(longest, at_most, WATCH))
    if none := [name for name, seconds_left in left.items() if seconds_left == math.inf]:
        raise ReleaseError(f"{', '.join(none)}: no task of this release runs")


def remain(tasks: Iterable[Json]) -> Iterator[float]:
    """For each task that has not stopped, how many seconds are left until it has run for long
    enough."""
    for task in tasks:
        if task["lastStatus"] != "STOPPED":
            started = task.get("startedAt")
            yield STAYS_FOR - (time.time() - started.timestamp() if started else 0.0)
