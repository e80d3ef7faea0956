"""CloudFormation's stacks in the miniature: their resources join Terraform's."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei.aws_service import AwsService
from bonkei.blueprint import Blueprint, BlueprintError
from bonkei.blueprint.state import Resource
from bonkei.cloudformation.service.service import service
from bonkei.cloudformation.stacks.conflicts import Name, names_of
from bonkei.cloudformation.stacks.engine import Failed, Stacks
from bonkei.cloudformation.stacks.resources import gaps, resources_of
from bonkei.cloudformation.stacks.status_change import status_change
from bonkei.cloudformation.stacks.store import FileStore
from bonkei.cloudformation.stacks.values import Stack, StackEvent, StackSnapshot
from bonkei.events import Bus, ServiceEvent
from bonkei.miniature.applied import Definitions

if TYPE_CHECKING:
    from bonkei.cloud.calls.record import Record
    from bonkei.cloud.objects import Objects

_NOTE = re.compile(r"(.+?) (?:is not as declared|stays): (.*)", re.DOTALL)
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
"""The operations that end a resource, and Terraform's type of it."""


def stacked(directory: Path) -> tuple[Resource, ...]:
    """The resources of the stacks below a home, whether a miniature runs or not."""
    return tuple(resources_of(FileStore(directory).load()))


class StackRoom:
    """`follow` lets the miniature have what the stacks have now, and returns the endpoint's notes
    on what differs; `objects` is the endpoint's S3, for a template's URL."""

    def __init__(
        self,
        directory: Path,
        definitions: Definitions,
        follow: Callable[[], Awaitable[Sequence[str]]],
        objects: Callable[[], Objects],
        bus: Bus,
        report: Callable[[str], None],
    ) -> None:
        self._definitions = definitions
        self._follow = follow
        self._objects = objects
        self._bus = bus
        self._stacks = Stacks(FileStore(directory), self, self._on_event, report=report)
        self.service: AwsService = service(self._stacks, self._get_object)
        self.resume = self._stacks.resume
        self.stop = self._stacks.stop

    def read(self) -> Blueprint:
        """The blueprint of Terraform's state and of the stacks. BlueprintError."""
        stacks = self._stacks.everywhere()
        blueprint = self._definitions.read(tuple(resources_of(stacks)))
        return replace(blueprint, not_simulated=(*blueprint.not_simulated, *gaps(stacks)))

    async def follow(self) -> Sequence[Failed]:
        """For the stacks."""
        try:
            notes = await self._follow()
        except BlueprintError as error:
            return [Failed(error.address, error.message)]
        found = [_NOTE.fullmatch(note) for note in notes]
        return [Failed(one[1], one[2]) for one in found if one is not None]

    def snapshot(self) -> Sequence[StackSnapshot]:
        """For `bonkei status`."""
        return [
            StackSnapshot(stack.name, stack.status, len(stack.resources), stack.reason)
            for stack in self._stacks.everywhere()
            if not stack.gone
        ]

    def hear_call(self, call: Record) -> None:
        """Somebody has deleted what a stack has retained: it is nobody's any more."""
        kind = _DELETIONS.get((call.service, call.operation))
        if kind is not None and call.status < _REFUSED:
            name = call.resource.rpartition(":")[2].rpartition("/")[2] or call.resource
            self._stacks.release(kind, (name, call.resource))

    def _on_event(self, stack: Stack, event: StackEvent) -> None:
        happened = status_change(stack, event)
        self._bus.publish(ServiceEvent("aws.cloudformation", *happened, event.time))

    async def elsewhere(self) -> Iterable[Name]:
        """The names of Terraform's resources."""
        resources: Sequence[Resource] = await asyncio.to_thread(self._definitions.resources)
        return list(names_of((each.type, each.values) for each in resources if _is_own(each)))

    async def _get_object(self, bucket: str, key: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "template"
            await self._objects().get("", "cloudformation", (bucket, key), file)
            return file.read_bytes()


def _is_own(each: Resource) -> bool:
    return each.mode == "managed"
