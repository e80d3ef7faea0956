"""Policies: documents, policies of this stack, and policies that AWS manages."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import (
    Rule,
    at,
    exactly_one,
    one_of,
    validator,
    within,
)
from bonkei.definitions.provider.aws.shared.documents import (
    condition_operator,
    json_document,
    principal_type,
)
from bonkei.definitions.provider.aws.shared.own import by_own_names, own
from bonkei.definitions.provider.aws.shared.policy_document import PolicyDocumentError, render
from bonkei.definitions.provider.aws.shared.resource import words
from bonkei.definitions.provider.aws.shared.seeds import UPPER, scatter
from bonkei.definitions.provider.behaviour import Context, DataSource, Refused
from bonkei.definitions.provider.values import Object

_VERSION = "2012-10-17"
# The managed policies under the path /service-role/ that stacks like this one use:
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
_OF_SERVICE_ROLES = words(
    "AWSBackupServiceRolePolicyForBackup AWSBackupServiceRolePolicyForRestores AWSBatchServiceRole"
    " AWSBatchServiceEventTargetRole AWSCodeDeployRole AWSConfigRole AWS_ConfigRole"
    " AWSGlueServiceRole AWSLambdaBasicExecutionRole AWSLambdaDynamoDBExecutionRole"
    " AWSLambdaENIManagementAccess AWSLambdaKinesisExecutionRole AWSLambdaMSKExecutionRole"
    " AWSLambdaRole AWSLambdaSQSQueueExecutionRole AWSLambdaVPCAccessExecutionRole"
    " AmazonAPIGatewayPushToCloudWatchLogs AmazonEC2ContainerServiceAutoscaleRole"
    " AmazonEC2ContainerServiceEventsRole AmazonEC2ContainerServiceRole"
    " AmazonEC2ContainerServiceforEC2Role AmazonEC2RoleforSSM AmazonEC2SpotFleetTaggingRole"
    " AmazonECSInfrastructureRolePolicyForVolumes AmazonECSTaskExecutionRolePolicy"
    " AmazonRDSEnhancedMonitoringRole AmazonSNSRole AmazonSSMMaintenanceWindowRole"
)


def _session(config: Object, _: Context) -> Object:
    """The caller is a user here, so there is no role behind a session."""
    arn = str(config.get("arn"))
    return {"id": arn, "issuer_arn": arn, "issuer_id": "", "issuer_name": "", "session_name": ""}


def _policy_document(config: Object, _: Context) -> Object:
    try:
        text, minified, identifier = render(config)
    except PolicyDocumentError as error:
        raise Refused(error.message, error.remedy) from error
    return {"json": text, "minified_json": minified, "id": identifier, "version": _VERSION}


# AWS would refuse these in a role or a bucket too, but the error would name a resource that only
# uses the document.
_STATEMENT: tuple[Rule, ...] = (
    at("version", one_of("2008-10-17", "2012-10-17")),
    at("statement.effect", one_of("Allow", "Deny")),
    within("statement", exactly_one("actions", "not_actions")),
    at("statement.principals.type", principal_type),
    at("statement.not_principals.type", principal_type),
    at("statement.condition.test", condition_operator),
    at("source_policy_documents", json_document),
    at("override_policy_documents", json_document),
)


def _iam_policy(config: Object, context: Context) -> Object:
    """A policy of this stack, or a managed one: its ARN is known, its text is not."""
    name, arn = config.get("name"), config.get("arn")
    for peer in context.peers("aws_iam_policy"):
        if peer.get("arn") == arn or (name and peer.get("name") == name):
            return peer
    start = f"arn:{context.partition}:iam::aws:policy/"
    if arn and not str(arn).startswith(start):
        raise Refused(
            f'no such policy: "{arn}"', "Only this stack's and AWS's are known.", ("arn",)
        )
    usual = "/service-role/" if name in _OF_SERVICE_ROLES else "/"
    rest = str(arn or f"{start}{config.get('path_prefix') or usual}{name}").removeprefix(start)
    *path, last = rest.strip("/").split("/")
    identifier = f"{start}{'/'.join([*path, last])}"
    return {
        "id": identifier,
        "arn": identifier,
        "name": last,
        "path": f"/{'/'.join(path)}/" if path else "/",
        "policy_id": f"ANPA{scatter(identifier, 17, UPPER)}",
        "description": "",
        "policy": None,
        "attachment_count": 0,
        "tags": {},
    }


DATA_SOURCES: Mapping[str, DataSource] = {
    **by_own_names("aws_iam_instance_profile aws_iam_role"),
    "aws_iam_group": own("aws_iam_group", group_name="name"),
    "aws_iam_openid_connect_provider": own("aws_iam_openid_connect_provider"),
    "aws_iam_policy": DataSource(read=_iam_policy),
    "aws_iam_policy_document": DataSource(read=_policy_document, validate=validator(*_STATEMENT)),
    "aws_iam_session_context": DataSource(read=_session),
    "aws_iam_user": own("aws_iam_user", user_name="name"),
}
