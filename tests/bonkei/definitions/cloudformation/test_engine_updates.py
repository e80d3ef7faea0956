"""Updates from start to end: replacements, failures, and rollbacks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bonkei.definitions.cloudformation.stacks.engine import Failed
from tests.bonkei.definitions.cloudformation.engine_room import OTHER, RETAINED, TWO, Room, there


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
