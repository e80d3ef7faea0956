"""The requests of each role, and the failures when a permission or a rule of a security group is
removed.

`bonkei.analysis.policy.needs` has the requests that AWS makes as a role. The calls of programs are
listed here: the log router's configuration, the alarm function's code, the buildspecs' commands.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bonkei.analysis.network.obstacles import obstacles
from bonkei.analysis.policy.needs import needs_of
from bonkei.base.aws_service import Caller, queue_url
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.services.endpoint.calls.request import Request
from bonkei.services.endpoint.permission import s3, services
from bonkei.services.endpoint.permission.asks import RoleAsk, requirements
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.estate import Estate
from bonkei.services.endpoint.permission.ledger import Ledger, read_denials
from bonkei.services.endpoint.permission.names import Names, names_of
from bonkei.services.endpoint.permission.requirement import Place, Requirement

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
PLACE = Place(ACCOUNT, REGION)
NOW = 1_800_000_000.0
Call = tuple[str, str, dict[str, Any]]


def uses(role: Role, blueprint: Blueprint) -> tuple[Requirement, ...]:
    """All requests of this role."""
    names = names_of(blueprint, PLACE)
    found: list[Requirement] = []
    for need in needs_of(role.arn, blueprint):
        ask = RoleAsk(role.arn, "x", need.action, need.resource, need.context)
        found += requirements(ask, names)
    for service, operation, parameters in _calls(role, blueprint):
        found += _required(service, operation, parameters, names)
    return tuple(dict.fromkeys(map(_Hashable, found)))  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Hashable:
    """A requirement that can be compared. Its context is a mapping."""

    requirement: Requirement

    def __hash__(self) -> int:
        return hash((self.requirement.action, self.requirement.resource))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.requirement, name)


def _required(
    service: str, operation: str, parameters: Mapping[str, Any], names: Names
) -> tuple[Requirement, ...]:
    if service == "s3":
        path = f"/{parameters['Bucket']}/{parameters.get('Key', '')}".rstrip("/")
        method = {"PutObject": "PUT"}.get(operation, "GET")
        query = "versionId=1" if parameters.get("VersionId") else ""
        return s3.required(operation, Request(method, path, query, ()), names) or ()
    return services.required(service, operation, parameters, names) or ()


def _calls(role: Role, blueprint: Blueprint) -> Iterator[Call]:
    name = role.name.split("-", 2)[2]
    if name.endswith("-task"):
        yield from _log_router(name.removesuffix("-task"), role, blueprint)
    elif name == "alarm":
        yield from _alarm(blueprint)
    elif name == "flow-log":
        group = next(each.name for each in blueprint.log_groups if each.name.endswith("/flow"))
        for operation in ("CreateLogStream", "PutLogEvents", "DescribeLogStreams"):
            stream = {} if operation.startswith("Describe") else {"logStreamName": "eni"}
            yield "logs", operation, {"logGroupName": group, **stream}
        yield "logs", "DescribeLogGroups", {}
    elif name == "pipeline-scan":
        yield "codepipeline", "StartPipelineExecution", {"name": role.name}
    elif name.startswith("pipeline-program"):
        yield from _stage(name.removeprefix("pipeline-program").removeprefix("-"), blueprint)


def _log_router(program: str, role: Role, blueprint: Blueprint) -> Iterator[Call]:
    """The outputs of program/fluentbit/fluent-bit.yaml, and a shell's session (ECS Exec)."""
    folder = program.partition("-migrate")[0]
    bucket = next(each.name for each in blueprint.buckets if "program-logs" in each.name)
    for kind in ("access", "application"):
        yield "s3", "PutObject", {"Bucket": bucket, "Key": f"{kind}/{folder}/2026/x.gz"}
    group = _group(blueprint, "/" + program.replace("-migrate", "/migrate"))
    for operation in ("CreateLogStream", "PutLogEvents"):
        yield "logs", operation, {"logGroupName": group, "logStreamName": "errors"}
    if any("ssmmessages" in action for each in role.statements for action in each.actions):
        shells = _group(blueprint, "/exec")
        yield "logs", "DescribeLogGroups", {}
        yield "logs", "DescribeLogStreams", {"logGroupName": shells}
        for operation in ("CreateLogStream", "PutLogEvents"):
            yield "logs", operation, {"logGroupName": shells, "logStreamName": "shell"}
        key = next(each for each in blueprint.keys if each.address.startswith("module.log_key"))
        yield "kms", "Decrypt", {"KeyId": key.arn}


def _alarm(blueprint: Blueprint) -> Iterator[Call]:
    """program/functions/alarm."""
    webhook = next(each for each in blueprint.secrets if each.name.endswith("webhook"))
    yield "secretsmanager", "GetSecretValue", {"SecretId": webhook.arn}
    prefix = webhook.name.partition("/")[0]
    yield "cloudwatch", "DescribeAlarmHistory", {"AlarmName": f"{prefix}-backend-errors"}
    yield "codepipeline", "ListActionExecutions", {"pipelineName": f"{prefix}-pipeline-tf"}
    for group in (f"/ecs/{prefix}/backend", f"/ecs/{prefix}/frontend"):
        yield "logs", "DescribeMetricFilters", {"logGroupName": group}
        yield "logs", "FilterLogEvents", {"logGroupName": group}
    queue = next(each for each in blueprint.queues if each.name.endswith("dead-letters"))
    for operation in ("ReceiveMessage", "DeleteMessage"):
        yield "sqs", operation, {"QueueUrl": queue_url(queue.arn)}


def _stage(stage: str, blueprint: Blueprint) -> Iterator[Call]:
    """environment/buildspecs/program_*.yaml and release.py; none: the pipeline itself."""
    [bucket] = {each for pipeline in blueprint.pipelines for each in pipeline.artifact_buckets}
    artifact = {"Bucket": bucket, "Key": "PIPELINE/SOURCE/x"}
    yield "s3", "GetObject", {**artifact, "VersionId": "1"}
    [cluster] = blueprint.clusters
    of_cluster = {"cluster": cluster.name}
    definitions = {each.family.partition("-")[2].partition("-")[2]: each
                   for each in blueprint.task_definitions}  # fmt: skip
    repositories = [each.name for each in blueprint.repositories]
    if not stage:
        yield "s3", "GetBucketLocation", {"Bucket": bucket}
        yield "s3", "GetBucketVersioning", {"Bucket": bucket}
    elif stage == "build":
        yield "ecr", "GetAuthorizationToken", {}
        for operation in ("BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload",
                          "DescribeImages", "GetDownloadUrlForLayer", "InitiateLayerUpload",
                          "PutImage", "UploadLayerPart"):  # fmt: skip
            for repository in repositories:
                yield "ecr", operation, {"repositoryName": repository}
        for repository in repositories:  # by CodeBuild, for the weekly scan
            yield "ssm", "GetParameters", {"Names": [f"/{repository}/image-tag"]}
    elif stage == "verify":
        services_ = [each.name for each in blueprint.services]
        yield "ecs", "DescribeServices", {**of_cluster, "services": services_}
        yield "ecs", "ListTasks", {**of_cluster, "serviceName": services_[0]}
        yield "ecs", "DescribeTasks", {**of_cluster, "tasks": ["t"]}
        yield "ecs", "DescribeTaskDefinition", {"taskDefinition": "x"}
        yield "ecs", "DeregisterTaskDefinition", {"taskDefinition": "x:1"}
        for repository in repositories:
            yield "ecr", "DescribeImages", {"repositoryName": repository}
            yield "ssm", "PutParameter", {"Name": f"/{repository}/image-tag"}
    else:
        families = ["backend-migrate"] if stage == "migrate" else ["backend", "frontend"]
        yield "ecs", "DescribeTaskDefinition", {"taskDefinition": "x"}
        yield "ecs", "DeregisterTaskDefinition", {"taskDefinition": "x:1"}
        for each in families:
            definition = definitions[each]
            roles = {"executionRoleArn": definition.execution_role_arn,
                     "taskRoleArn": definition.task_role_arn}  # fmt: skip
            yield "ecs", "RegisterTaskDefinition", {
                "family": definition.family, "tags": [{"key": "a"}], **roles
            }  # fmt: skip
            if stage == "migrate":
                run = {**of_cluster, "taskDefinition": definition.arn}
                yield "ecs", "RunTask", run
                yield "ecs", "DescribeTasks", {**of_cluster, "tasks": ["t"]}
            else:
                service = {**of_cluster, "service": f"{cluster.name}-{each}"}
                yield "ecs", "DescribeServices", {**of_cluster, "services": [service["service"]]}
                yield "ecs", "UpdateService", {**service, "taskDefinition": definition.arn}
                place = f"{cluster.name}/{service['service']}"
                deployment = cluster.arn.replace(
                    f":cluster/{cluster.name}", f":service-deployment/{place}/a"
                )
                yield "ecs", "StopServiceDeployment", {"serviceDeploymentArn": deployment}
                yield "ecs", "ListTasks", {**of_cluster, "serviceName": service["service"]}
                yield "ecs", "DescribeTasks", {**of_cluster, "tasks": ["t"]}


def _group(blueprint: Blueprint, ending: str) -> str:
    return next(
        each.name for each in blueprint.log_groups
        if each.name.startswith("/ecs/") and each.name.endswith(ending)
    )  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """A removed permission of a role, the resulting denials, and the places where they were
    sought.
    """

    role: str
    address: str
    action: str
    denied: tuple[str, ...]
    looked_at: tuple[str, ...]


class _Denials(Ledger):
    """Does not write which permissions are used: nothing here reads it."""

    def use(self, role: str, action: str, resource: str) -> None:
        pass


def denied(blueprint: Blueprint, role: Role) -> tuple[Mapping[str, Any], ...]:
    """The refused requests of this role, as the ledger records them."""
    with tempfile.TemporaryDirectory() as directory:
        ledger = _Denials(Path(directory))
        authorizer = Authorizer("on", ledger)
        authorizer.use(Estate(blueprint, PLACE))
        session = role.arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/x"
        caller = Caller(session, "AROA:x", ACCOUNT, role.arn)
        list(authorizer.denials(caller, uses(role, blueprint), NOW))
        return read_denials(ledger.denied_file)


def taken_away(blueprint: Blueprint) -> Iterator[Taken]:
    """Each action of each allowing statement, in turn: a second's work."""
    for index, role in enumerate(blueprint.roles):
        for statement in role.statements:
            for action in statement.actions if statement.effect == "Allow" else ():
                statements = tuple(_less(each, action) if each is statement else each
                                   for each in role.statements)  # fmt: skip
                poorer = replace(role, statements=statements)
                roles = (*blueprint.roles[:index], poorer, *blueprint.roles[index + 1 :])
                found = denied(replace(blueprint, roles=roles), poorer)
                yield Taken(
                    role.name, statement.address, action,
                    tuple(dict.fromkeys(each["action"] for each in found)),
                    tuple(dict.fromkeys(place for each in found for place in each["looked_at"])),
                )  # fmt: skip


def _less(statement: PolicyStatement, action: str) -> PolicyStatement:
    return replace(statement, actions=tuple(each for each in statement.actions if each != action))


def rules_taken_away(blueprint: Blueprint) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each rule of each security group in turn: its address, and the connections that fail
    without it.
    """
    for group in blueprint.security_groups:
        for rule in group.rules:
            rest = replace(group, rules=tuple(each for each in group.rules if each is not rule))
            groups = tuple(rest if each is group else each for each in blueprint.security_groups)
            found = obstacles(replace(blueprint, security_groups=groups))
            yield rule.address, tuple(f"{o.source} → {o.target}: {o.why}" for o in found)


def table(blueprint: Blueprint, taken: Sequence[Taken]) -> str:
    """For docs/enforcement.md: the number of removed items, and how many failed by name."""
    needed = [each for each in taken if each.denied]
    failed = [each for each in needed if each.address in each.looked_at]
    roles = {each.role for each in taken}
    rules = list(rules_taken_away(blueprint))
    named = [each for each in rules if each[1]]
    counts = (len(taken), len(taken) - len(needed), len(needed), len(failed))
    lines = [
        "| | all | nothing here asks for | removed | fail by name |",
        "|---|---|---|---|---|",
        f"| permissions of {len(roles)} roles | " + " | ".join(map(str, counts)) + " |",
        f"| rules of security groups | {len(rules)} | 0 | {len(rules)} | {len(named)} |",
    ]
    return "\n".join(lines)
