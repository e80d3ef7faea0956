"""Intrinsic functions, by the examples of AWS's documentation of each.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import pytest

from bonkei.definitions.cloudformation.errors import TemplateError
from tests.bonkei.definitions.cloudformation.stacks import STACK, output, outputs, planned

MAPPINGS = """
Mappings:
  RegionMap:
    ap-northeast-1: { HVM64: ami-27223921, HVMG2: "0" }
"""
CONDITIONS = """
Parameters:
  EnvType: { Type: String, Default: test, AllowedValues: [prod, test] }
Conditions:
  IsProd: !Equals [!Ref EnvType, prod]
"""
SIZE = "Parameters:\n  Size: { Type: String, Default: s }"
LIST = """
Parameters:
  Subnets: { Type: CommaDelimitedList, Default: "subnet-1, subnet-2 ,subnet-3" }
"""


@pytest.mark.parametrize(
    ("expression", "more", "value"),
    [
        ('!Join [":", [a, b, c]]', "", "a:b:c"),
        ('{"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}]]}', "", "arn:aws"),
        ("!Select [1, [apples, grapes, oranges]]", "", "grapes"),
        ('!Select ["2", !Ref Subnets]', LIST, "subnet-3"),
        ('!Select [2, !Split ["|", "a|b|c"]]', "", "c"),
        ('!Select [1, !Split ["|", "a||c|"]]', "", ""),
        ("!FindInMap [RegionMap, !Ref AWS::Region, HVM64]", MAPPINGS, "ami-27223921"),
        ("!Base64 AWS CloudFormation", "", "QVdTIENsb3VkRm9ybWF0aW9u"),
        ("!If [IsProd, c1.xlarge, m1.small]", CONDITIONS, "m1.small"),
        ('!Sub "${AWS::Region}/${!Literal}/$x/${Size}"', SIZE, "ap-northeast-1/${Literal}/$x/s"),
        ('!Sub ["www.${Domain}", { Domain: !Ref AWS::StackName }]', "", "www.shop"),
        ("!Ref AWS::AccountId", "", "123456789012"),
        ("!Ref AWS::URLSuffix", "", "amazonaws.com"),
        ("!Join ['', [1, true]]", "", "1true"),
    ],
)  # fmt: skip
def test_each_function(expression: str, more: str, value: str) -> None:
    assert output(expression, more) == value


def test_a_condition_chooses() -> None:
    assert output("!If [IsProd, c1.xlarge, m1.small]", CONDITIONS, EnvType="prod") == "c1.xlarge"


def test_no_value_removes_a_property_and_a_list_member() -> None:
    """`AWS::NoValue`: "removes the corresponding resource property". A parameter may have it."""
    text = """
Parameters: { Nothing: { Type: String, Default: AWS::NoValue } }
Conditions: { Never: !Equals [a, b] }
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !If [Never, named, !Ref AWS::NoValue]
      AccelerateConfiguration: !Ref Nothing
      Tags: [{ Key: a, Value: b }, !If [Never, { Key: c, Value: d }, !Ref AWS::NoValue]]
"""
    (bucket,) = planned(text).resources
    assert bucket.properties == {"Tags": [{"Key": "a", "Value": "b"}]}


def test_another_stacks_export() -> None:
    text = """
Resources: { Key: { Type: AWS::KMS::Key } }
Outputs: { It: { Value: !ImportValue net-VPC } }
"""
    assert outputs(text, {"net-VPC": "vpc-1"}) == {"It": "vpc-1"}
    assert planned(text, STACK, {"net-VPC": "vpc-1"}).inputs.imports == ("net-VPC",)
    with pytest.raises(TemplateError, match="No export named net-VPC found"):
        outputs(text)


def test_a_resources_name_and_attributes() -> None:
    text = """
Resources:
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: my-bucket } }
  Group: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: my-group } }
Outputs:
  Ref: { Value: !Ref Bucket }
  GetAtt: { Value: !GetAtt Bucket.Arn }
  Long: { Value: { "Fn::GetAtt": [Bucket, DomainName] } }
  Sub: { Value: !Sub "${Bucket.RegionalDomainName} ${Bucket}" }
  Group: { Value: !GetAtt Group.Arn }
"""
    assert outputs(text) == {
        "Ref": "my-bucket",
        "GetAtt": "arn:aws:s3:::my-bucket",
        "Long": "my-bucket.s3.amazonaws.com",
        "Sub": "my-bucket.s3.ap-northeast-1.amazonaws.com my-bucket",
        "Group": "arn:aws:logs:ap-northeast-1:123456789012:log-group:my-group:*",
    }


@pytest.mark.parametrize(
    ("expression", "refusal"),
    [
        ("!Join [a]", "every Fn::Join object requires two parameters"),
        ("!Select [7, [a, b]]", "Fn::Select requires a list argument with two elements"),
        ("!Split ['', a]", "every Fn::Split object requires two parameters"),
        ("!FindInMap [Not, Such, Map]", "Unable to get mapping for Not::Such::Map"),
        ("!If [Key, a, b]", "unresolved condition dependency Key in Fn::If"),
        ("!GetAtt Key.Color", "resource Key does not support attribute type Color in Fn::GetAtt"),
        (
            "!GetAZs us-east-1",
            "The miniature does not evaluate Fn::GetAZs; it evaluates Condition, ",
        ),
        ("!Cidr [10.0.0.0/16, 2, 8]", "does not evaluate Fn::Cidr"),
        ("!Sub ['${A}', 7]", "Fn::Sub"),
        ("!Sub '${A}'", "Unresolved resource dependencies .A. in the Outputs block"),
        ("!GetAtt Nobody.Arn", "instance of Fn::GetAtt references undefined resource Nobody"),
        ("[a, b]", "Output It is malformed"),
    ],
)
def test_refusals_name_the_line(expression: str, refusal: str) -> None:
    with pytest.raises(TemplateError, match=rf"(?s){refusal}.*\(line 5\)"):
        output(expression)
