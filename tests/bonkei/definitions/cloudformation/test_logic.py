"""Conditions and rules, by the examples of AWS's documentation."""

from __future__ import annotations

import pytest

from bonkei.definitions.cloudformation.errors import TemplateError
from tests.bonkei.definitions.cloudformation.stacks import PIPELINE, STATUS_PAGE, planned

# "CloudFormation template Conditions syntax": a bucket policy only for prod, a name only when it is
# given
BUCKETS = """
Parameters:
  EnvType: { Type: String, AllowedValues: [prod, test] }
  BucketName: { Type: String, Default: "" }
Conditions:
  CreateBucketPolicy: !And
    - !Condition IsProduction
    - !Not [!Equals [!Ref BucketName, ""]]
  IsProduction: !Equals [!Ref EnvType, prod]
  Or: !Or [!Condition IsProduction, !Condition CreateBucketPolicy]
Resources:
  Bucket: { Type: AWS::S3::Bucket, Condition: IsProduction }
  Policy:
    Type: AWS::S3::BucketPolicy
    Condition: CreateBucketPolicy
    Properties: { Bucket: !Ref Bucket, PolicyDocument: {} }
  Key: { Type: AWS::KMS::Key }
Outputs:
  Name: { Condition: IsProduction, Value: !Ref Bucket }
"""

# "Rules syntax": a smaller instance for test, a larger one for production
RULES = """
Parameters:
  InstanceType: { Type: String, AllowedValues: [t3.medium, t3.large] }
  Environment: { Type: String, AllowedValues: [test, prod] }
  Zones: { Type: CommaDelimitedList, Default: "a,b" }
Rules:
  testInstanceType:
    RuleCondition: !Equals [!Ref Environment, test]
    Assertions:
    - Assert: { "Fn::Contains": [[t3.medium], !Ref InstanceType] }
      AssertDescription: For a test environment, the instance type must be t3.medium
  prodInstanceType:
    RuleCondition: !Equals [!Ref Environment, prod]
    Assertions:
    - Assert: { "Fn::Contains": [[t3.large], !Ref InstanceType] }
      AssertDescription: For a production environment, the instance type must be t3.large
  zones:
    Assertions:
    - Assert: !EachMemberIn [!Ref Zones, [a, b, c]]
    - Assert: !Not [!EachMemberEquals [!Ref Zones, c]]
Resources: { Key: { Type: AWS::KMS::Key } }
"""


def made(**given: str) -> list[str]:
    return [one.logical_id for one in planned(BUCKETS, **given).resources]


def test_conditions() -> None:
    assert made(EnvType="test") == ["Key"]
    assert made(EnvType="prod") == ["Bucket", "Key"]
    assert made(EnvType="prod", BucketName="x") == ["Bucket", "Key", "Policy"]
    assert planned(BUCKETS, EnvType="test").outputs == ()


def test_a_resource_that_is_not_made_cannot_be_referred_to() -> None:
    text = BUCKETS.replace("Condition: CreateBucketPolicy", "Condition: Or").replace(
        "  Bucket: { Type: AWS::S3::Bucket, Condition: IsProduction }",
        "  Bucket: { Type: AWS::S3::Bucket, Condition: CreateBucketPolicy }",
    )
    with pytest.raises(TemplateError, match=r"Unresolved resource dependencies \[Bucket\]"):
        planned(text, EnvType="prod")


@pytest.mark.parametrize(
    ("environment", "instance", "description"),
    [("test", "t3.large", "For a test environment"), ("prod", "t3.medium", "For a production")],
)
def test_rules(environment: str, instance: str, description: str) -> None:
    with pytest.raises(TemplateError, match=description):
        planned(RULES, Environment=environment, InstanceType=instance)


def test_rules_that_hold() -> None:
    planned(RULES, Environment="test", InstanceType="t3.medium")
    planned(RULES, Environment="prod", InstanceType="t3.large")


@pytest.mark.parametrize("zones", ["a,x", "c,c"])
def test_functions_over_each_member(zones: str) -> None:
    with pytest.raises(TemplateError, match=r"Rule zones failed: the assertion of line (19|20)"):
        planned(RULES, Environment="test", InstanceType="t3.medium", Zones=zones)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"ConnectionArn": "arn:aws:codeconnections:x:y:z"}, "Give either CodeCommitRepository"),
        ({"CodeCommitRepositoryName": ""}, "Give either CodeCommitRepositoryName or"),
        (
            {"CodeCommitRepositoryName": "", "ConnectionArn": "arn:aws:codeconnections:x:y:z"},
            "Rule ConnectionIsWhole failed: A connection also needs ConnectionRepositoryId",
        ),
    ],
)
def test_the_pipelines_own_rules(given: dict[str, str], refusal: str) -> None:
    with pytest.raises(TemplateError, match=refusal):
        planned(PIPELINE, **STATUS_PAGE | given)


@pytest.mark.parametrize(
    ("condition", "refusal"),
    [
        ("!Equals [a]", "requires a list of 2 string parameters"),
        ("!And [!Equals [a, b]]", "at least 2 and at most 10 boolean"),
        ("!Not [a, b]", "requires one boolean parameter"),
        ("!Condition B", "Unresolved condition dependency B"),
        ("!Condition A", r"Circular dependency between conditions: \[A\]"),
        ("yes", "Conditions can only be boolean operations"),
        ("!Sub x", "Conditions can only be boolean operations"),
    ],
)
def test_malformed_conditions(condition: str, refusal: str) -> None:
    text = f"Conditions: {{ A: {condition} }}\nResources: {{ K: {{ Type: AWS::KMS::Key }} }}"
    with pytest.raises(TemplateError, match=refusal):
        planned(text)


def test_a_rule_has_functions_of_its_own() -> None:
    text = (
        "Rules: { A: { Assertions: [{ Assert: %s }] } }\nResources: { K: { Type: AWS::KMS::Key } }"
    )
    with pytest.raises(TemplateError, match="Fn::Sub is not allowed in rule A"):
        planned(text % "!Equals [!Sub x, x]")
    with pytest.raises(TemplateError, match="does not evaluate Fn::ValueOf in rule A"):
        planned(text % "!Equals [!ValueOf [P, Attr], x]")
    with pytest.raises(TemplateError, match="rule A must evaluate to true or false"):
        planned(text % "text")
