"""The repository's own pipeline stack, deployed by the real command in a real AWS endpoint.

The commands of `docs/operations/set-up.md` have to work here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.bonkei.definitions.cloudformation.house import House
from tests.bonkei.definitions.cloudformation.stacks import ROOT, STATUS_PAGE

NAME = "statuspage-production-tf-pipeline"
TEMPLATE = ROOT / "environment" / "terraform_pipeline.yaml"
STATE = "statuspage-production-tf-state-123456789012"
OTHERS = {
    "address": "aws_s3_bucket.other",
    "type": "aws_s3_bucket",
    "values": {"bucket": "other-team", "arn": "arn:aws:s3:::other-team"},
}
EVERYTHING = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
BOUNDED = {
    "address": "aws_iam_role.backend",
    "type": "aws_iam_role",
    "values": {
        "name": "backend",
        "arn": "arn:aws:iam::123456789012:role/backend",
        "assume_role_policy": json.dumps({"Statement": []}),
        "permissions_boundary": "arn:aws:iam::123456789012:policy/statuspage-production-boundary",
        "inline_policy": [{"name": "all", "policy": json.dumps({"Statement": [EVERYTHING]})}],
    },
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("home"), OTHERS, BOUNDED)
    house.open()
    try:
        yield house
    finally:
        house.close()
        house.end()


def deploy(house: House, template: Path = TEMPLATE, name: str = NAME, **given: str) -> Any:
    parameters = [f"{key}={value}" for key, value in {**STATUS_PAGE, **given}.items()]
    return house.aws(
        "cloudformation", "deploy", "--stack-name", name, "--template-file", template,
        "--capabilities", "CAPABILITY_NAMED_IAM", "--parameter-overrides", *parameters,
    )  # fmt: skip


@pytest.fixture(scope="module")
def deployed(house: House) -> House:
    done = deploy(house)
    assert done.returncode == 0, done.stdout + done.stderr
    return house


def stack(house: House, name: str = NAME) -> dict[str, Any]:
    (found,) = house.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return dict(found)


def test_the_outputs_match_the_documentation(deployed: House) -> None:
    found = stack(deployed)
    assert found["StackStatus"] == "CREATE_COMPLETE"
    assert {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]} == {
        "PipelineName": "statuspage-production-pipeline-tf",
        "TfvarsLocation": "s3://statuspage-production-tf-pipeline-tfvars/statuspage/production/"
        "terraform.tfvars",
        "StateBucketName": STATE,
        "LockTableName": "statuspage-production-tf-lock",
        "OperatorRoleArn": "arn:aws:iam::123456789012:role/statuspage-production-tf-operator",
        "ApproverRoleArn": "arn:aws:iam::123456789012:role/statuspage-production-tf-approver",
        "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/statuspage-production-boundary",
    }


def test_the_buckets_have_their_settings(deployed: House) -> None:
    s3 = deployed.client("s3")
    assert s3.get_bucket_versioning(Bucket=STATE)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=STATE)["ServerSideEncryptionConfiguration"]["Rules"]
    key = rule["ApplyServerSideEncryptionByDefault"]
    assert (key["SSEAlgorithm"], rule["BucketKeyEnabled"]) == ("aws:kms", True)
    described = deployed.client("kms").describe_key(KeyId=key["KMSMasterKeyID"])["KeyMetadata"]
    assert (
        described["Description"] == "statuspage-production: Terraform's state, plans and variables"
    )
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=STATE)["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {
        "NoncurrentDays": 365,
        "NewerNoncurrentVersions": 50,
    }
    blocked = s3.get_public_access_block(Bucket=STATE)["PublicAccessBlockConfiguration"]
    assert all(blocked.values())
    policy = json.loads(s3.get_bucket_policy(Bucket=STATE)["Policy"])
    assert policy["Statement"][0]["Resource"] == [
        f"arn:aws:s3:::{STATE}",
        f"arn:aws:s3:::{STATE}/*",
    ]


def test_the_table_and_the_alias_exist(deployed: House) -> None:
    table = deployed.client("dynamodb").describe_table(TableName="statuspage-production-tf-lock")
    assert table["Table"]["KeySchema"] == [{"AttributeName": "LockID", "KeyType": "HASH"}]
    assert table["Table"]["SSEDescription"]["SSEType"] == "KMS"
    aliases = deployed.client("kms").list_aliases()["Aliases"]
    assert "alias/statuspage-production-tf-pipeline" in {each["AliasName"] for each in aliases}


def test_the_blueprint_has_the_whole_stack(deployed: House) -> None:
    blueprint = deployed.blueprint
    assert {each.name for each in blueprint.roles} - {"backend"} == {
        f"statuspage-production-tf-{name}"
        for name in ("scan", "plan", "apply", "pipeline", "drift", "operator", "approver")
    }
    assert [each.name for each in blueprint.log_groups] == [
        f"/aws/codebuild/statuspage-production-tf-{name}" for name in ("apply", "plan", "scan")
    ]
    (pipeline,) = blueprint.pipelines
    assert [each.name for each in pipeline.stages] == [
        "Source",
        "tfsec",
        "Plan",
        "Approve",
        "Apply",
    ]
    assert (pipeline.type, pipeline.execution_mode) == ("V2", "QUEUED")
    assert pipeline.address == f"{NAME}.Pipeline"
    assert len(blueprint.build_projects) == 3
    assert {each.address for each in blueprint.buckets} >= {
        "aws_s3_bucket.other",
        f"{NAME}.StateBucket",
    }


def test_a_role_has_the_permissions_of_its_policies(deployed: House) -> None:
    """The policies of `ArtifactAccess`, `VariablesAccess` and `StateLockAndRead`."""
    s3 = deployed.client("s3", "statuspage-production-tf-plan")
    s3.put_object(Bucket=STATE, Key="terraform.tfstate.tflock", Body=b"{}")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=STATE, Key="terraform.tfstate", Body=b"{}")
    applying = deployed.client("s3", "statuspage-production-tf-apply")
    applying.put_object(Bucket=STATE, Key="terraform.tfstate", Body=b"{}")


def test_terraforms_roles_have_the_stacks_boundary(deployed: House) -> None:
    """`NotThisPipeline`: no role of Terraform reads the state, whatever its policies allow."""
    s3 = deployed.client("s3", "backend")
    s3.put_object(Bucket="statuspage-production-tf-pipeline-access-log-123456789012", Key="a")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket=STATE, Key="terraform.tfstate")


def test_the_same_template_changes_nothing(deployed: House) -> None:
    done = deploy(deployed)
    assert "No changes to deploy. Stack statuspage-production-tf-pipeline is up to date" in (
        done.stdout + done.stderr
    )


def test_a_mistake_changes_nothing(deployed: House) -> None:
    done = deploy(deployed, ServiceName="Statuspage")
    assert done.returncode != 0
    assert "Parameter ServiceName failed to satisfy constraint: Lower-case letters" in done.stderr
    assert stack(deployed)["StackStatus"] == "CREATE_COMPLETE"


def test_an_update_a_failure_and_its_rollback(deployed: House, tmp_path: Path) -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    changed = tmp_path / "changed.yaml"
    more = "  More:\n    Type: AWS::S3::Bucket\n    Properties: { BucketName: %s }\n\nOutputs:\n"
    changed.write_text(text.replace("\nOutputs:\n", "\n" + more % "other-team"), encoding="utf-8")
    failed = deploy(deployed, changed, TerraformVersion="1.15.6")
    assert failed.returncode != 0
    found = stack(deployed)
    assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert version(deployed) == "1.15.5"
    events = deployed.client("cloudformation").describe_stack_events(StackName=NAME)["StackEvents"]
    reasons = [each.get("ResourceStatusReason", "") for each in events]
    assert any("'other-team' already exists" in reason for reason in reasons)
    changed.write_text(text.replace("\nOutputs:\n", "\n" + more % "more"), encoding="utf-8")
    assert deploy(deployed, changed, TerraformVersion="1.15.6").returncode == 0
    assert stack(deployed)["StackStatus"] == "UPDATE_COMPLETE"
    assert version(deployed) == "1.15.6"
    assert "more" in buckets(deployed)
    assert deploy(deployed, TerraformVersion="1.15.5").returncode == 0
    assert "more" not in buckets(deployed)


def version(house: House) -> str:
    (plan,) = [each for each in house.blueprint.build_projects if each.name.endswith("tf-plan")]
    return next(each[1] for each in plan.environment if each[0] == "TERRAFORM_VERSION")


def buckets(house: House) -> set[str]:
    return {each["Name"] for each in house.client("s3").list_buckets()["Buckets"]}


def test_a_template_by_its_url(deployed: House) -> None:
    """As `aws cloudformation deploy --s3-bucket` sends it."""
    deployed.client("s3").put_object(Bucket=STATE, Key="a/template", Body=KEY.encode())
    url = f"{deployed.cloud.snapshot().url}/{STATE}/a/template"
    cloudformation = deployed.client("cloudformation")
    cloudformation.create_stack(StackName="by-url", TemplateURL=url)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="by-url")
    assert cloudformation.get_template(StackName="by-url")["TemplateBody"] == KEY
    cloudformation.delete_stack(StackName="by-url")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="by-url")


def test_a_template_that_the_command_uploads(deployed: House, tmp_path: Path) -> None:
    """The command has to upload templates of more than 51,200 bytes."""
    file = tmp_path / "large.yaml"
    file.write_text(KEY + "# long\n" * 8_000)
    arguments = ("cloudformation", "deploy", "--stack-name", "large", "--template-file", file)
    assert "greater than 51,200 bytes" in deployed.aws(*arguments).stderr
    done = deployed.aws(*arguments, "--s3-bucket", STATE, "--s3-prefix", "templates")
    assert done.returncode == 0, done.stderr
    assert stack(deployed, "large")["StackStatus"] == "CREATE_COMPLETE"
    deployed.client("cloudformation").delete_stack(StackName="large")


KEY = "Resources: { Key: { Type: AWS::KMS::Key } }\n"
FULL = "Resources: { Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: full } } }\n"


def test_a_resource_made_by_hand_is_not_taken_over(deployed: House) -> None:
    cloudformation, s3 = deployed.client("cloudformation"), deployed.client("s3")
    place = {"LocationConstraint": "ap-northeast-1"}
    s3.create_bucket(Bucket="full", CreateBucketConfiguration=place)
    cloudformation.create_stack(StackName="full", TemplateBody=FULL)
    assert stack(deployed, "full")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "full" in buckets(deployed)
    cloudformation.delete_stack(StackName="full")
    assert "full" in buckets(deployed)
    s3.delete_bucket(Bucket="full")


def test_a_bucket_with_objects_is_not_deleted(deployed: House) -> None:
    """ "The bucket you tried to delete is not empty": the stack waits in DELETE_FAILED."""
    cloudformation, s3 = deployed.client("cloudformation"), deployed.client("s3")
    cloudformation.create_stack(StackName="full", TemplateBody=FULL)
    s3.put_object(Bucket="full", Key="a", Body=b"a")
    cloudformation.delete_stack(StackName="full")
    found = stack(deployed, "full")
    assert found["StackStatus"] == "DELETE_FAILED"
    assert "failed to delete: [Bucket]" in found["StackStatusReason"]
    s3.delete_object(Bucket="full", Key="a")
    cloudformation.delete_stack(StackName="full")
    with pytest.raises(ClientError, match="Stack with id full does not exist"):
        stack(deployed, "full")
    assert "full" not in buckets(deployed)


def test_stacks_exist_after_a_restart(deployed: House) -> None:
    before = stack(deployed)
    deployed.close()
    deployed.open()
    assert stack(deployed) == before
    assert STATE in buckets(deployed)


def test_a_deletion_keeps_retained_resources(deployed: House) -> None:
    """Runs last: `DeletionPolicy: RetainExceptOnCreate` keeps buckets, table, key and log
    groups.
    """
    cloudformation = deployed.client("cloudformation")
    identifier = stack(deployed)["StackId"]
    cloudformation.delete_stack(StackName=NAME)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=identifier)
    assert STATE in buckets(deployed)
    blueprint = deployed.blueprint
    assert [each.name for each in blueprint.roles] == ["backend"]
    assert (blueprint.pipelines, blueprint.build_projects) == ((), ())
    assert len(blueprint.log_groups) == 3
    assert deploy(deployed).returncode != 0  # their names are taken
    assert stack(deployed)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert STATE in buckets(deployed)


def test_retained_resources_can_be_deleted_and_made_again(deployed: House) -> None:
    """As a user would: the buckets, the table, the log groups, then the stack again."""
    deployed.client("cloudformation").delete_stack(StackName=NAME)
    s3 = deployed.client("s3")
    for bucket in buckets(deployed) - {"other-team"}:
        for version in s3.list_object_versions(Bucket=bucket).get("Versions", ()):
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        for marker in s3.list_object_versions(Bucket=bucket).get("DeleteMarkers", ()):
            s3.delete_object(Bucket=bucket, Key=marker["Key"], VersionId=marker["VersionId"])
        s3.delete_bucket(Bucket=bucket)
    deployed.client("dynamodb").delete_table(TableName="statuspage-production-tf-lock")
    assert STATE not in {each.name for each in deployed.reread().buckets}
    done = deploy(deployed)
    assert "already exists" in str(
        deployed.client("cloudformation").describe_stack_events(StackName=NAME)
    )  # the log groups remain
    assert done.returncode != 0
