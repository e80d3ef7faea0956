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
from dataclasses import dataclass
from itertools import count, repeat

from endings import died_again, ended_by_itself, seconds, tasks_in, why_it_ended
from pages import look, pages_of, require_pages
from revisions import Aws, Json, Release, ReleaseError, latest, register, withdraw
from settling import Awaited, after, has_gone_back, may_have_died, remaining, verdict

POLL = 5.0  # seconds at most between two looks at a deployment
WATCH = 15.0  # seconds at most between two looks at tasks that run
STABLE_WITHIN = 40 * 60.0  # seconds; with the next, below the stage's own limit
BACK_WITHIN = 15 * 60.0  # seconds
_SERVICES = 10  # in one call of describe-services
STAYS_FOR = 60.0  # seconds that a task must run; on AWS a deployment takes longer, so no one waits


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
            print(f"{rollout.service}: deploying {_number(rollout.revision)}", flush=True)
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
    (found,) = describe_all(aws, cluster, [service])
    return found


def describe_all(aws: Aws, cluster: str, services: Iterable[str]) -> list[Json]:
    """The current descriptions of services. ReleaseError when one is missing."""
    names, found = list(services), list[Json]()
    for first in range(0, len(names), _SERVICES):  # mostly one call: each takes a second
        some = names[first : first + _SERVICES]
        answer = aws("ecs", "describe-services", "--cluster", cluster, "--services", *some)
        found += answer["services"]
    if missing := sorted(set(names) - {each["serviceName"] for each in found}):
        what = ", ".join(missing)
        raise ReleaseError(f"there is no service {what}: has its infrastructure been applied?")
    return found


def primary(service: Json) -> str:
    """The id of the deployment that ECS is to keep."""
    return str(primary_deployment(service)["id"])


def primary_deployment(service: Json) -> Json:
    """The deployment that ECS is to keep."""
    for each in service["deployments"]:
        if each["status"] == "PRIMARY":
            return dict(each)
    raise ReleaseError(f"{service['serviceName']} has no primary deployment")


def decisions(
    aws: Aws, cluster: str, awaited: Iterable[Awaited], deadline: float, waits: Iterator[float]
) -> Iterator[tuple[str, str]]:
    """Each service when ECS has decided about its deployment, and why that has failed; empty when
    it is complete.

    All are looked at together. ECS lists a failed deployment only for a while, so who waits for one
    service first may never see that another has failed.
    """
    begun, left = time.monotonic(), {each.service: each for each in awaited}
    while left and time.monotonic() < deadline:
        time.sleep(next(waits))
        for service in describe_all(aws, cluster, left):
            one = left[service["serviceName"]]
            why = verdict(service, one, time.monotonic() - begun)
            if why is None and may_have_died(service, one):
                why = died_again(tasks_in(aws, cluster, "STOPPED"), one.id)
            if why is None:
                left[one.service] = after(service, one)
            else:
                del left[one.service]
                yield one.service, why
    for name in left:
        yield name, "has not settled; its events say why"


def pauses() -> Iterator[float]:
    """Seconds before each look. What goes back to tasks that still run is there in a moment, and
    the tasks of a deployment may take minutes. A release never is there in a moment."""
    return (min(float(number), POLL) for number in count(1))


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
            yield STAYS_FOR - (time.time() - seconds(started) if started else 0.0)


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
                identifier = _go_back(aws, cluster, rollout)
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


def _go_back(aws: Aws, cluster: str, rollout: Rollout) -> str:
    """The id of the deployment that goes back; ECS may have begun it. An update to the revision
    that runs already begins none."""
    now = describe(aws, cluster, rollout.service)
    if has_gone_back(now, rollout.id, rollout.before) and not rollout.first:
        return primary(now)
    count = ["--desired-count", "0"] if rollout.first else []
    return update(aws, cluster, rollout.service, "--task-definition", rollout.before, *count)


def _as_before(rollout: Rollout) -> str:
    return "empty again" if rollout.first else f"back at {_number(rollout.before)}"


def _number(revision: str) -> str:
    """`family:number` of an ARN."""
    return revision.rpartition("/")[2]
