"""Answers tasks that ask about themselves, beside the AWS endpoint, on loopback.

A container's address has a code that others cannot guess: one task does not learn of another.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bonkei.blueprint import Blueprint
from bonkei.services.ecs import TaskSnapshot
from bonkei.services.ecs.api import metadata
from bonkei.services.ecs.api.descriptions import runtime_id
from bonkei.services.ecs.api.metadata import Sample
from bonkei.services.ecs.api.values import EcsTask
from bonkei.services.ecs.execution.usage import machine_seconds, used_by
from bonkei.services.ecs.snapshot import ContainerSnapshot

if TYPE_CHECKING:
    from aiohttp import web

    from bonkei.services.endpoint.endpoint import Beside

PATH = "/v4/"
VARIABLE = "ECS_CONTAINER_METADATA_URI_V4"


class TaskMetadata:
    """`find`: a task by its id. `defined`: the task definitions. `running`: the tasks that run."""

    def __init__(
        self,
        find: Callable[[str], EcsTask | None],
        defined: Callable[[], Blueprint],
        running: Callable[[], Sequence[TaskSnapshot]],
    ) -> None:
        self._find, self._defined, self._running = find, defined, running
        self._key = secrets.token_bytes(32)
        self._before: dict[str, Mapping[str, Sample]] = {}
        self.beside: Mapping[str, Beside] = {PATH: self._serve}

    def variables(self, endpoint: str, task_id: str, container: str) -> Mapping[str, str]:
        """Those by which a container's SDKs know where they are. `endpoint`: the URL of AWS's."""
        own = f"{endpoint}{PATH}{task_id}-{self._code(task_id, container)}"
        return {VARIABLE: own, "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE"}

    def _code(self, task_id: str, container: str) -> str:
        named = f"{task_id} {container}".encode()
        return hmac.new(self._key, named, sha256).hexdigest()[:32]

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        from aiohttp import web  # noqa: PLC0415 - it takes a while to load

        own, _, asked = request.path.removeprefix(PATH).partition("/")
        document = self.answer(own, asked.rstrip("/"))
        if document is None:
            return web.Response(status=404, text="404 page not found\n")
        return web.json_response(document)

    def answer(self, own: str, asked: str) -> dict[str, Any] | None:
        """The document of a container's address and a path below it; None: there is none."""
        task_id, _, code = own.rpartition("-")
        task = self._find(task_id)
        for each in task.containers if task is not None else ():
            if task and hmac.compare_digest(code.encode(), self._code(task_id, each.name).encode()):
                return self._document(task, each, asked)
        return None

    def _document(self, task: EcsTask, own: ContainerSnapshot, asked: str) -> dict[str, Any] | None:
        definition = self._defined().task_definition(task.definition_arn)
        match asked:
            case "":
                return metadata.container(task, own, definition)
            case "task":
                return metadata.task(task, definition)
            case "taskWithTags":
                return {**metadata.task(task, definition), "TaskTags": dict(task.tags)}
            case "stats":
                return self._stats(task).get(runtime_id(task, own), {})
            case "task/stats":
                return self._stats(task)
        return None

    def _stats(self, task: EcsTask) -> dict[str, dict[str, Any]]:
        """By the containers' ids; of those that run."""
        shown = {one.id: dict(one.pids) for one in self._running()}
        self._before = {one: kept for one, kept in self._before.items() if one in shown}
        before, now = self._before.get(task.id, {}), dict[str, Sample]()
        for name, pid in shown.get(task.id, {}).items():
            used = used_by(pid)
            now[name] = Sample(
                time.time(), used.seconds, machine_seconds(), used.memory, used.processes
            )
        self._before[task.id] = now
        definition = self._defined().task_definition(task.definition_arn)
        return {
            runtime_id(task, each): metadata.stats(
                task, each, definition, before.get(each.name, Sample()), now[each.name]
            )
            for each in task.containers
            if each.name in now
        }
