"""AWS CodeBuild: projects and report groups.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.provider.aws.checks import at, between, length, matches, one_of, whole
from bonkei.provider.aws.formats import arn
from bonkei.provider.aws.naming import Mint, first, resource
from bonkei.provider.behaviour import Problem, ResourceBehaviour
from bonkei.provider.values import Object, Value, given

_COMPUTE = (
    *("BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE"),
    *("BUILD_GENERAL1_XLARGE", "BUILD_GENERAL1_2XLARGE", "BUILD_LAMBDA_1GB", "BUILD_LAMBDA_2GB"),
    *("BUILD_LAMBDA_4GB", "BUILD_LAMBDA_8GB", "BUILD_LAMBDA_10GB", "ATTRIBUTE_BASED_COMPUTE"),
    "CUSTOM_INSTANCE_TYPE",
)
_ENVIRONMENTS = (
    *("LINUX_CONTAINER", "LINUX_GPU_CONTAINER", "WINDOWS_CONTAINER", "ARM_CONTAINER"),
    *("WINDOWS_SERVER_2019_CONTAINER", "WINDOWS_SERVER_2022_CONTAINER", "LINUX_EC2"),
    *("LINUX_LAMBDA_CONTAINER", "ARM_LAMBDA_CONTAINER", "ARM_EC2", "WINDOWS_EC2", "MAC_ARM"),
)
_SOURCES = (
    *("BITBUCKET", "CODECOMMIT", "CODEPIPELINE", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB"),
    *("GITLAB_SELF_MANAGED", "NO_SOURCE", "S3"),
)


def _project(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")
    identifier = mint.arn("codebuild", f"project/{name}")
    return {
        "id": identifier,
        "arn": identifier,
        "badge_url": "",
        "description": "",
        "encryption_key": mint.arn("kms", "alias/aws/s3"),
        "public_project_alias": "",
        "auto_retry_limit": 0,
    }


def _project_fits(config: Object) -> Iterator[Problem]:
    source, artifacts = first(config.get("source")), first(config.get("artifacts"))
    kind, output = source.get("type"), artifacts.get("type")
    if given(kind) and given(output) and (kind == "CODEPIPELINE") != (output == "CODEPIPELINE"):
        detail = "With a source of CODEPIPELINE the artifacts are of CODEPIPELINE, and vice versa."
        yield Problem(("artifacts", 0, "type"), "Conflicting arguments", detail)
    if kind == "NO_SOURCE" and source.get("buildspec") in (None, ""):
        detail = "A project without source needs its buildspec inline."
        yield Problem(("source", 0), "Missing argument", detail)
    needs_place = ("S3", "CODECOMMIT", "GITHUB", "BITBUCKET", "GITHUB_ENTERPRISE", "GITLAB")
    if kind in needs_place and source.get("location") is None:
        detail = f'A source of type {kind} needs "location".'
        yield Problem(("source", 0, "type"), "Missing argument", detail)
    if output == "S3" and artifacts.get("location") is None:
        detail = 'Artifacts of type S3 need "location", the bucket.'
        yield Problem(("artifacts", 0, "type"), "Missing argument", detail)
    cache = first(config.get("cache"))
    if cache.get("type") == "S3" and cache.get("location") is None:
        yield Problem(("cache", 0), "Missing argument", 'A cache of type S3 needs "location".')
    if cache.get("type") == "LOCAL" and cache.get("modes") in (None, []):
        yield Problem(("cache", 0), "Missing argument", 'A cache of type LOCAL needs "modes".')


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_codebuild_project": resource(
        _project,
        at("name", length(2, 255), matches(r"[A-Za-z0-9][A-Za-z0-9_-]+", "letters, digits, - _")),
        at("description", length(0, 255)),
        at("service_role", arn("iam")),
        at("build_timeout", between(5, 2160)),
        at("queued_timeout", between(5, 480)),
        at("environment.compute_type", one_of(*_COMPUTE)),
        at("environment.type", one_of(*_ENVIRONMENTS)),
        at("environment.image_pull_credentials_type", one_of("CODEBUILD", "SERVICE_ROLE")),
        at(
            "environment.environment_variable.type",
            one_of("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"),
        ),
        at("source.type", one_of(*_SOURCES)),
        at("artifacts.type", one_of("CODEPIPELINE", "NO_ARTIFACTS", "S3")),
        at("artifacts.packaging", one_of("NONE", "ZIP")),
        at("artifacts.namespace_type", one_of("NONE", "BUILD_ID")),
        at("cache.type", one_of("NO_CACHE", "LOCAL", "S3")),
        at(
            "cache.modes",
            one_of("LOCAL_SOURCE_CACHE", "LOCAL_DOCKER_LAYER_CACHE", "LOCAL_CUSTOM_CACHE"),
        ),
        at("logs_config.cloudwatch_logs.status", one_of("ENABLED", "DISABLED")),
        at("logs_config.s3_logs.status", one_of("ENABLED", "DISABLED")),
        at("vpc_config.vpc_id", matches(r"vpc-[0-9a-f]{8,17}", "a VPC's id")),
        whole("vpc_config.subnets", length(1, 16)),
        whole("vpc_config.security_group_ids", length(1, 5)),
        _project_fits,
        force_new="name",
        arguments={
            "badge_enabled": False,
            "build_timeout": 60,
            "project_visibility": "PRIVATE",
            "queued_timeout": 480,
            "artifacts.encryption_disabled": False,
            "artifacts.override_artifact_name": False,
            "cache.type": "NO_CACHE",
            "environment.image_pull_credentials_type": "CODEBUILD",
            "environment.privileged_mode": False,
            "environment.environment_variable.type": "PLAINTEXT",
            "logs_config.cloudwatch_logs.status": "ENABLED",
            "logs_config.s3_logs.status": "DISABLED",
            "logs_config.s3_logs.encryption_disabled": False,
        },
        import_="arn",
    ),
    "aws_codebuild_report_group": resource(
        lambda mint: {
            "id": mint.arn("codebuild", f"report-group/{mint.given('name')}"),
            "arn": mint.arn("codebuild", f"report-group/{mint.given('name')}"),
            "created": mint.context.now,
        },
        at("type", one_of("TEST", "CODE_COVERAGE")),
        force_new="name type",
    ),
}
