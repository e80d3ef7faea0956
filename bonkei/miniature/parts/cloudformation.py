"""CloudFormation's stacks in the miniature: their resources join Terraform's."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei.base.arn import Arn
from bonkei.base.aws_service import ADMINISTRATOR, AwsService, AwsServiceError, Later
from bonkei.base.events import Bus, ServiceEvent
from bonkei.blueprint import Blueprint, BlueprintError
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.blueprint.state import Resource
from bonkei.definitions.cloudformation.resources.kind import TypedValues
from bonkei.definitions.cloudformation.stacks.conflicts import Name
from bonkei.definitions.cloudformation.stacks.engine import Failed, Stacks
from bonkei.definitions.cloudformation.stacks.events import status_change
from bonkei.definitions.cloudformation.stacks.store import FileStore
from bonkei.definitions.cloudformation.stacks.stored import resources_of
from bonkei.definitions.cloudformation.stacks.values import Stack, StackEvent, StackSnapshot
from bonkei.miniature.applied import Definitions
from bonkei.miniature.parts.attached import Attached, attached

if TYPE_CHECKING:
    from bonkei.services.endpoint.calls.record import Record
    from bonkei.services.endpoint.cloud import Cloud

_NOTE = re.compile(r"(.+?) (?:is not as declared|stays): (.*)", re.DOTALL)
_LOOKS = {
    "aws_cloudwatch_log_group": ("logs", "DescribeLogStreams", "logGroupName"),
    "aws_codecommit_repository": ("codecommit", "GetRepository", "repositoryName"),
    "aws_dynamodb_table": ("dynamodb", "DescribeTable", "TableName"),
    "aws_kms_alias": ("kms", "DescribeKey", "KeyId"),
    "aws_sns_topic": ("sns", "GetTopicAttributes", "TopicArn"),
    "aws_sqs_queue": ("sqs", "GetQueueUrl", "QueueName"),
    "aws_ssm_parameter": ("ssm", "GetParameter", "Name"),
}
"""The call that finds a resource of Terraform's type: service, operation, and the member with its
name."""
_REFUSED = 300
_DELETIONS = {
    ("dynamodb", "DeleteTable"): "aws_dynamodb_table",
    ("kms", "ScheduleKeyDeletion"): "aws_kms_key",
    ("logs", "DeleteLogGroup"): "aws_cloudwatch_log_group",
    ("s3", "DeleteBucket"): "aws_s3_bucket",
    ("sns", "DeleteTopic"): "aws_sns_topic",
    ("sqs", "DeleteQueue"): "aws_sqs_queue",
    ("ssm", "DeleteParameter"): "aws_ssm_parameter",
}
"""The operations that delete a resource, and Terraform's type of it."""


class StackPart:
    """`follow` gives the miniature the stacks' present resources, and returns the endpoint's notes
    on differences. `cloud`: the endpoint, for a template's URL and for resources created by
    hand. `revisions`: the task definitions that ECS knows."""

    name = "stacks"

    def __init__(
        self,
        directory: Path,
        definitions: Definitions,
        follow: Callable[[], Awaitable[Sequence[str]]],
        cloud: Callable[[], Cloud],
        bus: Bus,
        report: Callable[[str], None],
        revisions: Callable[[], Sequence[TaskDefinition]] = tuple,
    ) -> None:
        self._definitions = definitions
        self._revisions = revisions
        self._follow = follow
        self._cloud = cloud
        self._bus = bus
        self._stacks = Stacks(FileStore(directory), self, self._on_event, report=report)
        settled = (stack for stack in self._stacks.everywhere() if not stack.in_progress)
        self._attached = Attached(lambda: cloud().aws, resources_of(settled))
        self.service: AwsService = Later(self._answering)
        self.resume = self._stacks.resume
        self.stop = self._stacks.stop

    def _answering(self) -> AwsService:
        from bonkei.definitions.cloudformation.service.service import service  # noqa: PLC0415 - see `Later`

        return service(self._stacks, self._get_object)

    def read(self) -> Blueprint:
        """The blueprint of Terraform's state and of the stacks. Raises BlueprintError."""
        stacks = self._stacks.everywhere()
        blueprint = self._definitions.read(tuple(resources_of(stacks)), self._revisions())
        if not stacks:
            return blueprint
        from bonkei.definitions.cloudformation.stacks.gaps import gaps  # noqa: PLC0415 - it loads all kinds

        return replace(blueprint, not_simulated=(*blueprint.not_simulated, *gaps(stacks)))

    def resources(self) -> Sequence[Resource]:
        """The resources of Terraform's state and of the stacks."""
        return [*self._definitions.resources(), *resources_of(self._stacks.everywhere())]

    async def follow(self) -> Sequence[Failed]:
        """For the stacks."""
        try:
            notes = await self._follow()
        except BlueprintError as error:
            return [Failed(error.address, error.message)]
        found = [_NOTE.fullmatch(note) for note in notes]
        own = tuple(resources_of(self._stacks.everywhere()))
        declared = await asyncio.to_thread(self.resources) if own else ()
        more = await self._attached.follow(attached(own, declared))
        return [*(Failed(one[1], one[2]) for one in found if one is not None), *more]

    def snapshot(self) -> Sequence[StackSnapshot]:
        """For `bonkei status`."""
        return [
            StackSnapshot(stack.name, stack.status, len(stack.resources), stack.reason)
            for stack in self._stacks.everywhere()
            if not stack.gone
        ]

    def hear_call(self, call: Record) -> None:
        """A person has deleted a resource that a stack has retained. So no stack owns it any
        more."""
        kind = _DELETIONS.get((call.service, call.operation))
        if kind is not None and call.status < _REFUSED:
            name = call.resource.rpartition(":")[2].rpartition("/")[2] or call.resource
            self._stacks.release(kind, (name, call.resource))

    def _on_event(self, stack: Stack, event: StackEvent) -> None:
        happened = status_change(stack, event)
        self._bus.publish(ServiceEvent("aws.cloudformation", *happened, event.time))

    async def elsewhere(self) -> Sequence[TypedValues]:
        """Terraform's resources."""
        resources: Sequence[Resource] = await asyncio.to_thread(self._definitions.resources)
        return [(each.type, each.values) for each in resources if each.mode == "managed"]

    async def exists(self, name: Name) -> bool:
        """Whether a person has made it by hand."""
        kind, identity = name
        if kind == "aws_s3_bucket":
            return await self._cloud().has_bucket(identity)
        if kind not in _LOOKS:
            return False
        service, operation, member = _LOOKS[kind]
        short = identity.rpartition(":")[2]
        if kind == "aws_sqs_queue":  # an ARN or a URL
            short = short.rpartition("/")[2]
        named, region = {member: short}, ""
        if kind == "aws_sns_topic":
            named, region = {member: identity}, Arn.of(identity).region
        try:
            await self._cloud().aws.call(ADMINISTRATOR, service, operation, named, region)
        except AwsServiceError:
            return False
        return True

    async def _get_object(self, bucket: str, key: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "template"
            await self._cloud().objects.get("", "cloudformation", (bucket, key), file)
            return file.read_bytes()
