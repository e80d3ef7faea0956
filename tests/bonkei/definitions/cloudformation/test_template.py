"""A template's text: both spellings of a function, and refusals with their line."""

from __future__ import annotations

import json

import pytest

from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.template import Function, read_template
from tests.bonkei.definitions.cloudformation.stacks import PIPELINE

A = "Resources:\n  A: { %s }"
KEY = "Resources: { Key: { Type: AWS::KMS::Key } }\n"


def test_the_short_and_the_long_form_are_equal() -> None:
    short = read_template(
        "Resources: { A: { Type: AWS::SNS::Topic, Properties: { TopicName: !Sub x } } }"
    )
    long = read_template(
        json.dumps(
            {
                "Resources": {
                    "A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "x"}}}
                }
            }
        )
    )
    expected = {"TopicName": Function("Fn::Sub", "x", 1)}
    assert short.resources["A"].properties == long.resources["A"].properties == expected


def test_json_may_be_indented_with_tabs() -> None:
    text = '{\n\t"Resources": {\n\t\t"A": {"Type": "AWS::KMS::Key"}}}'
    assert read_template(text).resources["A"].line == 3


def test_an_attribute_with_a_dot_is_one_attribute() -> None:
    text = KEY + "Outputs: { It: { Value: !GetAtt Key.Outputs.Name } }"
    assert read_template(text).outputs["It"].value.argument == ["Key", "Outputs.Name"]


def test_a_comma_may_stand_behind_the_last_member() -> None:
    text = '{"Resources": {"Key": {"Type": "AWS::KMS::Key",}, },}'
    assert list(read_template(text).resources) == ["Key"]


def test_a_condition_of_a_policy_is_not_a_function() -> None:
    template = read_template(PIPELINE)
    statement = template.resources["ScanRole"].properties["AssumeRolePolicyDocument"]["Statement"]
    assert isinstance(statement[0]["Condition"], dict)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "the template is empty"),
        ("- a", "unsupported structure"),
        ("a: [", r"YAML not well-formed. \(line 2, column 1\)"),
        ('{"Resources": }', r"JSON not well-formed. \(line 1, column 16\)"),
        ("Description: x\n", "At least one Resources member must be defined"),
        (KEY + "Resourcen: {}", r"template property or properties \[Resourcen\] \(line 2\)"),
        (KEY + "Transform: AWS::Serverless-2016-10-31", r"Transform is not served .*\(line 2\)"),
        ("Globals: {}\nTransform: a\n" + KEY, r"Transform is not served by the miniature"),
        (A % "Type: x, Fn::Transform: { Name: a }", r"Fn::Transform is not served by the mini"),
        ("AWSTemplateFormatVersion: 2012\n" + KEY, "AWSTemplateFormatVersion is not valid"),
        ("Resources:\n  A-B: { Type: AWS::KMS::Key }", r"name A-B is non alphanumeric. \(line 2\)"),
        ("Resources:\n  A: { Typ: x }", r"must contain a Type member. \(line 2\)"),
        ("Resources:\n  A: { Type: x, Foo: 1 }", "Invalid template resource property 'Foo'"),
        ("Resources:\n  A: { Type: x, DependsOn: B }", r"Unresolved resource dependencies \[B\]"),
        ("Resources:\n  A: { Type: x, Condition: C }", "Unresolved condition dependency C"),
        ("Resources:\n  A: { Type: x, DeletionPolicy: Keep }", "instance of DeletionPolicy at A"),
        (A % "Type: x, UpdateReplacePolicy: RetainExceptOnCreate", "UpdateReplacePolicy at A"),
        ("Resources:\n  A: { Type: x, Type: y }", r"duplicate key Type \(line 2\)"),
        ("Resources:\n  A: &a { Type: x }\n  B: *a", r"aliases are not allowed.*\(line 2\)"),
        (A % "Type: x, Properties: { B: null }", r"\[/Resources/A/Properties/B\] 'null'"),
        (KEY + "Parameters: { A: { Type: Text } }", "Unrecognized parameter type: Text"),
        (KEY + "Parameters: { A: { Type: String, Pattern: x } }", "parameter property 'Pattern'"),
        (KEY + "Parameters: { A: { Type: 'AWS::EC2::VPC::Id' } }", "does not look up a parameter"),
        (KEY + "Parameters: { A: { Type: String, AllowedPattern: '(' } }", "Pattern of A"),
        (KEY + "Outputs: { A: { Description: x } }", "must contain a Value object"),
        (KEY + "Conditions: { A: !Equals [!Ref Key, x] }", r"\[Key\] in the Conditions"),
        (KEY + "Mappings: { A: { B: { C: !Ref Key } } }", "Every Mappings attribute must be"),
        ("a: " + "[" * 200 + "]" * 200, "nested too deeply"),
    ],
)  # fmt: skip
def test_refusals(text: str, refusal: str) -> None:
    with pytest.raises(TemplateError, match=f"(?s){refusal}"):
        read_template(text)


def test_limits() -> None:
    """200 parameters and 500 resources: "Understand CloudFormation quotas"."""
    many = "\n".join(f"  A{n}: {{ Type: AWS::KMS::Key }}" for n in range(501))
    with pytest.raises(
        TemplateError, match="Number of resources is greater than maximum allowed, 500"
    ):
        read_template(f"Resources:\n{many}")
