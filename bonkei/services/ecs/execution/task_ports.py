"""The ports of running tasks, as their programs ask for them: a task has all ports for itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.base.events import Endpoint
from bonkei.services.ecs.execution.ports import HOST, Ports
from bonkei.services.ecs.execution.running_task import RunningTask


class TaskPorts:
    """Answers a switchboard, which asks for the container of a task: "TASK-ID CONTAINER"."""

    def __init__(self, tasks: Mapping[str, RunningTask], ports: Ports) -> None:
        self._tasks = tasks
        self._ports = ports
        self._offered: dict[int, str] = {}

    def to_listen(self, who: str, port: int) -> Iterator[int]:
        """A port of the task has its place here. Another one stays as it is, unless it is taken:
        by another task, or by another program of this machine.

        It is offered to one task only: two with SO_REUSEADDR can both bind it, and the one that
        listens last would end."""
        task, container = self._found(who)
        if (known := _place(task, container, port)) is not None:
            yield known
            return
        task_id = who.split(" ", maxsplit=1)[0]
        holder = self._offered.get(port, task_id)
        if holder == task_id or holder not in self._tasks:
            self._offered[port] = task_id
            yield port
        free = self._ports.take()
        task.endpoints[container, port] = free
        yield free.port

    def listens(self, who: str, port: int, here: int) -> None:
        """Its next wish for this port is for the same place."""
        task, container = self._found(who)
        if _place(task, container, port) is None:
            task.endpoints[container, port] = Endpoint(HOST, here)

    def to_connect(self, who: str, port: int) -> int:
        """The containers of a task share one interface."""
        known = _place(*self._found(who), port)
        return port if known is None else known

    def _found(self, who: str) -> tuple[RunningTask, str]:
        """Raises LookupError for a task that has ended."""
        task_id, container = who.split(" ")
        return self._tasks[task_id], container


def _place(task: RunningTask, container: str, port: int) -> int | None:
    own = task.endpoints.get((container, port))
    if own is not None:
        return own.port
    if any(endpoint.port == port for endpoint in task.endpoints.values()):
        return port  # the program obeys PORT
    return next((each.port for (_, number), each in task.endpoints.items() if number == port), None)
