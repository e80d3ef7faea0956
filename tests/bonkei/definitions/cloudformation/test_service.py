"""The API through boto3 and the endpoint, with doubles of the miniature.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bonkei.base.aws_service import AwsServiceError
from bonkei.definitions.cloudformation.service.service import service
from bonkei.definitions.cloudformation.stacks.engine import Failed, Stacks
from tests.bonkei.definitions.cloudformation.stacks import PIPELINE, STATUS_PAGE, MemoryStore, World
from tests.bonkei.services.endpoint.places import serving

KEY = "Resources: { Key: { Type: AWS::KMS::Key } }\n"
SECRET = """
Parameters:
  Password: { Type: String, NoEcho: true, Default: first, MinLength: 4, Description: its password }
  Size: { Type: Number, Default: 1, AllowedValues: [1, 2] }
Resources:
  Parameter: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !Ref Password } }
Outputs:
  Name:
    Value: !Ref Parameter
    Description: its name
    Export: { Name: !Sub "${AWS::StackName}-name" }
"""
USING = """
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { DisplayName: !ImportValue one-name } }
"""


async def no_object(bucket: str, key: str) -> bytes:
    if key != "template":
        raise AwsServiceError("NoSuchKey", "The specified key does not exist.", 404)
    return (KEY + f"Description: of {bucket}\n").encode()


class Doubles:
    """Made in the endpoint's own loop at the first call."""

    def __init__(self) -> None:
        self.world = World()
        self.stacks = Stacks(MemoryStore(), self.world)
        self.service = service(self.stacks, no_object)


@pytest.fixture
def doubles() -> Doubles:
    return Doubles()


@pytest.fixture
def client(tmp_path: Path, doubles: Doubles) -> Iterator[Any]:
    with serving({"cloudformation": doubles.service}, tmp_path) as place:
        yield place.client("cloudformation")


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**given)
    error = raised.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def status(client: Any, name: str) -> str:
    return str(client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def test_a_stack_from_its_creation_to_its_end(client: Any) -> None:
    tags = [{"Key": "a", "Value": "b"}]
    made = client.create_stack(StackName="one", TemplateBody=SECRET, Tags=tags)
    client.get_waiter("stack_create_complete").wait(StackName="one")
    (found,) = client.describe_stacks(StackName="one")["Stacks"]
    assert found["StackId"] == made["StackId"]
    assert found["Parameters"] == [
        {"ParameterKey": "Size", "ParameterValue": "1"},
        {"ParameterKey": "Password", "ParameterValue": "****"},
    ]
    (output,) = found["Outputs"]
    assert (output["OutputKey"], output["ExportName"]) == ("Name", "one-name")
    assert output["OutputValue"].startswith("CFN-Parameter-")
    assert found["Tags"] == tags
    assert found["EnableTerminationProtection"] is False
    client.delete_stack(StackName="one")
    (gone,) = client.describe_stacks(StackName=made["StackId"])["Stacks"]
    assert "EnableTerminationProtection" not in gone
    assert refused(client.describe_stacks, StackName="one") == (
        "ValidationError: Stack with id one does not exist"
    )
    assert status(client, made["StackId"]) == "DELETE_COMPLETE"
    client.delete_stack(StackName="one")  # AWS reports no error either
    summaries = client.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert [each["StackName"] for each in summaries] == ["one"]
    assert client.describe_stacks()["Stacks"] == []


def test_what_a_stack_does_not_have_is_absent(client: Any) -> None:
    """As in AWS's answers; tags and ARNs of notifications are empty lists there, too."""
    client.create_stack(StackName="one", TemplateBody=KEY)
    (found,) = client.describe_stacks(StackName="one")["Stacks"]
    assert not {"Outputs", "Capabilities", "Parameters"} & set(found)
    assert (found["Tags"], found["NotificationARNs"], found["RollbackConfiguration"]) == (
        [],
        [],
        {},
    )


def test_events_have_a_resources_properties_without_secrets(client: Any) -> None:
    client.create_stack(StackName="one", TemplateBody=SECRET)
    events = client.describe_stack_events(StackName="one")["StackEvents"]
    of_parameter = [each for each in events if each["ResourceType"] == "AWS::SSM::Parameter"]
    found = [json.loads(each["ResourceProperties"]) for each in of_parameter]
    assert found == [{"Type": "String", "Value": "****"}] * 3
    others = [each for each in events if each not in of_parameter]
    assert not [each for each in others if "ResourceProperties" in each]


@pytest.mark.parametrize("operation", ["describe", "execute", "delete"])
def test_a_change_set_of_a_missing_stack(client: Any, operation: str) -> None:
    call = getattr(client, f"{operation}_change_set")
    assert refused(call, StackName="none", ChangeSetName="one") == (
        "ValidationError: Stack [none] does not exist"
    )


def test_an_update(client: Any) -> None:
    client.create_stack(StackName="one", TemplateBody=SECRET)
    kept = [{"ParameterKey": "Password", "UsePreviousValue": True}]
    same = {"StackName": "one", "UsePreviousTemplate": True, "Parameters": kept}
    assert refused(client.update_stack, **same) == (
        "ValidationError: No updates are to be performed."
    )
    both = [{"ParameterKey": "Password", "UsePreviousValue": True, "ParameterValue": "x"}]
    told = refused(client.update_stack, **same | {"Parameters": both})
    assert told.endswith("as true and non empty value for a parameter")
    client.update_stack(
        StackName="one",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Password", "ParameterValue": "second"}],
    )
    client.get_waiter("stack_update_complete").wait(StackName="one")
    changed = client.get_template(StackName="one")
    assert changed["TemplateBody"] == SECRET
    (resource,) = client.describe_stack_resources(StackName="one")["StackResources"]
    assert resource["ResourceStatus"] == "UPDATE_COMPLETE"
    detail = client.describe_stack_resource(StackName="one", LogicalResourceId="Parameter")
    physical = detail["StackResourceDetail"]["PhysicalResourceId"]
    found = client.describe_stack_resources(PhysicalResourceId=physical)["StackResources"]
    assert [each["StackName"] for each in found] == ["one"]
    listed = client.list_stack_resources(StackName="one")["StackResourceSummaries"]
    assert [each["LogicalResourceId"] for each in listed] == ["Parameter"]


def test_a_change_set_shows_what_its_execution_does(client: Any) -> None:
    given: dict[str, Any] = {"StackName": "one", "ChangeSetName": "first", "TemplateBody": SECRET}
    client.create_change_set(**given, ChangeSetType="CREATE", Description="all of it")
    client.get_waiter("change_set_create_complete").wait(StackName="one", ChangeSetName="first")
    (review,) = client.describe_stacks(StackName="one")["Stacks"]
    assert review["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert review["StackStatusReason"] == "User Initiated"
    (event,) = client.describe_stack_events(StackName="one")["StackEvents"]
    assert event["ResourceStatus"] == "REVIEW_IN_PROGRESS"
    told = refused(client.get_template_summary, StackName="one")
    assert "cannot be called on REVIEW_IN_PROGRESS stacks." in told
    found = client.describe_change_set(StackName="one", ChangeSetName="first")
    assert found["Capabilities"] == []
    assert "Tags" not in found
    assert (found["Status"], found["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert found["Changes"][0]["ResourceChange"] == {
        "Action": "Add",
        "LogicalResourceId": "Parameter",
        "ResourceType": "AWS::SSM::Parameter",
        "Scope": [],
        "Details": [],
    }
    assert client.list_change_sets(StackName="one")["Summaries"][0]["ChangeSetName"] == "first"
    client.execute_change_set(StackName="one", ChangeSetName="first")
    client.get_waiter("stack_create_complete").wait(StackName="one")
    done = client.describe_change_set(StackName="one", ChangeSetName="first")
    assert (done["Status"], done["ExecutionStatus"]) == ("CREATE_COMPLETE", "EXECUTE_COMPLETE")
    assert client.list_change_sets(StackName="one")["Summaries"] == []
    assert "[EXECUTE_COMPLETE]" in refused(
        client.execute_change_set, StackName="one", ChangeSetName="first"
    )
    (made,) = client.describe_stacks(StackName="one")["Stacks"]
    assert made["LastUpdatedTime"] > made["CreationTime"]
    update = given | {
        "ChangeSetName": "second",
        "Parameters": [{"ParameterKey": "Password", "ParameterValue": "other"}],
    }
    client.create_change_set(**update)
    change = client.describe_change_set(StackName="one", ChangeSetName="second")["Changes"][0]
    assert change["ResourceChange"]["Replacement"] == "False"
    assert change["ResourceChange"]["Details"][0]["Target"] == {
        "Attribute": "Properties",
        "Name": "Value",
        "RequiresRecreation": "Never",
    }
    second = client.describe_change_set(
        StackName="one", ChangeSetName="second", IncludePropertyValues=True
    )
    shown = second["Changes"][0]["ResourceChange"]
    assert json.loads(shown["AfterContext"])["Properties"]["Value"] == "****"
    assert shown["Details"][0]["Target"]["Path"] == "/Properties/Value"
    client.delete_change_set(StackName="one", ChangeSetName="second")
    gone = refused(client.describe_change_set, StackName="one", ChangeSetName="second")
    assert gone == "ChangeSetNotFound: ChangeSet [second] does not exist"


@pytest.mark.parametrize(
    ("call", "given", "refusal"),
    [
        ("describe_change_set", {"ChangeSetName": "a"}, "StackName must be specified if Change"),
        ("get_template", {}, "StackName is required if ChangeSetName is not specified."),
        ("get_template", {"ChangeSetName": "a"}, "StackName is a required parameter."),
        ("get_template", {"ChangeSetName": "arn:a"}, "ChangeSetNotFound: ChangeSet [arn:a] does"),
        (
            "validate_template",
            {"TemplateURL": "s3://bucket/key"},
            "S3 error: Domain name specified in bucket is not a valid S3 domain",
        ),
        (
            "validate_template",
            {"TemplateBody": "Resources: { A: { Type: AWS::KMS::Key, DependsOn: B } }"},
            "Unresolved resource dependencies [B] in the Resources block of the template",
        ),
    ],
)
def test_refusals_have_the_words_of_aws(
    client: Any, call: str, given: dict[str, str], refusal: str
) -> None:
    told = refused(getattr(client, call), **given)
    assert refusal in told
    assert "(line" not in told


def test_the_events_of_a_stack_have_their_own_times_and_names(client: Any) -> None:
    client.create_stack(StackName="one", TemplateBody=KEY)
    events = client.describe_stack_events(StackName="one")["StackEvents"]
    times = [each["Timestamp"] for each in events]
    assert times == sorted(times, reverse=True)
    assert len({each["EventId"] for each in events}) == len(events)
    at = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(f"Key-CREATE_COMPLETE-{at}", events[1]["EventId"])


IMPORT = "Resources: { P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: %s } } }"


def test_a_change_set_waits_for_an_export(client: Any) -> None:
    text = IMPORT % "!ImportValue one-name"
    given = {"StackName": "two", "ChangeSetName": "a", "TemplateBody": text}
    client.create_change_set(**given, ChangeSetType="CREATE")
    found = client.describe_change_set(
        StackName="two", ChangeSetName="a", IncludePropertyValues=True
    )
    assert "for resource [P] because: No export named one-name" in found["StatusReason"]
    after = json.loads(found["Changes"][0]["ResourceChange"]["AfterContext"])
    assert after["Properties"]["Value"] == "{{changeSet:KNOWN_AFTER_APPLY}}"
    client.create_stack(StackName="one", TemplateBody=SECRET)
    client.execute_change_set(StackName="two", ChangeSetName="a")
    assert status(client, "two") == "CREATE_COMPLETE"


def test_a_resource_without_its_export_fails(client: Any) -> None:
    client.create_stack(StackName="two", TemplateBody=IMPORT % "!ImportValue none")
    assert status(client, "two") == "ROLLBACK_COMPLETE"
    events = client.describe_stack_events(StackName="two")["StackEvents"]
    (failed,) = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert failed["ResourceStatusReason"] == "No export named none found."


def test_a_value_that_is_known_only_later_is_a_warning(client: Any) -> None:
    text = """
Resources:
  A: { Type: AWS::SNS::Topic }
  B:
    Type: AWS::SNS::Topic
    Properties: { DisplayName: !Join ["_", !Split ["-", !GetAtt A.TopicName]] }
"""
    given = {"StackName": "one", "ChangeSetName": "a"}
    client.create_change_set(**given, TemplateBody=text, ChangeSetType="CREATE")
    found = client.describe_change_set(**given, IncludePropertyValues=True)
    assert "for resource [B] because: Template error: every Fn::Join obj" in found["StatusReason"]
    assert "StatusReason" not in client.describe_change_set(**given)
    client.execute_change_set(**given)
    assert status(client, "one") == "CREATE_COMPLETE"


METADATA = """
Parameters: { Text: { Type: String, NoEcho: true, Default: %s } }
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Metadata: { Secret: !Ref Text, Other: !Ref Last }
    Properties: { DisplayName: %s }
  Last: { Type: AWS::KMS::Key, Metadata: { Any: !GetAtt Last.Nothing } }
"""


def test_metadata_is_shown_and_its_changes_too(client: Any) -> None:
    client.create_stack(StackName="one", TemplateBody=METADATA % ("first", "a"))
    named = {"StackName": "one", "LogicalResourceId": "Topic"}
    found = client.describe_stack_resource(**named)["StackResourceDetail"]
    last = client.describe_stack_resource(**named | {"LogicalResourceId": "Last"})
    key = last["StackResourceDetail"]["PhysicalResourceId"]
    assert json.loads(found["Metadata"]) == {"Secret": "first", "Other": key}
    assert last["StackResourceDetail"]["Metadata"] == "{}"
    alone = {"StackName": "one", "TemplateBody": METADATA % ("second", "a")}
    assert "No updates are to be performed." in refused(client.update_stack, **alone)
    both = {"StackName": "one", "ChangeSetName": "b"}
    client.create_change_set(**both, TemplateBody=METADATA % ("second", "b"))
    shown = client.describe_change_set(**both, IncludePropertyValues=True)
    (change,) = (each["ResourceChange"] for each in shown["Changes"])
    assert change["Scope"] == ["Metadata", "Properties"]
    first = change["Details"][0]
    assert (first["CausingEntity"], first["Target"]["Path"]) == ("Text", "/Metadata")
    assert "Name" not in first["Target"]
    assert "second" not in str(shown)
    client.execute_change_set(**both)
    found = client.describe_stack_resource(**named)["StackResourceDetail"]
    assert json.loads(found["Metadata"])["Secret"] == "second"


def test_an_update_keeps_capabilities_and_ends_the_change_set(client: Any) -> None:
    given = {"StackName": "one", "ChangeSetName": "a", "Capabilities": ["CAPABILITY_IAM"]}
    client.create_change_set(**given, TemplateBody=KEY, ChangeSetType="CREATE")
    client.execute_change_set(StackName="one", ChangeSetName="a")
    assert "ChangeSetId" in client.describe_stacks(StackName="one")["Stacks"][0]
    client.update_stack(StackName="one", TemplateBody=KEY.replace("Key:", "Other:"))
    (found,) = client.describe_stacks(StackName="one")["Stacks"]
    assert found["Capabilities"] == ["CAPABILITY_IAM"]
    assert "ChangeSetId" not in found


def test_the_last_operation_has_a_name_of_its_own(client: Any) -> None:
    def last() -> list[str]:
        (found,) = client.describe_stacks(StackName=made["StackId"])["Stacks"]
        operations = found["LastOperations"]
        seen.update(each["OperationId"] for each in operations)
        return [each["OperationType"] for each in operations]

    seen: set[str] = set()
    made = client.create_stack(StackName="one", TemplateBody=KEY)
    assert last() == ["CREATE_STACK"]
    wrong = KEY.replace("} }", "}, P: { Type: AWS::SSM::Parameter } }")
    client.update_stack(StackName="one", TemplateBody=wrong)
    assert last() == ["ROLLBACK", "UPDATE_STACK"]
    client.delete_stack(StackName="one")
    assert last() == last() == ["DELETE_STACK"]
    assert len(seen) == 4


def test_parameters_and_types_are_in_the_order_of_aws(client: Any) -> None:
    """Of a recording: LocalStack's `test_describe_template`. Types that are not served count."""
    text = """
Parameters:
  KinesisStreamName: { Type: String }
  DeliveryStreamName: { Type: String }
  KinesisRoleName: { Type: String }
Resources:
  MyRole: { Type: AWS::IAM::Role }
  MyBucket: { Type: AWS::S3::Bucket }
  KinesisStream: { Type: AWS::Kinesis::Stream }
  DeliveryStream: { Type: AWS::KinesisFirehose::DeliveryStream }
"""
    found = client.get_template_summary(TemplateBody=text)
    names = [each["ParameterKey"] for each in found["Parameters"]]
    assert names == ["KinesisRoleName", "DeliveryStreamName", "KinesisStreamName"]
    assert [
        (each["ResourceType"].rpartition(":")[2], *each["ResourceIdentifiers"])
        for each in found["ResourceIdentifierSummaries"]
    ] == [
        ("Bucket", "BucketName"),
        ("Role", "RoleName"),
        ("Stream", "Name"),
        ("DeliveryStream", "DeliveryStreamName"),
    ]
    assert [each.rpartition(":")[2] for each in found["ResourceTypes"]] == [
        "Stream", "Role", "Bucket", "DeliveryStream"
    ]  # fmt: skip


def test_the_summary_of_a_template(client: Any) -> None:
    text = """
Metadata: { Of: me }
Parameters: { B: { Type: String, Default: x }, A: { Type: String, Default: y } }
Resources: { P: { Type: AWS::SSM::Parameter }, T: { Type: AWS::SNS::Topic } }
"""
    found = client.get_template_summary(TemplateBody=text)
    assert found["Metadata"] == "{'Of': 'me'}"
    assert found["ResourceIdentifierSummaries"] == [
        {"ResourceType": "AWS::SNS::Topic", "LogicalResourceIds": ["T"]},
        {
            "ResourceType": "AWS::SSM::Parameter",
            "LogicalResourceIds": ["P"],
            "ResourceIdentifiers": ["Name"],
        },
    ]


def test_a_change_set_without_a_change(client: Any) -> None:
    client.create_stack(StackName="one", TemplateBody=KEY)
    client.create_change_set(StackName="one", ChangeSetName="none", TemplateBody=KEY)
    found = client.describe_change_set(StackName="one", ChangeSetName="none")
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set."
    )
    refusal = refused(client.execute_change_set, StackName="one", ChangeSetName="none")
    assert refusal.startswith("InvalidChangeSetStatus: ChangeSet [arn:aws:cloudformation:")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"StackName": "1a"}, "Value '1a' at 'stackName' failed to satisfy constraint"),
        ({"TemplateBody": "a: ["}, "Template format error: YAML not well-formed."),
        ({"TemplateBody": " "}, "Template format error: the template is empty"),
        ({"TemplateBody": "x" * 51_201}, "Member must have length less than or equal to 51200"),
        ({"TemplateBody": PIPELINE}, "Requires capabilities : [CAPABILITY_NAMED_IAM]"),
        (
            {"TemplateBody": PIPELINE, "Capabilities": ["CAPABILITY_IAM"]},
            "Requires capabilities : [CAPABILITY_NAMED_IAM]",
        ),
        (
            {"TemplateBody": PIPELINE, "Capabilities": ["CAPABILITY_NAMED_IAM"]},
            "Parameters: [ServiceName, EnvironmentIdentifier, TerraformSha256, TrivySha256] must",
        ),
        (
            {"Parameters": [{"ParameterKey": "X", "ParameterValue": "y"}]},
            "Parameters: [X] do not exist in the template",
        ),
        ({"TemplateBody": "Resources: { A: { Type: AWS::EC2::VPC } }"}, "AWS::EC2::VPC of A"),
    ],
)
def test_refusals_of_a_creation(client: Any, given: dict[str, Any], refusal: str) -> None:
    told = refused(client.create_stack, **{"StackName": "one", "TemplateBody": KEY, **given})
    assert refusal in told
    assert client.list_stacks()["StackSummaries"] == []


def test_a_failed_stack_can_only_be_deleted(client: Any, doubles: Doubles) -> None:
    doubles.world.others = [("aws_s3_bucket", {"bucket": "taken"})]
    text = "Resources: { B: { Type: AWS::S3::Bucket, Properties: { BucketName: taken } } }"
    client.create_stack(StackName="one", TemplateBody=text)
    assert status(client, "one") == "ROLLBACK_COMPLETE"
    told = refused(client.update_stack, StackName="one", TemplateBody=KEY)
    assert told.endswith("is in ROLLBACK_COMPLETE state and can not be updated.")
    change = {"StackName": "one", "ChangeSetName": "a", "TemplateBody": KEY}
    assert "ROLLBACK_COMPLETE" in refused(client.create_change_set, **change)
    again = refused(client.create_change_set, **change, ChangeSetType="CREATE")
    assert "Stack [one] already exists and cannot be created again with the changeSet [a]" in again
    assert "AlreadyExists" in refused(client.create_stack, StackName="one", TemplateBody=KEY)
    events = client.describe_stack_events(StackName="one")["StackEvents"]
    assert events[0]["ResourceStatus"] == "ROLLBACK_COMPLETE"
    client.delete_stack(StackName="one")
    assert client.describe_stacks()["Stacks"] == []


def test_protection(client: Any) -> None:
    client.create_stack(StackName="one", TemplateBody=KEY, EnableTerminationProtection=True)
    told = refused(client.delete_stack, StackName="one")
    assert "Stack [one] cannot be deleted while TerminationProtection is enabled" in told
    client.update_termination_protection(StackName="one", EnableTerminationProtection=False)
    client.delete_stack(StackName="one")
    assert client.describe_stacks()["Stacks"] == []


def test_exports_and_imports(client: Any) -> None:
    client.create_stack(StackName="one", TemplateBody=SECRET)
    client.create_stack(StackName="two", TemplateBody=USING)
    (export,) = client.list_exports()["Exports"]
    assert export["Name"] == "one-name"
    assert client.list_imports(ExportName="one-name")["Imports"] == ["two"]
    told = refused(client.delete_stack, StackName="one")
    assert told == "ValidationError: Export one-name cannot be deleted as it is in use by two"
    client.delete_stack(StackName="two")
    client.delete_stack(StackName="one")
    assert client.list_exports()["Exports"] == []


def test_a_template_without_a_stack(client: Any) -> None:
    found = client.validate_template(TemplateBody=PIPELINE)
    assert found["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert "AWS::IAM::Role" in found["CapabilitiesReason"]
    summary = client.get_template_summary(TemplateBody=SECRET)
    size, password = summary["Parameters"]
    assert (password["NoEcho"], password["DefaultValue"]) == (True, "****")
    assert size["ParameterConstraints"] == {"AllowedValues": ["1", "2"]}
    assert summary["ResourceTypes"] == ["AWS::SSM::Parameter"]
    assert "properties [Foo]" in refused(client.validate_template, TemplateBody="Foo: {}")
    found = client.validate_template(TemplateBody="Resources: { A: { Type: AWS::EC2::VPC } }")
    assert found["Parameters"] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.eu-west-1.amazonaws.com/shop/template",
        "https://shop.s3.eu-west-1.amazonaws.com/template",
        "http://127.0.0.1:8082/shop/template",
    ],
)
def test_a_template_by_its_url(client: Any, url: str) -> None:
    assert client.validate_template(TemplateURL=url)["Description"] == "of shop"


def test_a_missing_template(client: Any) -> None:
    url = "https://s3.eu-west-1.amazonaws.com/shop/other"
    assert refused(client.validate_template, TemplateURL=url).startswith("NoSuchKey")
    told = refused(client.validate_template, TemplateURL="ftp://a/b/c")
    assert told == "ValidationError: TemplateURL must be a supported URL."


def test_unserved_operations_are_reported(client: Any) -> None:
    told = refused(client.detect_stack_drift, StackName="one")
    assert "The miniature does not answer cloudformation:DetectStackDrift" in told


def test_a_stack_of_one_region_is_not_in_another(client: Any, doubles: Doubles) -> None:
    client.create_stack(StackName="one", TemplateBody=KEY)
    assert [each.region for each in doubles.stacks.everywhere()] == ["eu-west-1"]
    assert doubles.stacks.all("us-east-1") == []


def test_resources_retained_at_a_second_try(client: Any, doubles: Doubles) -> None:

    text = "Resources: { B: { Type: AWS::S3::Bucket, Properties: { BucketName: full } } }"
    client.create_stack(StackName="one", TemplateBody=text)
    doubles.world.failing = [Failed("bucket full", "BucketNotEmpty")]
    client.delete_stack(StackName="one")
    assert status(client, "one") == "DELETE_FAILED"
    client.delete_stack(StackName="one", RetainResources=["B"])
    assert client.describe_stacks()["Stacks"] == []


def test_many_calls_at_once(client: Any) -> None:
    """One of them creates the stack. Every change set is kept."""

    def create(_: int) -> str:
        try:
            return str(client.create_stack(StackName="one", TemplateBody=KEY)["StackId"])
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    def change(number: int) -> None:
        client.create_change_set(StackName="one", ChangeSetName=f"c{number}", TemplateBody=SECRET)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(create, range(8)))
        assert len([each for each in made if each.startswith("arn:")]) == 1
        assert set(made) - {"AlreadyExistsException"} == {made_by(client)}
        list(pool.map(change, range(8)))
    assert len(client.list_change_sets(StackName="one")["Summaries"]) == 8
    client.update_stack(StackName="one", TemplateBody=SECRET)
    assert client.list_change_sets(StackName="one")["Summaries"] == []


def made_by(client: Any) -> str:
    return str(client.describe_stacks(StackName="one")["Stacks"][0]["StackId"])


def test_all_parameters_of_the_pipeline_are_used(client: Any) -> None:
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in STATUS_PAGE.items()]
    client.create_stack(
        StackName="one",
        TemplateBody=PIPELINE,
        Parameters=given,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    assert status(client, "one") == "CREATE_COMPLETE"
    assert len(client.describe_stack_resources(StackName="one")["StackResources"]) == 36
