"""A stack's target, and its differences from the present state.

Update behaviors: "Update behaviors of stack resources",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.stacks.changes import KNOWN_AFTER_APPLY, is_empty
from bonkei.definitions.cloudformation.stacks.refusals import invalid
from bonkei.definitions.cloudformation.stacks.values import Stack, Target
from tests.bonkei.definitions.cloudformation.stacks import (
    PIPELINE,
    STACK,
    STATUS_PAGE,
    changed,
    planned,
)


def has(target: Target) -> Stack:
    """The stack after the target is reached."""
    return replace(STACK, inputs=target.inputs, resources=target.resources, outputs=target.outputs)


def bucket(properties: str, more: str = "") -> str:
    return f"""
Resources:
  Bucket: {{ Type: AWS::S3::Bucket, Properties: {{ {properties} }} {more} }}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties: {{ Bucket: !Ref Bucket, PolicyDocument: {{ Statement: [] }} }}
"""


def test_resources_come_after_their_references() -> None:
    names = [each.logical_id for each in planned(PIPELINE, **STATUS_PAGE).resources]
    assert names.index("Pipeline") > names.index("ArtifactAccess")  # DependsOn
    assert names.index("OperatorRole") > names.index("Pipeline")  # Fn::Sub
    assert names.index("KeyAlias") > names.index("Key")  # Ref
    assert names.index("StateBucket") > names.index("Key")  # Fn::GetAtt


def test_a_circle_is_refused_with_its_members() -> None:
    text = """
Resources:
  A: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Ref B } }
  B: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Sub "${A}" } }
  C: { Type: AWS::SNS::Topic, DependsOn: A }
"""
    refusal = r"Circular dependency between resources: \[A, B\]"
    with pytest.raises(TemplateError, match=refusal):
        planned(text)


def test_a_branch_that_is_not_chosen_makes_no_circle() -> None:
    text = """
Conditions: { Never: !Equals [a, b] }
Resources:
  A: { Type: AWS::SNS::Topic, Properties: { DisplayName: !If [Never, !Ref B, none] } }
  B: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Ref A } }
"""
    assert [each.logical_id for each in planned(text).resources] == ["A", "B"]


def test_everything_is_new_at_first() -> None:
    found = changed(STACK, planned(PIPELINE, **STATUS_PAGE))
    assert {each.action for each in found} == {"Add"}
    assert len(found) == 36


def test_the_same_template_gives_an_empty_plan() -> None:
    before = planned(PIPELINE, **STATUS_PAGE)
    stack = has(before)
    again = planned(PIPELINE, stack, **STATUS_PAGE)
    assert changed(stack, again) == ()
    assert is_empty(stack, again)
    commented = planned(PIPELINE.replace("# --- Logs", "# --- logs"), stack, **STATUS_PAGE)
    assert is_empty(stack, commented)


def test_a_change_in_place_has_its_property() -> None:
    stack = has(planned(PIPELINE, **STATUS_PAGE))
    found = changed(stack, planned(PIPELINE, stack, **STATUS_PAGE, TerraformVersion="1.15.6"))
    certain = [
        (each.logical_id, each.replacement, sorted({one.name for one in each.modified}))
        for each in found
        if any(one.shown != "without" for one in each.modified)
    ]
    assert certain == [
        ("PlanProject", "False", ["Environment"]),
        ("ApplyProject", "False", ["Environment"]),
    ]


def topics(one: str, two: str, more: str = "") -> str:
    return f"""
Parameters: {{ Word: {{ Type: String, Default: a }} }}
Resources:
  One: {{ Type: AWS::SNS::Topic, Properties: {{ {one} }} }}
  Two: {{ Type: AWS::SNS::Topic, Properties: {{ TopicName: two, {two} }} {more} }}
"""


@pytest.mark.parametrize(
    ("before", "after", "details"),
    [
        (
            topics("TopicName: a", "DisplayName: x"),
            topics("TopicName: a", "DisplayName: y"),
            ["Two.DisplayName x -> y Static DirectModification "],
        ),
        (
            topics("TopicName: a", "DisplayName: !Ref Word"),
            topics("TopicName: a", "DisplayName: !Sub '${Word}'").replace(
                "Default: a", "Default: b"
            ),
            [
                "Two.DisplayName a -> b Static ParameterReference Word",
                "Two.DisplayName a -> b Dynamic DirectModification ",
            ],
        ),
        (  # whether an attribute of a modified resource changes is not foreseen
            topics("TopicName: a, DisplayName: x", "DisplayName: !GetAtt One.DisplayName"),
            topics("TopicName: a, DisplayName: y", "DisplayName: !GetAtt One.DisplayName"),
            [
                "One.DisplayName x -> y Static DirectModification ",
                "Two.DisplayName x -> x Dynamic ResourceAttribute One.DisplayName without",
            ],
        ),
        (
            topics("TopicName: a", "DisplayName: !GetAtt One.TopicName"),
            topics("TopicName: b", "DisplayName: !Sub '${One.TopicName}'"),
            [
                "One.TopicName a -> b Static DirectModification ",
                f"Two.DisplayName a -> {KNOWN_AFTER_APPLY} Dynamic DirectModification  with",
                f"Two.DisplayName a -> {KNOWN_AFTER_APPLY} Static ResourceAttribute One.TopicName",
            ],
        ),
        (
            topics("TopicName: a", "DisplayName: x"),
            topics("TopicName: a", "FifoTopic: false"),
            [
                "Two.DisplayName x -> None Static DirectModification ",
                "Two.FifoTopic None -> false Static DirectModification ",
            ],
        ),
    ],
)
def test_what_a_change_set_shows(before: str, after: str, details: list[str]) -> None:
    stack = has(planned(before))
    assert [
        f"{change.logical_id}.{each.name} {each.before} -> {each.after} "
        f"{each.evaluation} {each.source} {each.cause} {each.shown}".removesuffix(" ")
        for change in changed(stack, planned(after, stack))
        for each in change.modified
    ] == details


def test_what_a_removed_resource_referred_to_is_not_looked_up() -> None:
    stack = has(planned(topics("TopicName: a", "DisplayName: !Ref One")))
    (removed,) = changed(stack, planned(topics("TopicName: a", "").partition("  Two")[0], stack))
    assert json.loads(removed.before)["Properties"] == {
        "TopicName": "two",
        "DisplayName": KNOWN_AFTER_APPLY,
    }


@pytest.mark.parametrize(("word", "policy"), [("a", "Retain"), ("b", "Delete")])
def test_a_policy_may_depend_on_parameters(word: str, policy: str) -> None:
    text = """
Parameters: { Word: { Type: String } }
Conditions: { Keep: !Equals [!Ref Word, a] }
Resources:
  A: { Type: AWS::SNS::Topic, DeletionPolicy: !If [Keep, Retain, Delete] }
"""
    assert planned(text, Word=word).resources[0].deletion_policy == policy
    with pytest.raises(TemplateError, match="instance of DeletionPolicy at A is not valid: Keep"):
        planned(text.replace("Delete]", "Keep]"), Word="b")


@pytest.mark.parametrize("value", ["!Ref A", "!GetAtt A.TopicArn", "!Sub '${A.TopicArn}'"])
def test_an_output_of_what_is_not_made(value: str) -> None:
    text = f"""
Conditions: {{ Never: !Equals [a, b] }}
Resources: {{ A: {{ Type: AWS::SNS::Topic, Condition: Never }}, B: {{ Type: AWS::SNS::Topic }} }}
Outputs: {{ O: {{ Value: {value} }} }}
"""
    refusal = r"Unresolved resource dependencies \[A\] in the Outputs block of the template"
    with pytest.raises(TemplateError, match=refusal):
        planned(text)


def test_a_policy_that_is_written_is_another_than_none() -> None:
    text = "Resources: { A: { Type: AWS::SNS::Topic, UpdateReplacePolicy: Delete } }"
    stack = has(planned(text))
    assert not is_empty(stack, planned(text.replace(", UpdateReplacePolicy: Delete", ""), stack))


def test_a_new_output_is_a_change() -> None:
    stack = has(planned(bucket("BucketName: aaa")))
    more = bucket("BucketName: aaa") + "Outputs: { Name: { Value: !Ref Bucket } }\n"
    after = planned(more, stack)
    assert changed(stack, after) == ()
    assert not is_empty(stack, after)


def test_another_name_replaces_the_resource_and_its_referrers() -> None:
    """`BucketName`: "Update requires: Replacement"; of the policy, `Bucket` too."""
    stack = has(planned(bucket("BucketName: aaa")))
    found = changed(stack, planned(bucket("BucketName: bbb"), stack))
    assert [(each.logical_id, each.replacement) for each in found] == [
        ("Bucket", "True"),
        ("Policy", "True"),
    ]


def test_a_replaced_resource_gets_another_generated_name() -> None:
    text = "Resources: {{ T: {{ Type: AWS::SNS::Topic, Properties: {{ FifoTopic: {} }} }} }}"
    stack = has(planned(text.format("false")))
    after = planned(text.format("true"), stack)
    assert after.resources[0].physical_id != stack.resources[0].physical_id
    assert after.resources[0].generation == 2
    assert planned(text.format("true"), has(after)).resources == after.resources


def test_a_resource_that_was_removed_comes_back_as_a_new_one() -> None:
    """A key that waits for its deletion does not come back. A retained topic keeps its name."""
    text = "Resources: { K: { Type: AWS::KMS::Key }, T: { Type: AWS::SNS::Topic } }"
    first = has(planned(text))
    less = planned("Resources: { T: { Type: AWS::SNS::Topic } }", first)
    removed = replace(first, resources=less.resources, updated=5.0)
    again = planned(text, removed).resources
    assert again[0].physical_id != first.resources[0].physical_id
    assert again[1].physical_id == first.resources[1].physical_id


def test_a_named_resource_cannot_be_replaced() -> None:
    """ "CloudFormation cannot update a stack when a custom-named resource requires replacing." """
    text = "Resources: { R: { Type: AWS::IAM::Role, Properties: { RoleName: a, Path: %s, %s } } }"
    trust = "AssumeRolePolicyDocument: { Statement: [] }"
    stack = has(planned(text % ("/a/", trust)))
    (role,) = planned(text % ("/b/", trust), stack).resources
    assert role.reason.endswith("requires replacing. Rename a and update the stack again.")


def test_another_type_under_the_same_name_is_refused() -> None:
    stack = has(planned("Resources: { A: { Type: AWS::SNS::Topic } }"))
    with pytest.raises(TemplateError, match="Update of resource type is not permitted: A"):
        planned("Resources: { A: { Type: AWS::SQS::Queue } }", stack)


def test_a_resource_that_left_the_template_is_deleted() -> None:
    stack = has(planned(bucket("BucketName: aaa", ", DeletionPolicy: Retain")))
    found = changed(stack, planned("Resources: { K: { Type: AWS::KMS::Key } }", stack))
    assert [(each.action, each.logical_id, each.policy) for each in found] == [
        ("Add", "K", ""),
        ("Remove", "Bucket", "Retain"),
        ("Remove", "Policy", ""),
    ]


@pytest.mark.parametrize(
    ("given", "source", "role"),
    [
        ({}, "CodeCommit", "codecommit:GetBranch"),
        (
            {
                "CodeCommitRepositoryName": "",
                "ConnectionArn": "arn:aws:codeconnections:ap-northeast-1:123456789012:connection/a",
                "ConnectionRepositoryId": "owner/name",
            },
            "CodeStarSourceConnection",
            "codeconnections:UseConnection",
        ),
    ],
)
def test_the_pipelines_two_sources(given: dict[str, str], source: str, role: str) -> None:
    made = {one.logical_id: one for one in planned(PIPELINE, **STATUS_PAGE | given).resources}
    (stage, *_) = made["Pipeline"].properties["Stages"]
    assert [each["ActionTypeId"]["Provider"] for each in stage["Actions"]] == [source]
    (policy,) = made["PipelineRole"].properties["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    assert [each["Sid"] for each in statements] == ["Builds", "Source"]
    assert role in statements[1]["Action"]


def test_optional_resources_in_the_pipelines_template() -> None:
    topic = "arn:aws:sns:ap-northeast-1:123456789012:plans"
    more = {"ApprovalNotificationTopicArn": topic, "IdentityCenterPermissionSet": "Operators"}
    made = {one.logical_id: one for one in planned(PIPELINE, **STATUS_PAGE, **more).resources}
    trust = made["OperatorRole"].properties["AssumeRolePolicyDocument"]["Statement"]
    assert "AWSReservedSSO_Operators_" in trust[1]["Condition"]["ArnLike"]["aws:PrincipalArn"]
    approve = made["Pipeline"].properties["Stages"][3]["Actions"][0]["Configuration"]
    assert approve["NotificationArn"] == topic
    plain = {one.logical_id: one for one in planned(PIPELINE, **STATUS_PAGE).resources}
    assert len(plain["OperatorRole"].properties["AssumeRolePolicyDocument"]["Statement"]) == 1
    approve = plain["Pipeline"].properties["Stages"][3]["Actions"][0]["Configuration"]
    assert "NotificationArn" not in approve


@pytest.mark.parametrize(("name", "refused"), [("a" * 11, set()), ("a" * 12, {"Name"})])
def test_the_pipelines_names_are_refused_before_anything_is_made(
    name: str, refused: set[str]
) -> None:
    """Each part may have 19 characters, both together 21, as Terraform's variable says."""
    given = STATUS_PAGE | {"ServiceName": name, "EnvironmentIdentifier": "production"}
    made = planned(PIPELINE, **given).resources
    assert made[0].logical_id == "Name"
    assert set(invalid(made)) == refused
