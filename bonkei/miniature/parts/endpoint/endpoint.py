"""The AWS endpoint for the supervisor. It starts while Terraform runs, and then follows the
definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bonkei.base.aws_service import AwsService, Principal
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.miniature import addresses
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.steps import Report, Steps

if TYPE_CHECKING:
    from bonkei.services.endpoint.cloud import Cloud, CloudSnapshot
    from bonkei.services.endpoint.endpoint import Beside

MakeCloud = Callable[[Mapping[str, AwsService], Report, Mapping[str, "Beside"]], "Cloud"]


class AwsEndpoint:
    """`services`: AWS's services that the parts answer, by botocore's names. `beside`: other
    servers on its port, by the beginning of the path. It is also
    `Aws` and `Asks` of `bonkei.base.aws_service`: MiniatureError before the start.
    """

    name = "cloud"

    def __init__(
        self, make: MakeCloud, services: Mapping[str, AwsService], beside: Mapping[str, Beside]
    ) -> None:
        self._make = make
        self._services = services
        self._beside = beside
        self._cloud: Cloud | None = None

    async def start(self, steps: Steps) -> None:
        """Start while Terraform runs, because its libraries and its store are slow to load."""
        self._cloud = self._make(self._services, steps.note, self._beside)
        await self._cloud.start()

    async def follow(
        self, blueprint: Blueprint, steps: Steps, *, check_later: bool = False
    ) -> None:
        """Create the declared resources before the first task starts. `check_later`: if they have
        not changed, `check` restores what is missing."""
        cloud = self._started()
        with steps.step("aws endpoint") as step:
            await cloud.apply(blueprint, check_later=check_later)
            snapshot = cloud.snapshot()
            step.detail, step.failed = snapshot.url, snapshot.store == "failed"
        for note in snapshot.notes:
            steps.note(note)

    async def call(
        self, principal: Principal, service: str, operation: str,
        parameters: Mapping[str, Any], region: str = "",
    ) -> Mapping[str, Any]:  # fmt: skip
        """As in `Aws`."""
        return await self._started().aws.call(principal, service, operation, parameters, region)

    async def bucket_policy(self, bucket: str) -> str:
        """As in `Objects`."""
        return await self._started().objects.policy(bucket)

    def service(self, *given: Any, **named: Any) -> str:
        """As in `Asks`."""
        return self._started().asks.service(*given, **named)

    def role(self, *given: Any, **named: Any) -> str:
        """As in `Asks`."""
        return self._started().asks.role(*given, **named)

    def check(self) -> None:
        """Restore what was deleted by hand, in the background."""
        self._started().check()

    def task_environment(
        self, definition: TaskDefinition, task_id: str, source: str
    ) -> Mapping[str, str]:
        return self._started().callers.task(definition.task_role_arn, task_id, source)

    def may_read(self, definition: TaskDefinition, secret: str) -> str:
        """Why the task's execution role may not read a secret or a parameter; empty if it may."""
        return self._started().asks.may_read(definition, secret)

    def may_start(self, definition: TaskDefinition, _group: str) -> str:
        """Why ECS cannot start a task; empty if it can."""
        return self._started().asks.may_pull(definition)

    def environment(self, role: str, user: str) -> dict[str, str]:
        """The variables for a user's command. Raises MiniatureError before the start."""
        return self._started().callers.person(role, user)

    def urls(self, blueprint: Blueprint) -> dict[str, str]:
        """The queues' URLs, by their URLs on AWS."""
        return addresses.queue_urls(blueprint, self._started().snapshot().url)

    async def put_object(self, bucket: str, key: str, content: bytes) -> str:
        """Deliver an object as an AWS service does. Returns the error, or an empty text."""
        return await self._started().put_object(bucket, key, content)

    def expect_calls(self) -> None:
        """A call comes soon: the store starts meanwhile."""
        self._started().store.wake()

    def store_rests(self) -> bool:
        """Whether the store does not run, because no call comes and it has no messages."""
        return self._started().store.rests

    def snapshot(self) -> CloudSnapshot | None:
        return self._cloud.snapshot() if self._cloud is not None else None

    async def stop(self) -> None:
        if self._cloud is not None:
            await self._cloud.stop()

    @property
    def cloud(self) -> Cloud:
        """MiniatureError before the start."""
        return self._started()

    @property
    def cloud_if_started(self) -> Cloud | None:
        return self._cloud

    def _started(self) -> Cloud:
        if self._cloud is None:
            raise MiniatureError("the miniature has not started yet", remedy="try again then")
        return self._cloud
