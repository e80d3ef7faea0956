"""Each type's properties in Terraform's names, and the refusals of AWS's schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bonkei import blueprint
from bonkei.blueprint import Blueprint
from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.resources.catalogue import KINDS
from bonkei.definitions.cloudformation.resources.kind import Request
from bonkei.definitions.cloudformation.resources.schemas import schema_of
from bonkei.definitions.cloudformation.stacks.gaps import gaps
from bonkei.definitions.cloudformation.stacks.refusals import invalid
from bonkei.definitions.cloudformation.stacks.stored import resources_of
from bonkei.definitions.cloudformation.stacks.values import Stack, StackResource
from bonkei.definitions.provider import schema
from bonkei.services.sns.subscriptions import Subscriptions
from scripts.extract_cloudformation_types import SERVED
from tests.bonkei.definitions.cloudformation.stacks import (
    PIPELINE,
    PLACE,
    STACK,
    STATUS_PAGE,
    planned,
)

EVERYTHING = (Path(__file__).parent / "everything.yaml").read_text(encoding="utf-8")


def resources(text: str = EVERYTHING, **given: str) -> tuple[StackResource, ...]:
    return planned(text, **given).resources


def read(made: tuple[StackResource, ...]) -> Blueprint:
    stack = Stack(STACK.id, "shop", 1.0, resources=made)
    return blueprint.read({}, resources_of([stack]))


def test_each_type_is_served_with_its_schema() -> None:
    assert set(KINDS) == set(SERVED)
    for name, kind in KINDS.items():
        properties = schema_of(name).document["properties"]
        assert {path.partition(".")[0] for path in kind.unserved} <= set(properties)
        assert not kind.named_by or kind.named_by in properties


def test_each_type_is_in_the_example() -> None:
    assert {each.type for each in resources()} == set(KINDS)
    assert [each.reason for each in resources() if each.reason] == []


@pytest.mark.parametrize("text", [EVERYTHING, PIPELINE])
def test_terraforms_state_could_have_the_resource(text: str) -> None:
    """Every attribute and block is one of the AWS provider's schema."""
    known = schema.load("aws-schema.json.gz").resources
    given = STATUS_PAGE if text is PIPELINE else {}
    for each in resources(text, **given):
        for kind, values in each.state:
            assert list(_unknown(known[kind], values)) == [], (each.logical_id, kind)


def _unknown(block: schema.Block, values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if name in block.blocks:
            assert isinstance(value, list)
            for each in value:
                yield from _unknown(block.blocks[name].block, each)
        elif name not in block.attributes:
            yield name


@pytest.mark.parametrize("text", [EVERYTHING, PIPELINE])
def test_aws_would_accept_the_resource(text: str) -> None:
    assert invalid(resources(text, **(STATUS_PAGE if text is PIPELINE else {}))) == {}


SHOWN = {"ArchivePolicy", "WebsiteConfiguration.RoutingRules"}
"""Read, because calls show them; and without an effect."""


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_property_is_either_read_or_listed_as_unserved(name: str) -> None:
    """A resource gets every property of AWS's schema. Each property is read at any depth, or
    `unserved` says what it means here. A property that is read has no such reason any more.
    """
    kind, known = KINDS[name], schema_of(name)
    whole = _Sample(known.document.get("definitions", {}))
    properties = whole.of({**known.document, "type": "object"}, "")
    kind.make(Request("stack", "Logical", properties, "0" * 64, PLACE))
    unread = {
        path
        for path in whole.paths - whole.read
        if path.partition(".")[0] not in known.read_only
        and not any(path == one or path.startswith(f"{one}.") for one in kind.unserved)
    }
    assert unread == set()
    assert whole.read & kind.unserved.keys() <= SHOWN


class _Sample:
    """A value with every property of a schema. It records which of them are read."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self.paths: set[str] = set()
        self.read: set[str] = set()

    def of(self, schema: Any, path: str) -> Any:
        while "$ref" in schema or "oneOf" in schema:
            if "$ref" in schema:
                schema = self._definitions[schema["$ref"].rpartition("/")[2]]
            elif "type" in schema or "properties" in schema:
                break
            else:
                schema = schema["oneOf"][0]
        kinds = schema.get("type", "string")
        kind = "array" if "array" in kinds else kinds
        if schema.get("properties") and kind != "array":
            members = {}
            for name, each in schema["properties"].items():
                here = f"{path}.{name}".lstrip(".")
                self.paths.add(here)
                members[name] = self.of(each, here)
            return _Seen(members, path, self.read)
        if kind == "array":
            return [self.of(schema.get("items", {}), path)]
        if "object" in kind:
            return {}
        return {"integer": 1, "number": 1, "boolean": True}.get(kind, schema.get("enum", ["1"])[0])


class _Seen(dict[str, Any]):
    """Records which of its members are read."""

    def __init__(self, members: Mapping[str, Any], path: str, read: set[str]) -> None:
        super().__init__(members)
        self._path = path
        self._read = read

    def _note(self, name: object) -> None:
        self._read.add(f"{self._path}.{name}".lstrip("."))

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._note(name)
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._note(name)
        return super().get(name, default)

    def items(self) -> Any:
        """The whole value, as JSON."""
        for name in self:
            self._note(name)
        return super().items()


def test_the_blueprint_reads_the_resource(tmp_path: Path) -> None:
    found = read(resources())
    (bucket,) = [one for one in found.buckets if one.name == "everything"]
    assert "versioning" in {setting.name for setting in bucket.settings}
    assert (bucket.encryption, bucket.object_lock) == ("aws:kms", True)
    assert {one.name for one in bucket.settings} == {
        *("versioning", "encryption", "ownershipControls", "publicAccessBlock", "object-lock"),
        *("lifecycle", "cors", "logging", "website", "notification", "policy", "tagging"),
    }
    (table,) = found.tables
    assert table.definition["GlobalSecondaryIndexes"][0]["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["total"],
    }
    assert (table.ttl_attribute, table.recovery) == ("ends", True)
    (role,) = found.roles
    assert {one.sid for one in role.statements} == {"Inline", "Policy", "RolePolicy", "Managed"}
    assert role.managed_policies[0][1] == "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert [one.sid for one in role.boundary] == ["Managed"]
    (website,) = [one.document for one in bucket.settings if one.name == "website"]
    moved = {"Condition": {"KeyPrefixEquals": "a/"}, "Redirect": {"ReplaceKeyWith": "b"}}
    assert website["RoutingRules"] == {"RoutingRule": [moved]}
    (topic,) = found.topics
    assert topic.attributes["ArchivePolicy"] == '{"MessageRetentionPeriod": "30"}'
    assert {one.protocol for one in topic.subscriptions} == {"sqs", "email"}
    book = Subscriptions(tmp_path / "subscriptions.json")
    book.follow(found.topics)  # SNS has each by the name that the stack tells
    assert {one.arn for one in topic.subscriptions} == {one.arn for one in book.all()}
    (queue,) = [one for one in found.queues if one.name == "everything"]
    assert queue.attributes["VisibilityTimeout"] == "7"
    assert "Policy" in queue.attributes
    (rule,) = found.event_rules
    assert [one.input_paths for one in rule.deliveries] == [(("id", "$.id"),), (), ()]
    assert [one.retries for one in rule.deliveries] == [3, -1, 3]
    *_, task = rule.deliveries
    vpc = {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "ENABLED"}
    assert task.ecs["NetworkConfiguration"] == {"awsvpcConfiguration": vpc}
    assert (task.ecs["TaskCount"], task.ecs["Group"], task.event_age) == (2, "everything", 60)
    assert task.ecs["Tags"] == [{"Key": "a", "Value": "b"}]
    [provider] = task.ecs["CapacityProviderStrategy"]
    assert provider == {"capacityProvider": "FARGATE_SPOT", "base": 1, "weight": 1}
    (project,) = found.build_projects
    assert project.environment == (("A", "b", "PLAINTEXT"), ("C", "/d", "PARAMETER_STORE"))
    pipeline, _ = found.pipelines
    assert pipeline.stages[1].actions[0].configuration == (("ProjectName", "everything"),)
    assert [one.name for one in found.code_repositories] == ["everything"]
    assert [one.value for one in found.parameters] == ["value"]


LENIENT = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: builds
      AssumeRolePolicyDocument: { Statement: [] }
  Project:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: !Ref Role
      Artifacts: { Type: NO_ARTIFACTS }
      Source: { Type: NO_SOURCE, BuildSpec: "version: 0.2" }
      Environment: { Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL, Image: "i" }
  Rule:
    Type: AWS::Events::Rule
    Properties: { ScheduleExpression: "", EventPattern: { source: [a] } }
  Topic: { Type: AWS::SNS::Topic, Properties: { DisplayName: shown } }
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Value: !GetAtt Topic.DisplayName }
"""


def test_values_that_aws_takes_in_another_form() -> None:
    """A role's name, a schedule that is none, and an attribute that is a property."""
    made = resources(LENIENT)
    assert not invalid([each for each in made if each.logical_id != "Role"])
    found = read(made)
    assert found.build_projects[0].role_arn.endswith(":role/builds")
    assert found.event_rules[0].schedule == ""
    assert [one.value for one in found.parameters] == ["shown"]


@pytest.mark.parametrize(
    ("properties", "attributes"),
    [
        ("DelaySeconds: 6", {"SqsManagedSseEnabled": "true"}),
        ("KmsMasterKeyId: alias/a", {"KmsMasterKeyId": "alias/a"}),
    ],
)
def test_a_queue_is_encrypted_unless_it_has_a_key(
    properties: str, attributes: dict[str, str]
) -> None:
    text = f"Resources: {{ Q: {{ Type: AWS::SQS::Queue, Properties: {{ {properties} }} }} }}"
    (queue,) = read(resources(text)).queues
    assert {**queue.attributes, **attributes} == dict(queue.attributes)
    assert ("KmsMasterKeyId" in attributes) != ("SqsManagedSseEnabled" in queue.attributes)


@pytest.mark.parametrize(
    ("region", "topic", "reason"),
    [
        ("", "ap-northeast-1", ""),
        ("Region: eu-west-1,", "eu-west-1", ""),
        ("", "eu-west-1", "Invalid parameter: TopicArn"),
        ("Region: eu-west-1,", "ap-northeast-1", "Invalid parameter: TopicArn"),
    ],
)
def test_the_topic_of_a_subscription_is_in_its_region(region: str, topic: str, reason: str) -> None:
    """The stack's, if it names none: "AWS::SNS::Subscription", `Region`."""
    given = f"TopicArn: 'arn:aws:sns:{topic}:123456789012:t', Protocol: sqs, {region}"
    text = f"Resources: {{ S: {{ Type: AWS::SNS::Subscription, Properties: {{ {given} }} }} }}"
    (made,) = planned(text).resources
    assert reason in made.reason
    assert bool(made.reason) == bool(reason)


def test_a_generated_name() -> None:
    """STACK-LOGICALID-12 characters: "Name type". A bucket's is in lower case."""
    text = """
Resources:
  Bucket: { Type: AWS::S3::Bucket }
  ARoleWithARatherLongLogicalIdThatDoesNotFitIntoAName:
    Type: AWS::IAM::Role
    Properties: { AssumeRolePolicyDocument: { Statement: [] } }
"""
    bucket, role = resources(text)
    assert bucket.physical_id.startswith("shop-bucket-")
    assert bucket.physical_id == bucket.physical_id.lower()
    assert len(bucket.physical_id) == len("shop-bucket-") + 12
    assert len(role.physical_id) <= 64
    again, _ = resources(text)
    assert again.physical_id == bucket.physical_id


@pytest.mark.parametrize(
    ("kind", "properties", "problem"),
    [
        ("S3::Bucket", "BucketNames: x", r"#: extraneous key \[BucketNames\] is not permitted"),
        ("S3::Bucket", "Arn: x", r"#: extraneous key \[Arn\] is not permitted"),
        ("IAM::Role", "RoleName: x", "The property {/AssumeRolePolicyDocument} is required"),
        ("KMS::Key", "KeySpec: AES", r"#/KeySpec: failed validation constraint .* \[enum\]"),
        ("KMS::Key", "PendingWindowInDays: 3", "#/PendingWindowInDays: 3 is not greater or equal"),
        ("KMS::Key", "EnableKeyRotation: maybe", "#/EnableKeyRotation: expected type: Boolean"),
        ("Logs::LogGroup", "RetentionInDays: 2", r"#/RetentionInDays: failed .* \[enum\]"),
        ("S3::Bucket", "VersioningConfiguration: { Status: On }", "#/Versioning.*/Status"),
        ("S3::Bucket", "Tags: { a: b }", "#/Tags: expected type: JSONArray, found: JSONObject"),
        ("CodePipeline::Pipeline", "RoleArn: x, Stages: []", "exactly one of"),
        ("SNS::TopicPolicy", "PolicyDocument: {}", "The property {/Topics} is required"),
    ],
)  # fmt: skip
def test_properties_that_the_schema_refuses(kind: str, properties: str, problem: str) -> None:
    text = f"Resources: {{ It: {{ Type: AWS::{kind}, Properties: {{ {properties} }} }} }}"
    (it,) = resources(text)
    begin = "Properties validation failed for resource It with message:\n#", "Property validation"
    assert it.reason.startswith(begin)
    assert re.search(problem, it.reason), it.reason


def test_numbers_and_booleans_may_be_strings_and_the_other_way_round() -> None:
    text = """
Resources:
  Key: { Type: AWS::KMS::Key, Properties: { EnableKeyRotation: "true", PendingWindowInDays: "7" } }
  Parameter: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: 7 } }
"""
    key, parameter = resources(text)
    assert key.properties == {"EnableKeyRotation": True, "PendingWindowInDays": 7}
    assert parameter.properties["Value"] == "7"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Type: AWS::S3::Bucket, Properties: { BucketName: Abc }", "[pattern]"),
        (
            "Type: AWS::KMS::Alias, Properties: { AliasName: alias/aws/a, TargetKeyId: b }",
            "alias/aws",
        ),
        (
            "Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Statement: [{}] } }",
            "Not a policy that IAM accepts",
        ),
        (
            (
                "Type: AWS::S3::Bucket, Properties: { LifecycleConfiguration: { Rules: [{ Status: "
                "Enabled, Transitions: [{ StorageClass: GLACIER, TransitionInDays: -1 }] }] } }"
            ),
            "'Days' in Transition action must be nonnegative",
        ),
    ],
)
def test_values_that_aws_refuses(text: str, reason: str) -> None:
    made = resources(f"Resources: {{ It: {{ {text} }} }}")
    assert reason in invalid(made).get("It", made[0].reason)


def test_types_that_aws_or_the_miniature_does_not_have() -> None:
    with pytest.raises(TemplateError, match=r"Unrecognized resource types: \[AWS::S3::Bukket\]"):
        resources("Resources: { A: { Type: AWS::S3::Bukket } }")
    refusal = r"does not serve the resource type AWS::EC2::Instance of A; it serves .* \(line 2\)"
    with pytest.raises(TemplateError, match=refusal):
        resources("Resources:\n  A: { Type: AWS::EC2::Instance }")
    with pytest.raises(TemplateError, match="does not support deletion policy Snapshot"):
        resources("Resources: { A: { Type: AWS::KMS::Key, DeletionPolicy: Snapshot } }")
    text = (
        "Resources: { A: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: %s } } }"
    )
    with pytest.raises(TemplateError, match="does not resolve a dynamic reference in A"):
        resources(text % "'{{resolve:ssm:x}}'")


def test_a_type_that_a_condition_leaves_out_need_not_be_served() -> None:
    text = """
Conditions: { Never: !Equals [a, b] }
Resources:
  Host: { Type: AWS::EC2::Instance, Condition: Never }
  Topic: { Type: AWS::SNS::Topic }
"""
    assert [one.logical_id for one in resources(text)] == ["Topic"]


def test_properties_without_effect_are_listed() -> None:
    text = """
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: { AccelerateConfiguration: { AccelerationStatus: Enabled } }
"""
    stack = Stack(STACK.id, "shop", 1.0, resources=resources(text))
    (gap,) = gaps([stack])
    assert gap.kind == "AWS::S3::Bucket.AccelerateConfiguration"
    assert gap.address == "shop.Bucket"


def test_an_action_of_a_pipeline_has_variables() -> None:
    given = "{ Name: A, Value: b }, { Name: C, Value: d, Type: SECRETS_MANAGER }"
    text = EVERYTHING.replace(
        "TimeoutInMinutes: 10,", f"TimeoutInMinutes: 10, EnvironmentVariables: [{given}],"
    )
    action = read(resources(text)).pipelines[0].stages[1].actions[0]
    assert action.environment == (("A", "b", "PLAINTEXT"), ("C", "d", "SECRETS_MANAGER"))
