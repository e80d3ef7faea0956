"""Policies: documents made here, and those that AWS manages."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.cloudfront import managed_policies
from bonkei.provider.aws.shared.checks import Rule, at, exactly_one, one_of, validator, within
from bonkei.provider.aws.shared.documents import condition_operator, json_document, principal_type
from bonkei.provider.aws.shared.policy_document import PolicyDocumentError, render
from bonkei.provider.aws.shared.resource import words
from bonkei.provider.aws.shared.seeds import UPPER, scatter
from bonkei.provider.behaviour import Context, DataSource, Refused
from bonkei.provider.values import Object, Value

_VERSION = "2012-10-17"
# Of AWS's own policies, those under the path /service-role/ that stacks like these name:
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


def _policy_document(config: Object, _: Context) -> Object:
    try:
        text, minified, identifier = render(config)
    except PolicyDocumentError as error:
        raise Refused(error.message, error.remedy) from error
    return {"json": text, "minified_json": minified, "id": identifier, "version": _VERSION}


# A role or a bucket would be refused for these too, at a place that only uses the document.
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
    """A policy of this stack, or one of AWS's own: its ARN is certain, its text is not known."""
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


def _managed_policy(
    policies: Mapping[str, tuple[str, dict[str, Value]]], kind: str, resource_type: str
) -> DataSource:
    """A policy of CloudFront's own, by name or id; or one that this stack makes, by its id."""

    def read(config: Object, context: Context) -> Object:
        name, identifier = config.get("name"), config.get("id")
        for known, (known_id, settings) in policies.items():
            if name == known or identifier == known_id:
                return {
                    **settings,
                    "id": known_id,
                    "name": known,
                    "arn": f"arn:{context.partition}:cloudfront:::{kind}/{known_id}",
                    "etag": "E23ZP02F085DFQ",
                    "comment": f"Managed by CloudFront: {known}",
                }
        for peer in context.peers(resource_type):
            if peer.get("name") == name or peer.get("id") == identifier:
                return peer
        raise Refused(
            f'no such policy: "{name or identifier}"',
            f"CloudFront manages {', '.join(policies)}. A policy made elsewhere cannot be read.",
            ("name",) if name else ("id",),
        )

    return DataSource(read=read)


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_iam_policy_document": DataSource(read=_policy_document, validate=validator(*_STATEMENT)),
    "aws_iam_policy": DataSource(read=_iam_policy),
    "aws_cloudfront_cache_policy": _managed_policy(
        managed_policies.CACHE_POLICIES, "cache-policy", "aws_cloudfront_cache_policy"
    ),
    "aws_cloudfront_origin_request_policy": _managed_policy(
        managed_policies.ORIGIN_REQUEST_POLICIES,
        "origin-request-policy",
        "aws_cloudfront_origin_request_policy",
    ),
    "aws_cloudfront_response_headers_policy": _managed_policy(
        managed_policies.RESPONSE_HEADERS_POLICIES,
        "response-headers-policy",
        "aws_cloudfront_response_headers_policy",
    ),
}
