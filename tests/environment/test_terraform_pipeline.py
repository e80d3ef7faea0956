"""The Terraform pipeline's template: known mistakes that leak secrets cannot come back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from stack import template

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "environment" / "terraform_pipeline.yaml"
# Named here, so that collecting the tests does not read the template.
BUCKETS = ("AccessLogBucket", "ArtifactBucket", "TfvarsBucket", "StateBucket")
POLICIES = (
    "ArtifactAccess", "VariablesAccess", "StateLockAndRead", "StateWrite", "ReadDeployed",
    "Boundary", "WriteDeployed", "WriteRoles", "ReadRuns",
)  # fmt: skip
NAME = {"Fn::Sub": "${Name.Value}-pipeline-tf"}


def resources() -> dict[str, Any]:
    found: dict[str, Any] = template()["Resources"]
    return found


def of_type(kind: str) -> dict[str, Any]:
    return {name: found for name, found in resources().items() if found["Type"] == kind}


def stages() -> dict[str, Any]:
    return {stage["Name"]: stage for stage in resources()["Pipeline"]["Properties"]["Stages"]}


def buildspec(project: str) -> dict[str, Any]:
    path = ROOT / resources()[project]["Properties"]["Source"]["BuildSpec"]
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def commands(spec: dict[str, Any]) -> Iterator[str]:
    for phase in spec["phases"].values():
        yield from phase["commands"]


def statements(*roles: str) -> Iterator[dict[str, Any]]:
    """All statements of a role: those of its own policies and of its managed policies."""
    for role in roles:
        for policy in resources()[role]["Properties"].get("Policies", ()):
            yield from (s for s in policy["PolicyDocument"]["Statement"] if "Action" in s)
        for managed in of_type("AWS::IAM::ManagedPolicy").values():
            if {"Ref": role} in managed["Properties"].get("Roles", ()):
                yield from managed["Properties"]["PolicyDocument"]["Statement"]


def allowed(*roles: str) -> set[str]:
    found: set[str] = set()
    for statement in statements(*roles):
        if statement["Effect"] == "Allow":
            actions = statement["Action"]
            found |= set(actions if isinstance(actions, list) else [actions])
    return found


def test_the_stages_are_the_documented_ones() -> None:
    assert resources()["Pipeline"]["Properties"]["Name"] == NAME
    assert list(stages()) == ["Source", "tfsec", "Plan", "Approve", "Apply"]


NAMES = {
    "statuspage": True,
    "status-page-2": True,
    "internally": True,
    "sgx": True,
    "a--b": False,  # RDS and ECR refuse two hyphens in a row
    "a-": False,
    "2nd": False,
    "Status": False,
    "internal": False,  # a load balancer's name must not begin with internal-
    "internal-tools": False,
    "sg": False,  # nor a security group's with sg-
    "awesome-aws": True,
    "aws-status": False,  # nor a parameter's path with aws or ssm
    "ssm": False,
    "a" * 20: False,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_aws_would_refuse_later_is_refused_at_once(name: str) -> None:
    given = template()["Parameters"]["ServiceName"]
    fits = len(name) <= given["MaxLength"]
    assert (fits and bool(re.fullmatch(given["AllowedPattern"], name))) == NAMES[name]
    # Terraform's variable refuses the same ones; it measures both names together.
    text = (ROOT / "infrastructure" / "variables.tf").read_text(encoding="utf-8")
    (wanted,) = re.findall(r'= can\(regex\("(.+)", var\.service_name\)\)', text)
    (kept,) = re.findall(r'!can\(regex\("(.+)", "\$\{var\.service_name\}-"\)\)', text)
    passes = bool(re.search(wanted, name)) and not re.search(kept, f"{name}-")
    assert passes == (NAMES[name] or not fits)


def test_runs_are_queued() -> None:
    properties = resources()["Pipeline"]["Properties"]
    assert (properties["PipelineType"], properties["ExecutionMode"]) == ("V2", "QUEUED")


@pytest.mark.parametrize("stage", ["Approve", "Apply"])
def test_a_plan_without_changes_skips_the_stage(stage: str) -> None:
    (condition,) = stages()[stage]["BeforeEntry"]["Conditions"]
    (rule,) = condition["Rules"]
    assert condition["Result"] == "SKIP"
    assert rule["Configuration"] == {
        "Variable": "#{plan.HAS_CHANGES}",
        "Operator": "EQ",
        "Value": "true",
    }


def test_the_approved_plan_is_applied() -> None:
    (action,) = stages()["Apply"]["Actions"]
    assert {"Name": "Plan"} in action["InputArtifacts"]
    apply = [line for line in commands(buildspec("ApplyProject")) if "terraform apply" in line]
    assert apply == ['terraform apply -lock-timeout=10m "${CODEBUILD_SRC_DIR_Plan}/tfplan"']
    assert "#{plan.PLAN_SHA256}" in stages()["Approve"]["Actions"][0]["Configuration"]["CustomData"]


def test_one_version_of_the_variables_from_scan_to_apply() -> None:
    assert "TFVARS_VERSION" in buildspec("ScanProject")["env"]["exported-variables"]
    for stage, project in (("Plan", "PlanProject"), ("Apply", "ApplyProject")):
        (action,) = stages()[stage]["Actions"]
        handed_over = {
            v["name"]: v["value"]
            for v in json.loads(action["Configuration"]["EnvironmentVariables"])
        }
        assert handed_over["TFVARS_VERSION"] == "#{scan.TFVARS_VERSION}"
        fetched = [line for line in commands(buildspec(project)) if "get-object" in line]
        assert all('--version-id "$TFVARS_VERSION"' in line for line in fetched)
        assert fetched


def test_each_variable_that_a_stage_reads_is_exported_by_an_earlier_one() -> None:
    exported: dict[str, set[str]] = {}
    projects = {"ScanProject": "scan", "PlanProject": "plan"}
    for project, namespace in projects.items():
        exported[namespace] = set(buildspec(project)["env"]["exported-variables"])
    used = set(re.findall(r"#\{(\w+)\.(\w+)\}", json.dumps(resources()["Pipeline"])))
    assert used
    assert {(space, name) for space, name in used if name not in exported[space]} == set()


def test_scan_plan_and_apply_have_their_own_roles() -> None:
    roles = {
        name: project["Properties"]["ServiceRole"]["Fn::GetAtt"]
        for name, project in of_type("AWS::CodeBuild::Project").items()
    }
    assert len({json.dumps(role) for role in roles.values()}) == 3


def test_a_plan_cannot_change_what_is_deployed() -> None:
    reading = re.compile(r"^\w[\w-]*:(Get|List|Describe|View|BatchGet)")
    beyond = {action for action in allowed("PlanRole") if not reading.match(action)}
    assert beyond == {
        # the run's own log, artifacts and key
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:PutObject",
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
        # the state's lock
        "s3:DeleteObject",
        "dynamodb:PutItem",
        "dynamodb:DeleteItem",
    }
    for statement in statements("PlanRole"):
        if "s3:PutObject" in statement["Action"] or "s3:DeleteObject" in statement["Action"]:
            target = json.dumps(statement["Resource"])
            assert "tflock" in target or "ArtifactBucket" in target


def test_the_scan_reads_no_deployed_resource() -> None:
    services = {action.partition(":")[0] for action in allowed("ScanRole")}
    assert services == {"logs", "s3", "kms"}


def test_no_role_has_all_permissions() -> None:
    for role in of_type("AWS::IAM::Role"):
        assert not allowed(role) & {"*", "iam:*", "sts:*", "organizations:*"}


def test_roles_can_be_created_only_with_the_boundary() -> None:
    giving = {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"}
    granting = [
        s for s in statements("ApplyRole") if s["Effect"] == "Allow" and giving & set(s["Action"])
    ]
    assert granting
    for statement in granting:
        assert statement["Condition"] == {
            "StringEquals": {"iam:PermissionsBoundary": {"Ref": "Boundary"}}
        }
    variables = resources()["PlanProject"]["Properties"]["Environment"]["EnvironmentVariables"]
    assert {"Name": "PERMISSIONS_BOUNDARY_ARN", "Value": {"Ref": "Boundary"}} in variables


PEOPLE = {
    "OperatorRole": {
        "codepipeline:StartPipelineExecution",
        "codepipeline:StopPipelineExecution",
        "s3:PutObject",
        "kms:Decrypt",
        "kms:GenerateDataKey",
    },
    "ApproverRole": {"codepipeline:PutApprovalResult"},
}


@pytest.mark.parametrize("role", PEOPLE)
def test_who_uploads_variables_does_not_approve_their_plan(role: str) -> None:
    reading = re.compile(r"^\w+:(Get|List|BatchGet|Filter)")
    assert {action for action in allowed(role) if not reading.match(action)} == PEOPLE[role]
    assert {"codepipeline:GetPipelineState", "logs:GetLogEvents"} <= allowed(role)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_buckets_are_private_versioned_encrypted_and_tls_only(bucket: str) -> None:
    assert set(BUCKETS) == set(of_type("AWS::S3::Bucket"))
    properties = resources()[bucket]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]
    assert properties["LifecycleConfiguration"]
    policies = [
        policy["Properties"]["PolicyDocument"]["Statement"]
        for policy in of_type("AWS::S3::BucketPolicy").values()
        if policy["Properties"]["Bucket"] == {"Ref": bucket}
    ]
    (statements_,) = policies
    assert any(
        s["Effect"] == "Deny" and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for s in statements_
    )


@pytest.mark.parametrize(
    "kind", ["AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup"]
)
def test_deleting_the_stack_keeps_the_state(kind: str) -> None:
    # After a failed creation no name is left, so it can be tried again.
    kept = {(r["DeletionPolicy"], r["UpdateReplacePolicy"]) for r in of_type(kind).values()}
    assert kept == {("RetainExceptOnCreate", "Retain")}


def test_a_failed_creation_can_delete_what_it_has_made() -> None:
    # What is protected from deletion ends the rollback with ROLLBACK_FAILED, and keeps its name
    # ("AWS::DynamoDB::Table": "the table cannot be deleted by any user or process").
    assert of_type("AWS::DynamoDB::Table")
    protected = [
        name
        for name, found in resources().items()
        if found["Properties"].get("DeletionProtectionEnabled")
    ]
    assert protected == []


def test_notifications_about_plans_may_have_their_own_key() -> None:
    given = {
        json.dumps(found["Resource"]): found
        for conditional in resources()["PipelineRole"]["Properties"]["Policies"][0][
            "PolicyDocument"
        ]["Statement"]
        for found in conditional.get("Fn::If", [])
        if isinstance(found, dict) and "Resource" in found
    }
    assert given[json.dumps({"Ref": "ApprovalNotificationTopicArn"})]["Action"] == "sns:Publish"
    (key,) = [found for resource, found in given.items() if ":key/*" in resource]
    assert set(key["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    through = key["Condition"]["StringEquals"]["kms:ViaService"]
    assert through == {"Fn::Sub": "sns.${AWS::Region}.${AWS::URLSuffix}"}


def test_a_rule_can_only_start_the_pipeline() -> None:
    """With the pipeline's role it could start the build that applies, and no one approves that."""
    roles = of_type("AWS::IAM::Role")
    trusting = {
        name: role["Properties"]
        for name, role in roles.items()
        if "events.amazonaws.com" in json.dumps(role["Properties"]["AssumeRolePolicyDocument"])
    }
    assert list(trusting) == ["DriftRole"]
    (policy,) = trusting["DriftRole"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "codepipeline:StartPipelineExecution"
    assert statement["Resource"]["Fn::Sub"].endswith(":${Pipeline}")


def test_the_template_fits_into_a_request() -> None:
    # CloudFormation accepts 51,200 bytes in the request itself ("CloudFormation quotas"). The bound
    # leaves room for a correction that cannot wait.
    assert FILE.stat().st_size <= 49_500


def test_the_template_has_no_yaml_aliases() -> None:
    assert not re.search(r"(?<=[ :])[&*][a-z][\w-]*\s*$", FILE.read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_managed_policy_fits_its_quota(policy: str) -> None:
    assert set(POLICIES) == set(of_type("AWS::IAM::ManagedPolicy"))
    # 6,144 characters without white space ("IAM and AWS STS quotas").
    document = json.dumps(
        resources()[policy]["Properties"]["PolicyDocument"], separators=(",", ":")
    )
    longest = document.replace("${AWS::Partition}", "aws").replace("${Name.Value}", "s" * 22)
    assert len(longest) <= 6144
