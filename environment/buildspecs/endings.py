"""Tasks that have ended by themselves: no deployment and no person has stopped them."""

from __future__ import annotations

from collections.abc import Iterable

from aws_calls import Aws
from revisions import Json

LIVED = 10.0  # seconds; ECS's circuit breaker counts tasks that end sooner, and says why
_DESCRIBED = 100  # tasks in one call of describe-tasks


def died_again(tasks: Iterable[Json], deployment: str) -> str | None:
    """How the last task of a deployment has ended, if two have ended by themselves after a while;
    else None. ECS would start others: its circuit breaker waits for a third that it counts, and
    does not count one that was healthy. A single one may have had a reason that is gone."""
    own = (task for task in tasks if task.get("startedBy") == deployment)
    ended = [task for task in own if ended_by_itself(task) and _ran(task) >= LIVED]
    return why_it_ended(max(ended, key=_stopped)) if len(ended) > 1 else None


def _ran(task: Json) -> float:
    return _stopped(task) - float(task["startedAt"].timestamp())


def _stopped(task: Json) -> float:
    """When it was found stopped, in Unix seconds; long ago while that is not known."""
    stopped = task.get("stoppedAt")
    return float(stopped.timestamp()) if stopped else 0.0


def tasks_in(aws: Aws, cluster: str, *statuses: str) -> list[Json]:
    """All tasks of these desired statuses; `startedBy` is the deployment of a service's task.
    STOPPED are those that have stopped within the last hour."""
    arns: list[str] = []
    for status in statuses:
        answer = aws("ecs", "list_tasks", cluster=cluster, desiredStatus=status)
        arns += answer["taskArns"]
    found: list[Json] = []
    for first in range(0, len(arns), _DESCRIBED):  # mostly one call
        some = arns[first : first + _DESCRIBED]
        found += aws("ecs", "describe_tasks", cluster=cluster, tasks=some)["tasks"]
    return found


def ended_by_itself(task: Json) -> bool:
    """Whether it ran, and then ended or failed a check: no one has stopped it."""
    if not task.get("startedAt") or task["lastStatus"] != "STOPPED":
        return False
    is_sick = "health checks" in task.get("stoppedReason", "")
    return is_sick or task.get("stopCode") == "EssentialContainerExited"


def why_it_ended(task: Json) -> str:
    codes = {each["name"]: each.get("exitCode") for each in task["containers"]}
    name = task["taskArn"].rpartition("/")[2]
    return f"task {name} ended by itself: {task.get('stoppedReason')} (exit codes {codes})"
