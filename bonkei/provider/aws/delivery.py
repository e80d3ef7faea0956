"""AWS CodePipeline, CodeBuild, CodeCommit and CodeConnections.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from bonkei.provider.aws.checks import (
    Path,
    at,
    between,
    length,
    matches,
    one_of,
    unique,
    unsure,
    whole,
)
from bonkei.provider.aws.formats import arn
from bonkei.provider.aws.naming import Mint, each, first, resource, same_shape
from bonkei.provider.behaviour import Problem, ResourceBehaviour
from bonkei.provider.values import Object, Value, given, known_items

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
_CATEGORIES = ("Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute")


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


def _pipeline(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")

    def action(_index: int, _block: Mapping[str, Value]) -> Mapping[str, Value]:
        return {"run_order": 1, "region": ""}

    return {
        "id": name,
        "arn": mint.arn("codepipeline", str(name)),
        "trigger_all": [],
        "stage": same_shape(
            mint.planned.get("stage"),
            lambda _index, stage: {"action": same_shape(stage.get("action"), action)},
        ),
    }


def _stages(config: Object) -> Iterator[Problem]:
    """The first stage has the sources, no other does; what goes in came out before."""
    stages = list(each(config.get("stage")))
    if unsure(config.get("stage")) or any(unsure(stage.get("action")) for stage in stages):
        return
    if stages and len(stages) < 2:
        yield Problem(("stage",), "Too few stages", "A pipeline has two stages at least.")
    produced: set[Value] = set()
    for number, stage in enumerate(stages):
        actions = list(each(stage.get("action")))
        for index, action in enumerate(actions):
            place: Path = ("stage", number, "action", index)
            category = action.get("category")
            if given(category) and (category == "Source") != (number == 0):
                detail = "The first stage has source actions only, and no other stage has one."
                yield Problem((*place, "category"), "Source action in the wrong stage", detail)
            yield from _inputs(action, place, produced | _outputs(actions, action), stages)
        for index, action in enumerate(actions):
            yield from _new_outputs(action, ("stage", number, "action", index), produced)


def _inputs(
    action: Mapping[str, Value],
    place: Path,
    earlier: Set[Value],
    stages: Sequence[Mapping[str, Value]],
) -> Iterator[Problem]:
    outputs = [each_.get("output_artifacts") for s in stages for each_ in each(s.get("action"))]
    for name in known_items(action.get("input_artifacts")):
        if name not in earlier and not any(map(unsure, outputs)):
            detail = f'No earlier action puts out "{name}".'
            yield Problem((*place, "input_artifacts"), "No such artifact", detail)


def _new_outputs(
    action: Mapping[str, Value], place: Path, produced: set[Value]
) -> Iterator[Problem]:
    for name in known_items(action.get("output_artifacts")):
        if name in produced:
            detail = f'"{name}" is put out by two actions.'
            yield Problem((*place, "output_artifacts"), "Duplicate artifact", detail)
        produced.add(name)


def _outputs(actions: list[Mapping[str, Value]], of: Mapping[str, Value]) -> set[Value]:
    """What actions of the same stage with a lower run_order put out."""
    return {
        name
        for action in actions
        if _order(action) < _order(of)
        for name in known_items(action.get("output_artifacts"))
    }


def _order(action: Mapping[str, Value]) -> float:
    order = action.get("run_order")
    return float(order or 1) if given(order) else 1.0


def _needs_v2(config: Object) -> Iterator[Problem]:
    kind = config.get("pipeline_type")
    mode = config.get("execution_mode")
    if kind is None or kind == "V1":
        if given(mode) and mode != "SUPERSEDED":
            detail = f'execution_mode "{mode}" needs pipeline_type = "V2".'
            yield Problem(("execution_mode",), "Conflicting arguments", detail)
        for name in ("trigger", "variable"):
            if list(each(config.get(name))):
                detail = f'A block {name} needs pipeline_type = "V2".'
                yield Problem((name,), "Conflicting arguments", detail)


def _one_store(config: Object) -> Iterator[Problem]:
    stores = list(each(config.get("artifact_store")))
    if len(stores) > 1 and any(store.get("region") is None for store in stores):
        detail = "With more than one artifact_store, each names its region."
        yield Problem(("artifact_store",), "Missing argument", detail)


def _repository(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("repository_name")
    host = f"git-codecommit.{mint.region}.{mint.suffix}"
    return {
        "id": name,
        "arn": mint.arn("codecommit", str(name)),
        "repository_id": mint.uuid(),
        "clone_url_http": f"https://{host}/v1/repos/{name}",
        "clone_url_ssh": f"ssh://{host}/v1/repos/{name}",
    }


def _connection(mint: Mint) -> Mapping[str, Value]:
    """A connection is PENDING until a person has agreed to it in the console."""
    identifier = mint.arn("codeconnections", f"connection/{mint.uuid()}")
    return {
        "id": identifier,
        "arn": identifier,
        "connection_status": "PENDING",
        "provider_type": "GitHub",
    }


_CONNECTION = resource(
    _connection,
    at("name", length(1, 32)),
    at(
        "provider_type",
        one_of(
            *("Bitbucket", "GitHub", "GitHubEnterpriseServer", "GitLab"),
            *("GitLabSelfManaged", "AzureDevOps"),
        ),
    ),
    force_new="name provider_type host_arn",
    import_="arn",
)

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
    "aws_codepipeline": resource(
        _pipeline,
        at("name", length(1, 100), matches(r"[A-Za-z0-9.@_-]+", "letters, digits and .@-_")),
        at("role_arn", arn("iam")),
        at("pipeline_type", one_of("V1", "V2")),
        at("execution_mode", one_of("QUEUED", "SUPERSEDED", "PARALLEL")),
        at("artifact_store.type", one_of("S3")),
        at("artifact_store.encryption_key.type", one_of("KMS")),
        at("stage.name", length(1, 100), matches(r"[A-Za-z0-9.@_-]+", "letters, digits, .@-_")),
        at("stage.action.name", matches(r"[A-Za-z0-9.@_-]{1,100}", "letters, digits, .@-_")),
        at("stage.action.category", one_of(*_CATEGORIES)),
        at("stage.action.owner", one_of("AWS", "Custom", "ThirdParty")),
        at("stage.action.run_order", between(1, 999)),
        at("stage.action.namespace", matches(r"[A-Za-z0-9@_-]{1,100}", "letters, digits, @-_")),
        at("stage.action.input_artifacts", matches(r"[A-Za-z0-9_-]{1,100}", "an artifact's name")),
        at("stage.action.output_artifacts", matches(r"[A-Za-z0-9_-]{1,100}", "an artifact's name")),
        unique("stage", "name", "stage"),
        _stages,
        _needs_v2,
        _one_store,
        force_new="name",
        arguments={"execution_mode": "SUPERSEDED", "pipeline_type": "V1"},
        import_="name",
    ),
    "aws_codecommit_repository": resource(
        _repository,
        at("repository_name", length(1, 100), matches(r"[\w.-]+", "letters, digits and ._-")),
        at("description", length(0, 1000)),
        import_="repository_name",
    ),
    "aws_codestarconnections_connection": _CONNECTION,
    "aws_codeconnections_connection": _CONNECTION,
    "aws_codestarnotifications_notification_rule": resource(
        lambda mint: {
            "id": mint.arn("codestar-notifications", f"notificationrule/{mint.random(40)}"),
            "arn": mint.arn("codestar-notifications", f"notificationrule/{mint.random(40)}"),
            "target": same_shape(
                mint.planned.get("target"), lambda _index, _block: {"status": "PENDING"}
            ),
        },
        at("name", length(1, 64)),
        at("detail_type", one_of("BASIC", "FULL")),
        at("status", one_of("ENABLED", "DISABLED")),
        at("resource", arn()),
        at("target.address", arn("sns", "chatbot")),
        force_new="resource",
        arguments={"status": "ENABLED", "target.type": "SNS"},
        import_="arn",
    ),
}
