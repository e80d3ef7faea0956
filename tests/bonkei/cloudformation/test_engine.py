"""Operations from start to end: statuses, events, failures, and interruptions.

"Stack status codes" and "Choose how to handle failures when provisioning resources",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from bonkei.cloudformation.errors import TemplateError
from bonkei.cloudformation.stacks.engine import Failed, Stacks
from bonkei.cloudformation.stacks.status_change import status_change
from bonkei.cloudformation.stacks.store import FileStore, MemoryStore, Store
from bonkei.cloudformation.stacks.values import Stack, StackEvent
from bonkei.errors import BonkeiError
from tests.bonkei.cloudformation.stacks import STACK, World, planned

TWO = """
Resources:
  A: { Type: AWS::S3::Bucket, Properties: { BucketName: aaa } }
  B: { Type: AWS::S3::Bucket, DependsOn: A, Properties: { BucketName: bbb } }
"""
RETAINED = """
Resources:
  A: { Type: AWS::S3::Bucket, DeletionPolicy: %s, Properties: { BucketName: aaa } }
  B: { Type: AWS::S3::Bucket, DependsOn: A, Properties: { BucketName: bbb } }
"""


OTHER = TWO.replace("BucketName: bbb", "BucketName: ccc")


class Room:
    """An engine with doubles."""

    def __init__(self, store: Store | None = None) -> None:
        self.world = World()
        self.reports: list[str] = []
        self.heard: list[tuple[Stack, StackEvent]] = []
        ticks = count(1000)
        self.stacks = Stacks(
            store or MemoryStore(),
            self.world,
            lambda stack, event: self.heard.append((stack, event)),
            lambda: float(next(ticks)),
            self.reports.append,
        )

    async def create(self, text: str = TWO, stack: Stack = STACK) -> Stack:
        return await self.do(stack, "CREATE_IN_PROGRESS", text)

    async def update(self, text: str) -> Stack:
        return await self.do(self.stack, "UPDATE_IN_PROGRESS", text)

    async def delete(self) -> Stack:
        return await self.do(self.stack, "DELETE_IN_PROGRESS")

    async def do(self, stack: Stack, status: str, text: str = "") -> Stack:
        await self.stacks.operate(stack, status, planned(text, stack) if text else None)
        await self.stacks.idle()
        return self.stack

    @property
    def stack(self) -> Stack:
        return next(one for one in self.stacks.everywhere() if one.id == STACK.id)

    def events(self) -> list[str]:
        return [f"{each.logical_id} {each.status}" for each in self.stack.events]


def there(stack: Stack) -> list[str]:
    return [each.physical_id for each in stack.existing]


async def test_a_creation() -> None:
    room = Room()
    stack = await room.create()
    assert stack.status == "CREATE_COMPLETE"
    assert there(stack) == ["aaa", "bbb"]
    assert room.events() == [
        "shop CREATE_IN_PROGRESS",
        "A CREATE_IN_PROGRESS",
        "B CREATE_IN_PROGRESS",
        "A CREATE_COMPLETE",
        "B CREATE_COMPLETE",
        "shop CREATE_COMPLETE",
    ]
    assert stack.events[0].reason == "User Initiated"


async def test_a_failed_creation_is_rolled_back() -> None:
    room = Room()
    room.world.failing = [Failed("shop.B", "BucketAlreadyExists: taken")]
    stack = await room.create()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert there(stack) == []
    assert room.world.followed == 2
    assert room.events()[3:] == [
        "A CREATE_COMPLETE",
        "B CREATE_FAILED",
        "shop ROLLBACK_IN_PROGRESS",
        "A DELETE_IN_PROGRESS",
        "A DELETE_COMPLETE",
        "shop ROLLBACK_COMPLETE",
    ]
    failed = next(each for each in stack.events if each.status == "CREATE_FAILED")
    assert failed.reason == "BucketAlreadyExists: taken"
    begun = next(each for each in stack.events if each.status == "ROLLBACK_IN_PROGRESS")
    assert begun.reason == (
        "The following resource(s) failed to create: [B]. Rollback requested by user."
    )


@pytest.mark.parametrize(("policy", "left"), [("Retain", ["aaa"]), ("RetainExceptOnCreate", [])])
async def test_a_failed_creation_with_retained_resources(policy: str, left: list[str]) -> None:
    """ "RetainExceptOnCreate behaves like Retain except for the stack operation that initially
    creates the resource." """
    room = Room()
    room.world.failing = [Failed("shop.B", "no")]
    assert there(await room.create(RETAINED % policy)) == left


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
async def test_a_deletion_with_retained_resources(policy: str) -> None:
    room = Room()
    await room.create(RETAINED % policy)
    stack = await room.delete()
    assert (stack.status, there(stack)) == ("DELETE_COMPLETE", ["aaa"])
    assert "A DELETE_SKIPPED" in room.events()


async def test_a_retained_resource_keeps_its_name() -> None:
    room = Room()
    await room.create(RETAINED % "Retain")
    await room.delete()
    other = replace(STACK, id=STACK.id.replace("/0", "/1"))
    await room.stacks.operate(other, "CREATE_IN_PROGRESS", planned(TWO, other))
    found = next(one for one in room.stacks.everywhere() if one.id == other.id)
    assert found.status == "ROLLBACK_COMPLETE"
    reason = next(each.reason for each in found.events if each.status == "CREATE_FAILED")
    assert "'AWS::S3::Bucket' with identifier 'aaa' already exists" in reason


async def test_names_of_another_stack_and_of_terraform_are_in_use() -> None:
    room = Room()
    await room.create()
    other = replace(STACK, id=STACK.id.replace("shop/0", "other/1"), name="other")
    await room.stacks.operate(other, "CREATE_IN_PROGRESS", planned(TWO, other))
    found = next(one for one in room.stacks.everywhere() if one.name == "other")
    assert any(each.reason == f"aaa already exists in stack {STACK.id}" for each in found.events)
    room = Room()
    room.world.others = [("aws_s3_bucket", {"bucket": "bbb"})]
    assert (await room.create()).status == "ROLLBACK_COMPLETE"
    assert "B CREATE_FAILED" in room.events()


async def test_resources_made_by_hand() -> None:
    """A new resource does not replace one. A resource that the stack already has may change."""
    room = Room()
    room.world.by_hand = [("aws_s3_bucket", "bbb")]
    stack = await room.create()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "B CREATE_FAILED" in room.events()
    room = Room()
    await room.create()
    room.world.by_hand = [("aws_s3_bucket", "aaa"), ("aws_s3_bucket", "bbb")]
    changed = TWO.replace("BucketName: bbb", "BucketName: bbb, Tags: [{ Key: a, Value: b }]")
    assert (await room.update(changed)).status == "UPDATE_COMPLETE"


async def test_two_resources_with_one_name() -> None:
    room = Room()
    await room.create(TWO.replace("BucketName: bbb", "BucketName: aaa"))
    assert "A CREATE_COMPLETE" in room.events()
    assert "B CREATE_FAILED" in room.events()


OWNED = """
Resources:
  It: { Type: AWS::%s, Properties: { PolicyDocument: { Statement: [{ Effect: Deny, %s }] }, %s } }
"""
OF_ALL = "Principal: '*', Action: '*', Resource: '*'"


@pytest.mark.parametrize(
    ("kind", "statement", "properties", "owner", "refusal"),
    [
        (
            "S3::BucketPolicy",
            OF_ALL,
            "Bucket: nobodys",
            ("aws_s3_bucket", {"bucket": "nobodys"}),
            "The specified bucket does not exist: nobodys",
        ),
        (
            "IAM::ManagedPolicy",
            "Action: '*', Resource: '*'",
            "Roles: [nobody]",
            ("aws_iam_role", {"name": "nobody"}),
            "The role with name nobody cannot be found.",
        ),
        (
            "SNS::TopicPolicy",
            OF_ALL,
            "Topics: ['arn:aws:sns:eu-west-1:123456789012:a']",
            ("aws_sns_topic", {"arn": "arn:aws:sns:eu-west-1:123456789012:a"}),
            "Topic does not exist: arn:aws:sns:eu-west-1:123456789012:a",
        ),
    ],
)
async def test_a_dependency_must_exist(
    kind: str, statement: str, properties: str, owner: tuple[str, dict[str, str]], refusal: str
) -> None:
    text = OWNED % (kind, statement, properties)
    room = Room()
    stack = await room.create(text)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert any(each.reason.startswith(refusal) for each in stack.events)
    room = Room()
    room.world.others = [owner]
    assert (await room.create(text)).status == "CREATE_COMPLETE"


async def test_nothing_starts_after_a_fault() -> None:
    room = Room()
    stack = await room.create(TWO.replace("BucketName: aaa", "BucketName: aaa, Colour: red"))
    assert room.events()[1:3] == ["A CREATE_FAILED", "shop ROLLBACK_IN_PROGRESS"]
    assert "extraneous key [Colour] is not permitted" in next(
        each.reason for each in stack.events if each.status == "CREATE_FAILED"
    )


async def test_a_failed_creation_can_be_left_as_it_is() -> None:
    room = Room()
    room.world.failing = [Failed("shop.B", "no")]
    stack = await room.create(stack=replace(STACK, on_failure="DO_NOTHING"))
    assert (stack.status, there(stack)) == ("CREATE_FAILED", ["aaa"])


async def test_a_failed_creation_can_delete_the_stack() -> None:
    room = Room()
    room.world.failing = [Failed("shop.B", "no")]
    stack = await room.create(stack=replace(STACK, on_failure="DELETE"))
    assert (stack.status, there(stack)) == ("DELETE_COMPLETE", [])


async def test_an_update_creates_before_it_deletes() -> None:
    """ "CloudFormation usually creates the replacement resource first, ... and then deletes the old
    resource." """
    room = Room()
    await room.create()
    seen: list[list[str]] = []
    room.world.instead = _noting(room, seen)
    stack = await room.update(OTHER)
    assert seen == [["aaa", "ccc", "bbb"], ["aaa", "ccc"]]
    assert stack.status == "UPDATE_COMPLETE"
    assert [each.physical_id for each in stack.resources] == ["aaa", "ccc"]
    assert room.events()[-5:] == [
        "B UPDATE_IN_PROGRESS",
        "B UPDATE_COMPLETE",
        "shop UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "B DELETE_COMPLETE",
        "shop UPDATE_COMPLETE",
    ]


def _noting(room: Room, seen: list[list[str]]) -> Callable[[], Awaitable[Sequence[Failed]]]:
    async def follow() -> Sequence[Failed]:
        seen.append(there(room.stack))
        return []

    return follow


async def test_the_replaced_resource_may_be_retained() -> None:
    text = TWO.replace("B: { ", "B: { UpdateReplacePolicy: Retain, ")
    room = Room()
    await room.create(text)
    stack = await room.update(text.replace("BucketName: bbb", "BucketName: ccc"))
    assert there(stack) == ["aaa", "ccc", "bbb"]
    assert [each.physical_id for each in stack.retained] == ["bbb"]


async def test_a_failed_update_is_rolled_back() -> None:
    room = Room()
    before = await room.create()
    room.world.failing = [Failed("shop.B", "no")]
    text = OTHER.replace("BucketName: aaa", "BucketName: ddd")
    stack = await room.update(text)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert there(stack) == ["aaa", "bbb"]
    assert stack.inputs == before.inputs
    assert "shop UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" in room.events()
    assert (await room.update(text)).status == "UPDATE_COMPLETE"


async def test_a_rollback_may_fail_too() -> None:
    room = Room()
    await room.create()
    answers = iter([[Failed("shop.B", "no")], [Failed("shop.B", "no again")]])

    async def follow() -> Sequence[Failed]:
        return next(answers)

    room.world.instead = follow
    stack = await room.update(OTHER)
    assert stack.status == "UPDATE_ROLLBACK_FAILED"


async def test_resources_removed_from_the_template_are_deleted_or_retained() -> None:
    room = Room()
    await room.create(RETAINED % "Retain")
    stack = await room.update("Resources: { K: { Type: AWS::KMS::Key } }")
    assert [each.logical_id for each in stack.resources] == ["K"]
    assert there(stack)[1:] == ["aaa"]
    assert {"A DELETE_SKIPPED", "B DELETE_COMPLETE"} <= set(room.events())


async def test_a_bucket_that_cannot_be_deleted() -> None:
    room = Room()
    await room.create()
    room.world.failing = [Failed("bucket bbb", "BucketNotEmpty: not empty")]
    stack = await room.delete()
    assert (stack.status, there(stack)) == ("DELETE_FAILED", ["bbb"])
    assert stack.reason == "The following resource(s) failed to delete: [B]. "
    assert (await room.delete()).status == "DELETE_COMPLETE"


async def test_a_failing_miniature_fails_every_operation() -> None:
    room = Room()

    async def follow() -> Sequence[Failed]:
        raise BonkeiError("no space")

    room.world.instead = follow
    stack = await room.create()
    assert stack.status == "ROLLBACK_FAILED"
    assert {each.reason for each in stack.events if each.status.startswith("CREATE_F")} == {
        "no space"
    }


async def test_a_fault_of_the_miniature_leaves_no_stack_in_progress() -> None:
    room = Room()

    async def follow() -> Sequence[Failed]:
        raise ZeroDivisionError

    room.world.instead = follow
    assert (await room.create()).status == "ROLLBACK_FAILED"
    assert "ZeroDivisionError" in room.reports[0]


async def test_unreadable_definitions() -> None:
    room = Room()
    room.world.unreadable = "the state is not a JSON object"
    stack = await room.create()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "the state is not a JSON object" in {each.reason for each in stack.events}


async def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The operation waits, and continues when there is room again."""
    monkeypatch.setattr("bonkei.cloudformation.stacks.engine._PAUSE", 0.01)
    store = FullStore(tmp_path)
    room = Room(store)
    store.full_after = 1
    await room.stacks.operate(STACK, "CREATE_IN_PROGRESS", planned(TWO))
    await room.stacks.idle()
    assert room.stack.status == "CREATE_COMPLETE"
    assert room.reports == ["the stack shop waits: [Errno 28] No space left on device"] * 3


class FullStore(FileStore):
    """No room for three writes, after some successful ones."""

    full_after = 99
    _writes = 0

    def put(self, stack: Stack) -> None:
        self._writes += 1
        if self.full_after < self._writes <= self.full_after + 3:
            raise OSError(28, "No space left on device")
        super().put(stack)


@pytest.mark.parametrize("phase", [1, 2, 3])
async def test_an_operation_continues_after_a_kill(tmp_path: Path, phase: int) -> None:
    """Interrupted in each phase of an update that fails. The files on disk are enough."""
    room = Room(FileStore(tmp_path))
    await room.create()
    reached = asyncio.Event()
    calls = count(1)

    async def follow() -> Sequence[Failed]:
        if next(calls) == phase:
            reached.set()
            await asyncio.sleep(3600)
        return []

    room.world.instead = follow
    begun = asyncio.create_task(room.update(OTHER) if phase < 3 else room.delete())
    if phase == 3:
        calls = count(3)
    await asyncio.wait_for(reached.wait(), 60)
    begun.cancel()
    await room.stacks.stop()
    cut = room.stack
    assert cut.in_progress
    again = Room(FileStore(tmp_path))
    assert again.stack == cut
    again.stacks.resume()
    await again.stacks.idle()
    assert again.stack.status == ("DELETE_COMPLETE" if phase == 3 else "UPDATE_COMPLETE")
    assert there(again.stack) == ([] if phase == 3 else ["aaa", "ccc"])


async def test_stacks_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "stacks"
    room = Room(FileStore(folder))
    stack = await room.create()
    assert FileStore(folder).load() == [stack]
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("{}")
    with pytest.raises(TemplateError, match="is not a stack's file"):
        FileStore(folder).load()


async def test_deleted_stacks_are_dropped_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bonkei.cloudformation.stacks.engine.MOST_DELETED", 2)
    store = MemoryStore()
    room = Room(store)
    for number in range(4):
        stack = replace(STACK, id=f"{STACK.id}{number}")
        await room.stacks.operate(stack, "CREATE_IN_PROGRESS", planned(TWO, stack))
        created = next(one for one in room.stacks.everywhere() if one.id == stack.id)
        await room.stacks.operate(created, "DELETE_IN_PROGRESS")
    assert len(store.stacks) == 2


async def test_events_for_eventbridge() -> None:
    """The examples of "CloudFormation event details"."""
    room = Room()
    await room.create()
    kind, resources, detail = status_change(*room.heard[-1])
    assert (kind, resources) == ("CloudFormation Stack Status Change", (STACK.id,))
    assert detail == {
        "stack-id": STACK.id,
        "status-details": {"status": "CREATE_COMPLETE", "status-reason": ""},
    }
    kind, _, detail = status_change(*room.heard[-2])
    assert kind == "CloudFormation Resource Status Change"
    assert detail["logical-resource-id"] == "B"
    assert detail["physical-resource-id"] == "bbb"
    assert detail["resource-type"] == "AWS::S3::Bucket"
    assert len(room.heard) == len(room.stack.events)
