"""Requests that AWS makes with a role of the definitions: image pull, secrets, logs, a shell, a
build, a pipeline. The requests of programs are not known here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.blueprint.codebuild import BuildProject
from bonkei.blueprint.codepipeline import Pipeline, PipelineAction
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.blueprint.lambda_.function import Function

_ECR_IMAGE = re.compile(
    r"^(?P<account>\d+)\.dkr\.ecr\.(?P<region>[\w-]+)\.amazonaws\.com/(?P<name>[^:@]+)"
)
EXEC_ACTIONS = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)


@dataclass(frozen=True, slots=True)
class Need:
    """A request that AWS makes. `purpose` completes "the task …". `context` has the call's
    condition keys."""

    action: str
    resource: str
    purpose: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def needs_of(role_arn: str, blueprint: Blueprint) -> tuple[Need, ...]:
    """Return the requests of one role, each once."""
    found: dict[tuple[str, str], Need] = {}
    for need in _all(role_arn, blueprint):
        found.setdefault((need.action, need.resource), need)
    return tuple(found.values())


def _all(role: str, blueprint: Blueprint) -> Iterator[Need]:
    for definition in blueprint.task_definitions:
        if definition.execution_role_arn == role:
            yield from execution_needs(definition, blueprint)
    shells = {each.task_definition_arn for each in blueprint.services if each.execute_command}
    if any(d.task_role_arn == role and d.arn in shells for d in blueprint.task_definitions):
        for action in EXEC_ACTIONS:
            yield Need(action, "*", "opens a shell (ECS Exec)")
    for function in blueprint.functions:
        if function.role_arn == role:
            yield from _function_needs(function)
    for project in blueprint.build_projects:
        if project.role_arn == role:
            yield from _project_needs(project)
    for pipeline in blueprint.pipelines:
        yield from _pipeline_needs(role, pipeline, blueprint)


def execution_needs(definition: TaskDefinition, blueprint: Blueprint) -> Iterator[Need]:
    """The actions of ECS with the execution role to start these tasks.

    "Amazon ECS task execution IAM role",
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    """
    for container in definition.containers:
        yield from _image_needs(container)
        yield from _log_needs(container, definition.arn, blueprint)
        for name, value_from in container.secrets:
            yield from _secret_needs(name, value_from, blueprint)


def _image_needs(container: Container) -> Iterator[Need]:
    match = _ECR_IMAGE.match(container.image)
    if match is None:
        return
    purpose = f"pulls {container.name}'s image"
    repository = f"arn:aws:ecr:{match['region']}:{match['account']}:repository/{match['name']}"
    yield Need("ecr:GetAuthorizationToken", "*", purpose)
    yield Need("ecr:BatchCheckLayerAvailability", repository, purpose)
    yield Need("ecr:BatchGetImage", repository, purpose)
    yield Need("ecr:GetDownloadUrlForLayer", repository, purpose)


def _log_needs(container: Container, definition_arn: str, blueprint: Blueprint) -> Iterator[Need]:
    log = container.log_configuration
    if log is None or log.driver != "awslogs":
        return
    options = dict(log.options)
    region = options.get("awslogs-region", "")
    name = options.get("awslogs-group", "")
    purpose = f"ships {container.name}'s log"
    yield from _stream_needs(definition_arn, name, purpose, region)
    is_there = any(group.name == name for group in blueprint.log_groups)
    if options.get("awslogs-create-group") == "true" and not is_there:
        yield Need("logs:CreateLogGroup", _stream(definition_arn, name, region), purpose)


def _stream_needs(near: str, group: str, purpose: str, region: str = "") -> Iterator[Need]:
    """The needs for writing to a log group in the account. An empty `region` means the region of
    `near`."""
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        yield Need(action, _stream(near, group, region), purpose)


def _stream(near: str, group: str, region: str = "") -> str:
    own = Arn.of(near)
    place = f"{own.partition}:logs:{region or own.region}:{own.account}"
    return f"arn:{place}:log-group:{group}:log-stream:any"


def _secret_needs(name: str, value_from: str, blueprint: Blueprint) -> Iterator[Need]:
    purpose = f"reads the secret {name}"
    if ":secretsmanager:" not in value_from:
        yield Need("ssm:GetParameters", value_from, purpose)
        return
    arn = ":".join(value_from.split(":")[:7])
    yield Need("secretsmanager:GetSecretValue", arn, purpose)
    key = _key_of(arn, blueprint)
    if key:
        via = f"secretsmanager.{arn.split(':')[3]}.amazonaws.com"
        yield Need("kms:Decrypt", key, purpose, {"kms:viaservice": (via,)})


def _key_of(secret_arn: str, blueprint: Blueprint) -> str:
    """The customer managed key of a secret. AWS's own key needs no permission."""
    names = [s.kms_key_id for s in blueprint.secrets if s.arn == secret_arn]
    names += [
        c.master_secret_kms_key_id
        for c in blueprint.database_clusters
        if c.master_secret_arn == secret_arn
    ]
    return next((key.arn for key in blueprint.keys for n in names if n in (key.arn, key.id)), "")


# "Giving Lambda functions access to resources in an Amazon VPC", "Required IAM permissions".
LAMBDA_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)


def _function_needs(function: Function) -> Iterator[Need]:
    """ "Lambda execution role"."""
    yield from _stream_needs(function.arn, function.log_group, "writes its log")
    for target in (
        function.dead_letter_arn,
        function.asynchronous.on_failure,
        function.asynchronous.on_success,
    ):
        if action := _SENDS.get(Arn.of(target).service):
            yield Need(action, target, "forwards the result of an event")
    for action in LAMBDA_NETWORK if function.subnet_ids else ():
        yield Need(action, "*", "joins its VPC")


_SENDS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction",
          "events": "events:PutEvents"}  # fmt: skip

# "Allow CodeBuild access to AWS services required to create a VPC network interface".
_BUILD_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
)


def _project_needs(project: BuildProject) -> Iterator[Need]:
    """ "Allow CodeBuild to interact with other AWS services"."""
    if project.logs.enabled:
        group = project.logs.group or f"/aws/codebuild/{project.name}"
        yield from _stream_needs(project.arn, group, "writes its log")
    if not project.subnet_ids:
        return
    for action in _BUILD_NETWORK:
        yield Need(action, "*", "joins its VPC")
    own = Arn.of(project.arn)
    place = f"arn:{own.partition}:ec2:{own.region}:{own.account}"
    for subnet in project.subnet_ids:
        context = {
            "ec2:subnet": (f"{place}:subnet/{subnet}",),
            "ec2:authorizedservice": ("codebuild.amazonaws.com",),
        }
        interface = f"{place}:network-interface/any"
        yield Need("ec2:CreateNetworkInterfacePermission", interface, "joins its VPC", context)


_SOURCE = (
    "codecommit:CancelUploadArchive",
    "codecommit:GetBranch",
    "codecommit:GetCommit",
    "codecommit:GetUploadArchiveStatus",
    "codecommit:UploadArchive",
)


def _pipeline_needs(role: str, pipeline: Pipeline, blueprint: Blueprint) -> Iterator[Need]:
    """Source: "Manage the CodePipeline service role". Each build of a stage needs the artifact
    store."""
    bucket = f"arn:aws:s3:::{(*pipeline.artifact_buckets, '')[0]}"
    key, region = pipeline.encryption_key, Arn.of(pipeline.arn).region
    via = {"kms:viaservice": (f"s3.{region}.amazonaws.com",)}
    actions = [each for stage in pipeline.stages for each in stage.actions]
    if pipeline.role_arn == role:
        yield Need("s3:PutObject", f"{bucket}/any", "keeps an artifact")
        yield Need("s3:GetObject", f"{bucket}/any", "hands on an artifact")
        if key:
            yield Need("kms:GenerateDataKey", key, "keeps an artifact", via)
            yield Need("kms:Decrypt", key, "hands on an artifact", via)
        for action in actions:
            yield from _action_needs(action, pipeline)
    builds = {each.setting("ProjectName") for each in actions if each.provider == "CodeBuild"}
    for project in blueprint.build_projects:
        if project.role_arn == role and project.name in builds:
            yield Need("s3:GetObject", f"{bucket}/any", "reads its source")
            if key:
                yield Need("kms:Decrypt", key, "reads its source", via)


def _action_needs(action: PipelineAction, pipeline: Pipeline) -> Iterator[Need]:
    own = Arn.of(pipeline.arn)
    partition, region, account = own.partition, own.region, own.account
    if action.provider == "CodeBuild":
        name = action.setting("ProjectName")
        project = f"arn:{partition}:codebuild:{region}:{account}:project/{name}"
        yield Need("codebuild:StartBuild", project, f"runs {action.name}")
        yield Need("codebuild:BatchGetBuilds", project, f"watches {action.name}")
    elif action.provider == "CodeCommit":
        name = action.setting("RepositoryName")
        for each in _SOURCE:
            yield Need(each, f"arn:{partition}:codecommit:{region}:{account}:{name}",
                       f"takes {action.name}")  # fmt: skip
    elif action.provider == "CodeStarSourceConnection":
        connection = action.setting("ConnectionArn")
        yield Need("codestar-connections:UseConnection", connection, f"takes {action.name}")
