"""Operations from start to end: statuses, events, failures, and interruptions.

"Stack status codes" and "Choose how to handle failures when provisioning resources",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bonkei.definitions.cloudformation.stacks.engine import Failed
from bonkei.definitions.cloudformation.stacks.events import status_change
from tests.bonkei.definitions.cloudformation.engine import RETAINED, TWO, Engine, there
from tests.bonkei.definitions.cloudformation.stacks import STACK, planned


async def test_a_creation() -> None:
    engine = Engine()
    stack = await engine.create()
    assert stack.status == "CREATE_COMPLETE"
    assert there(stack) == ["aaa", "bbb"]
    assert engine.events() == [
        "shop CREATE_IN_PROGRESS",
        "A CREATE_IN_PROGRESS",
        "A CREATE_IN_PROGRESS",
        "A CREATE_COMPLETE",
        "B CREATE_IN_PROGRESS",
        "B CREATE_IN_PROGRESS",
        "B CREATE_COMPLETE",
        "shop CREATE_COMPLETE",
    ]
    assert [(each.physical_id, each.reason) for each in stack.events[:3]] == [
        (stack.id, "User Initiated"),
        ("", ""),
        ("aaa", "Resource creation Initiated"),
    ]


async def test_a_failed_creation_is_rolled_back() -> None:
    engine = Engine()
    engine.world.failing = [Failed("shop.B", "BucketAlreadyExists: taken")]
    stack = await engine.create()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert there(stack) == []
    assert engine.world.followed == 2
    assert engine.events()[3:] == [
        "A CREATE_COMPLETE",
        "B CREATE_IN_PROGRESS",
        "B CREATE_IN_PROGRESS",
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
    engine = Engine()
    engine.world.failing = [Failed("shop.B", "no")]
    assert there(await engine.create(RETAINED % policy)) == left


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
async def test_a_deletion_with_retained_resources(policy: str) -> None:
    engine = Engine()
    await engine.create(RETAINED % policy)
    stack = await engine.delete()
    assert (stack.status, there(stack)) == ("DELETE_COMPLETE", ["aaa"])
    assert "A DELETE_SKIPPED" in engine.events()


async def test_a_retained_resource_keeps_its_name() -> None:
    engine = Engine()
    await engine.create(RETAINED % "Retain")
    await engine.delete()
    other = replace(STACK, id=STACK.id.replace("/0", "/1"))
    await engine.stacks.operate(other, "CREATE_IN_PROGRESS", planned(TWO, other))
    found = next(one for one in engine.stacks.everywhere() if one.id == other.id)
    assert found.status == "ROLLBACK_COMPLETE"
    reason = next(each.reason for each in found.events if each.status == "CREATE_FAILED")
    assert "'AWS::S3::Bucket' with identifier 'aaa' already exists" in reason


async def test_names_of_another_stack_and_of_terraform_are_in_use() -> None:
    engine = Engine()
    await engine.create()
    other = replace(STACK, id=STACK.id.replace("shop/0", "other/1"), name="other")
    await engine.stacks.operate(other, "CREATE_IN_PROGRESS", planned(TWO, other))
    found = next(one for one in engine.stacks.everywhere() if one.name == "other")
    assert any(each.reason == f"aaa already exists in stack {STACK.id}" for each in found.events)
    engine = Engine()
    engine.world.others = [("aws_s3_bucket", {"bucket": "bbb"})]
    assert (await engine.create()).status == "ROLLBACK_COMPLETE"
    assert "B CREATE_FAILED" in engine.events()


async def test_resources_made_by_hand() -> None:
    """A new resource does not replace one. A resource that the stack already has may change."""
    engine = Engine()
    engine.world.by_hand = [("aws_s3_bucket", "bbb")]
    stack = await engine.create()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "B CREATE_FAILED" in engine.events()
    engine = Engine()
    await engine.create()
    engine.world.by_hand = [("aws_s3_bucket", "aaa"), ("aws_s3_bucket", "bbb")]
    changed = TWO.replace("BucketName: bbb", "BucketName: bbb, Tags: [{ Key: a, Value: b }]")
    assert (await engine.update(changed)).status == "UPDATE_COMPLETE"


async def test_two_resources_with_one_name() -> None:
    engine = Engine()
    await engine.create(TWO.replace("BucketName: bbb", "BucketName: aaa"))
    assert "A CREATE_COMPLETE" in engine.events()
    assert "B CREATE_FAILED" in engine.events()


OWNED = """
Resources:
  It: { Type: AWS::%s, Properties: { PolicyDocument: { Statement: [{ Effect: Deny, %s }] }, %s } }
"""
TOPIC = "arn:aws:sns:eu-west-1:123456789012:a"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/q"
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
    engine = Engine()
    stack = await engine.create(text)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert any(each.reason.startswith(refusal) for each in stack.events)
    engine = Engine()
    engine.world.others = [owner]
    assert (await engine.create(text)).status == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("kind", "properties", "owner"),
    [
        ("SNS::TopicPolicy", f"Topics: ['{TOPIC}']", ("aws_sns_topic", TOPIC)),
        ("SQS::QueuePolicy", f"Queues: ['{QUEUE}']", ("aws_sqs_queue", QUEUE)),
    ],
)
async def test_a_call_may_have_made_the_topic_or_queue(
    kind: str, properties: str, owner: tuple[str, str]
) -> None:
    engine = Engine()
    engine.world.by_hand = [owner]
    stack = await engine.create(OWNED % (kind, OF_ALL, properties))
    assert stack.status == "CREATE_COMPLETE"


async def test_nothing_starts_after_a_fault() -> None:
    engine = Engine()
    stack = await engine.create(TWO.replace("BucketName: aaa", "BucketName: aaa, Colour: red"))
    assert engine.events()[1:3] == ["A CREATE_FAILED", "shop ROLLBACK_IN_PROGRESS"]
    assert "extraneous key [Colour] is not permitted" in next(
        each.reason for each in stack.events if each.status == "CREATE_FAILED"
    )


async def test_a_failed_creation_can_be_left_as_it_is() -> None:
    engine = Engine()
    engine.world.failing = [Failed("shop.B", "no")]
    stack = await engine.create(stack=replace(STACK, on_failure="DO_NOTHING"))
    assert (stack.status, there(stack)) == ("CREATE_FAILED", ["aaa"])


async def test_a_failed_creation_can_delete_the_stack() -> None:
    engine = Engine()
    engine.world.failing = [Failed("shop.B", "no")]
    stack = await engine.create(stack=replace(STACK, on_failure="DELETE"))
    assert (stack.status, there(stack)) == ("DELETE_COMPLETE", [])


async def test_events_for_eventbridge() -> None:
    """The examples of "CloudFormation event details"."""
    engine = Engine()
    await engine.create()
    kind, resources, detail = status_change(*engine.heard[-1])
    assert (kind, resources) == ("CloudFormation Stack Status Change", (STACK.id,))
    assert detail == {
        "stack-id": STACK.id,
        "status-details": {"status": "CREATE_COMPLETE", "status-reason": ""},
    }
    kind, _, detail = status_change(*engine.heard[-2])
    assert kind == "CloudFormation Resource Status Change"
    assert detail["logical-resource-id"] == "B"
    assert detail["physical-resource-id"] == "bbb"
    assert detail["resource-type"] == "AWS::S3::Bucket"
    assert len(engine.heard) == len(engine.stack.events)
