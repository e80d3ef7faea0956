"""ECS's services, as the stages of a release see them, change them and wait for them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from aws_calls import Aws
from endings import died_again, tasks_in
from revisions import Json, ReleaseError
from settling import Awaited, after, may_have_died, verdict

SOON = 5.0  # seconds at most between two looks at what may be there in a moment
_SERVICES = 10  # in one call of describe-services


def update(aws: Aws, cluster: str, service: str, **changes: Any) -> str:
    """The id of the deployment that an update has begun."""
    answer = aws("ecs", "update_service", cluster=cluster, service=service, **changes)
    return primary(answer["service"])


def describe(aws: Aws, cluster: str, service: str) -> Json:
    """The service's current description."""
    (found,) = describe_all(aws, cluster, [service])
    return found


def describe_all(aws: Aws, cluster: str, services: Iterable[str]) -> list[Json]:
    """The current descriptions of services. ReleaseError when one is missing."""
    names, found = list(services), list[Json]()
    for first in range(0, len(names), _SERVICES):  # mostly one call
        some = names[first : first + _SERVICES]
        answer = aws("ecs", "describe_services", cluster=cluster, services=some)
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
    return (min(float(number), SOON) for number in count(1))


def number(revision: str) -> str:
    """`family:number` of an ARN."""
    return revision.rpartition("/")[2]
