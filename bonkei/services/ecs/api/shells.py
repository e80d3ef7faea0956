"""ExecuteCommand: a command beside a running task, which the session's plugin then starts.

On AWS the answer leads to a channel of Systems Manager, which the Session Manager plugin opens.
Here it describes the command, and the miniature's own plugin starts it on the person's terminal.
"""

from __future__ import annotations

import base64
import json
import secrets
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bonkei.analysis.policy.needs import EXEC_ACTIONS
from bonkei.base.aws_service import Asks, AwsCall, AwsServiceError
from bonkei.services.ecs.api import descriptions
from bonkei.services.ecs.api.finding import refused, require_task
from bonkei.services.ecs.api.values import Ecs, EcsTask
from bonkei.services.ecs.snapshot import ContainerSnapshot

STREAM = "bonkei://"
"""How the stream's address begins. AWS's plugin refuses it, because it is not a `wss://`
address."""
_DISABLED = (
    "The execute command failed because execute command was not enabled when the task was run or "
    "the execute command agent isn't running. Wait and try again or run a new task with execute "
    "command enabled and try again."
)

_NOT_CONNECTED = "The execute command failed due to an internal error. Try again later."


@dataclass(frozen=True, slots=True)
class Shell:
    """A command in a container of a running task."""

    task: str
    container: str
    command: tuple[str, ...]

    def token(self) -> str:
        """The session's `tokenValue`. It grants nothing: the plugin runs as the user who calls
        it."""
        text = json.dumps([self.task, self.container, *self.command])
        return base64.b64encode(text.encode()).decode()

    @classmethod
    def read(cls, token: str) -> Shell:
        """Raises ValueError if `token` has not made the value."""
        task, container, *command = json.loads(base64.b64decode(token, validate=True))
        return cls(task, container, tuple(command))


class Shells:
    def __init__(self, ecs: Callable[[], Ecs], asks: Asks) -> None:
        self._ecs = ecs
        self._asks = asks

    async def execute_command(self, call: AwsCall) -> Mapping[str, Any]:
        """The session in which a command runs. The agent in the task opens its channel with the
        task's role: "Task IAM role", section "Permissions required for ECS Exec"."""
        state, asked = self._ecs().describe(), call.parameters
        task = require_task(state, call)
        if not asked["interactive"]:
            raise refused("Interactive is the only mode supported currently.")
        if not task.execute_command:
            raise refused(_DISABLED)
        container = _container(task, asked.get("container", ""))
        if task.last_status != "RUNNING" or container.status != "RUNNING":
            raise AwsServiceError("TargetNotConnectedException", f"{container.name} does not run.")
        role = str(state.definitions.get(task.definition_arn, {}).get("taskRoleArn") or "")
        for action in EXEC_ACTIONS if role else ():
            if denial := self._asks.role(role, task.id, action, "*"):
                raise AwsServiceError("TargetNotConnectedException", f"{_NOT_CONNECTED} ({denial})")
        shell = Shell(task.id, container.name, _words(asked["command"]))
        return {
            "clusterArn": task.cluster_arn,
            "containerArn": descriptions.container_arn(task, container),
            "containerName": container.name,
            "interactive": True,
            "session": {
                "sessionId": f"ecs-execute-command-{secrets.token_hex(9)}",
                "streamUrl": f"{STREAM}{task.id}",
                "tokenValue": shell.token(),
            },
            "taskArn": task.arn,
        }


def _container(task: EcsTask, wanted: str) -> ContainerSnapshot:
    if not wanted and len(task.containers) > 1:
        raise refused("Container name is required: the task has more than one container.")
    for one in task.containers:
        if wanted in ("", one.name):
            return one
    raise refused(f"The task has no container {wanted}.")


def _words(command: str) -> tuple[str, ...]:
    """The agent splits it as a shell does, and starts it without one."""
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise refused(f"command: {error}.") from None
    if not words:
        raise refused("command must not be blank.")
    return words
