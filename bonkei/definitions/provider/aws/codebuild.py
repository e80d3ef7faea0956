"""AWS CodeBuild: projects and report groups.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import first
from bonkei.definitions.provider.aws.shared.checks import at, length, matches, whole
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given


def _project(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")
    identifier = mint.arn("codebuild", f"project/{name}")
    return {
        "id": identifier,
        "arn": identifier,
        "encryption_key": mint.arn("kms", "alias/aws/s3"),
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
        at("service_role", arn("iam")),
        at("vpc_config.vpc_id", matches(r"vpc-[0-9a-f]{8,17}", "a VPC's id")),
        whole("vpc_config.subnets", length(1, 16)),
        whole("vpc_config.security_group_ids", length(1, 5)),
        _project_fits,
    ),
    "aws_codebuild_report_group": resource(
        lambda mint: {
            "id": mint.arn("codebuild", f"report-group/{mint.given('name')}"),
            "arn": mint.arn("codebuild", f"report-group/{mint.given('name')}"),
            "created": mint.context.now,
        },
    ),
}
