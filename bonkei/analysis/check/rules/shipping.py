"""Permissions of programs: a log router ships records, a function writes its log."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.log_writer import resolved, routed_groups
from bonkei.analysis.check.router import Output
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.analysis.policy.lenient import allows
from bonkei.analysis.policy.managed import unknown_managed_policies
from bonkei.base.arn import Arn
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.blueprint.lambda_.function import Function


@error(
    "A log router's task role may write where the router sends records",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-taskdef.html",
)
def router_may_ship(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    for definition in blueprint.task_definitions:
        role = blueprint.role(definition.task_role_arn)
        for container in definition.containers:
            needs = tuple(_needs(subject, definition, container))
            if needs and not definition.task_role_arn:
                yield Problem(
                    definition.address,
                    f"{container.name} routes logs to AWS, and the task has no role",
                    "give the task definition a task role that may do it",
                    "task_role_arn",
                )
            if role is None or unknown_managed_policies(role):
                continue
            for action, resource in needs:
                if not allows(role, action, resource):
                    yield Problem(
                        definition.address,
                        f"{role.name} may not {action} on {resource}, so {container.name} cannot"
                        " ship records",
                        "allow it in the task role, or let the router use an allowed resource",
                        "task_role_arn",
                    )


_TRIES = 5  # Fluent Bit's s3 output, with no limit set or with unlimited tries
_OFF = ("off", "false", "no")


@warning(
    "A log router on Fargate keeps trying, and leaves nothing behind when it stops",
    "https://docs.fluentbit.io/manual/data-pipeline/outputs/s3",
)
def router_keeps_what_fails(subject: Subject) -> Iterator[Problem]:
    """With each of these, records are lost with the task during the fault that they wait for."""
    for definition in subject.blueprint.task_definitions:
        for container in definition.containers:
            program = subject.program(container)
            router = program.router if program and container.firelens else None
            if router is None:
                continue
            if router.flushes_backlog:
                yield Problem(
                    definition.address,
                    f"{container.name}: with storage.backlog.flush_on_shutdown, Fluent Bit aborts"
                    " when it is stopped while a chunk waits for its next try",
                    f"remove it from {router.file}: a task's storage begins empty",
                    "container_definitions",
                )
            for problem, remedy in _of_s3(router.outputs):
                yield Problem(
                    definition.address,
                    f"{container.name}: {problem}",
                    f"{remedy} in {router.file}",
                    "container_definitions",
                )


def _of_s3(outputs: tuple[Output, ...]) -> Iterator[tuple[str, str]]:
    for output in outputs:
        if output.name != "s3":
            continue
        limit = output.setting("retry_limit").lower()
        if "$" not in limit and not (limit.isdecimal() and int(limit) > _TRIES):
            yield (
                f"its s3 output gives an upload up after {_TRIES} tries, whatever no_limits says",
                "set retry_limit to a large number",
            )
        if output.setting("preserve_data_ordering").lower() not in _OFF:
            yield (
                "its s3 output keeps the order of objects: a stop leaves a failed one behind",
                "set preserve_data_ordering to off",
            )


def _needs(
    subject: Subject, definition: TaskDefinition, container: Container
) -> Iterator[tuple[str, str]]:
    """The permissions for the outputs `cloudwatch_logs` and `s3` ("Permissions" in Fluent Bit's
    pages)."""
    own = Arn.of(definition.arn)
    for output, name in routed_groups(subject, container):
        region = resolved(subject, container, output.setting("region")) or own.region
        place = f"{own.partition}:logs:{region}:{own.account}"
        group = f"arn:{place}:log-group:{name}:log-stream:any"
        yield "logs:CreateLogStream", group
        yield "logs:PutLogEvents", group
    program = subject.program(container)
    router = program.router if program else None
    for output in router.outputs if router and container.firelens else ():
        bucket = resolved(subject, container, output.setting("bucket"))
        key = _key(subject, container, output.setting("s3_key_format"))
        if output.name == "s3" and bucket and key:
            yield "s3:PutObject", f"arn:{own.partition}:s3:::{bucket}/{key}"


def _key(subject: Subject, container: Container, form: str) -> str:
    """An object's key. The plugin's own variables ($UUID, $TAG) count as any text."""
    plugins_own = re.sub(r"\$(UUID|INDEX|TAG(\[\d\])?)\b", "any", form or "/fluent-bit-logs/any")
    return resolved(subject, container, plugins_own).lstrip("/")


@error(
    "A function's role may write its log",
    "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
)
def function_may_log(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    for function in blueprint.functions:
        role = blueprint.role(function.role_arn)
        if role is None or unknown_managed_policies(role):
            continue
        stream = _stream(function)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            if not allows(role, action, stream):
                yield Problem(
                    function.address,
                    f"{role.name} may not {action} on {function.log_group}: the log of"
                    f" {function.name}"
                    " is lost",
                    "allow it in the function's role",
                    "role",
                )


def _stream(function: Function) -> str:
    own = Arn.of(function.arn)
    place = f"{own.partition}:logs:{own.region}:{own.account}"
    return f"arn:{place}:log-group:{function.log_group}:log-stream:any"
