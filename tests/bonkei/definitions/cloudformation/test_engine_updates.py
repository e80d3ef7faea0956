"""Updates from start to end: replacements, failures, and rollbacks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bonkei.definitions.cloudformation.stacks.engine import Failed
from tests.bonkei.definitions.cloudformation.engine import OTHER, RETAINED, TWO, Engine, there


async def test_an_update_creates_before_it_deletes() -> None:
    """ "CloudFormation usually creates the replacement resource first, ... and then deletes the old
    resource." """
    engine = Engine()
    await engine.create()
    seen: list[list[str]] = []
    engine.world.instead = _noting(engine, seen)
    stack = await engine.update(OTHER)
    assert seen == [["aaa", "ccc", "bbb"], ["aaa", "ccc"]]
    assert stack.status == "UPDATE_COMPLETE"
    assert [each.physical_id for each in stack.resources] == ["aaa", "ccc"]
    assert engine.events()[-7:] == [
        "B UPDATE_IN_PROGRESS",
        "B UPDATE_IN_PROGRESS",
        "B UPDATE_COMPLETE",
        "shop UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "B DELETE_IN_PROGRESS",
        "B DELETE_COMPLETE",
        "shop UPDATE_COMPLETE",
    ]
    needs = "Requested update requires the creation of a new physical resource"
    assert [(each.physical_id, each.reason) for each in stack.events[-7:-5]] == [
        ("bbb", f"{needs}; hence creating one."),
        ("ccc", "Resource creation Initiated"),
    ]


def _noting(engine: Engine, seen: list[list[str]]) -> Callable[[], Awaitable[Sequence[Failed]]]:
    async def follow() -> Sequence[Failed]:
        seen.append(there(engine.stack))
        return []

    return follow


async def test_the_replaced_resource_may_be_retained() -> None:
    text = TWO.replace("B: { ", "B: { UpdateReplacePolicy: Retain, ")
    engine = Engine()
    await engine.create(text)
    stack = await engine.update(text.replace("BucketName: bbb", "BucketName: ccc"))
    assert there(stack) == ["aaa", "ccc", "bbb"]
    assert [each.physical_id for each in stack.retained] == ["bbb"]


async def test_a_failed_update_is_rolled_back() -> None:
    engine = Engine()
    before = await engine.create()
    engine.world.failing = [Failed("shop.B", "no")]
    text = OTHER.replace("BucketName: aaa", "BucketName: ddd")
    stack = await engine.update(text)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert there(stack) == ["aaa", "bbb"]
    assert stack.inputs == before.inputs
    assert "shop UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" in engine.events()
    assert (await engine.update(text)).status == "UPDATE_COMPLETE"


async def test_a_rollback_may_fail_too() -> None:
    engine = Engine()
    await engine.create()
    answers = iter([[Failed("shop.B", "no")], [Failed("shop.B", "no again")]])

    async def follow() -> Sequence[Failed]:
        return next(answers)

    engine.world.instead = follow
    stack = await engine.update(OTHER)
    assert stack.status == "UPDATE_ROLLBACK_FAILED"


async def test_resources_removed_from_the_template_are_deleted_or_retained() -> None:
    engine = Engine()
    await engine.create(RETAINED % "Retain")
    stack = await engine.update("Resources: { K: { Type: AWS::KMS::Key } }")
    assert [each.logical_id for each in stack.resources] == ["K"]
    assert there(stack)[1:] == ["aaa"]
    assert {"A DELETE_SKIPPED", "B DELETE_COMPLETE"} <= set(engine.events())


async def test_a_bucket_that_cannot_be_deleted() -> None:
    engine = Engine()
    await engine.create()
    engine.world.failing = [Failed("bucket bbb", "BucketNotEmpty: not empty")]
    stack = await engine.delete()
    assert (stack.status, there(stack)) == ("DELETE_FAILED", ["bbb"])
    assert stack.reason == "The following resource(s) failed to delete: [B]. "
    assert (await engine.delete()).status == "DELETE_COMPLETE"
