"""Lambda functions: aws_lambda_function, with permissions and the handling of events."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.iam import PolicyStatement
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block


@dataclass(frozen=True, slots=True)
class Asynchronous:
    """How the events in a function's own queue are handled. `event_age` is in seconds."""

    retries: int = 2
    event_age: float = 6 * 3600.0
    on_success: str = ""  # ARN
    on_failure: str = ""  # ARN


@dataclass(frozen=True, slots=True)
class Function:
    """A function. `timeout` is in seconds, `memory` in MiB. `log_group` receives its output.
    `policy` names the permitted callers, from its aws_lambda_permission."""

    address: str
    arn: str
    name: str
    runtime: str
    handler: str
    role_arn: str
    timeout: float
    memory: int
    filename: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    log_group: str = ""
    dead_letter_arn: str = ""
    invokers: tuple[tuple[str, str], ...] = ()  # (principal, ARN of the source or empty: any)
    package_type: str = "Zip"
    code_sha256: str = ""
    layers: tuple[str, ...] = ()  # ARNs of layer versions
    reserved_concurrency: int | None = None  # None: it shares the account's
    log_format: str = "Text"
    application_log_level: str = ""
    asynchronous: Asynchronous = Asynchronous()
    description: str = ""
    last_modified: str = ""
    architectures: tuple[str, ...] = ()
    policy: tuple[PolicyStatement, ...] = ()


def read_functions(state: State) -> tuple[Function, ...]:
    """Every function."""
    return tuple(_function(block, state) for block in state.managed("aws_lambda_function"))


def _function(block: Resource, state: State) -> Function:
    none = Block(block.address, {})
    name, arn = block.text("function_name"), block.text("arn")
    network = block.block("vpc_config") or none
    logging = block.block("logging_config") or none
    dead_letter = block.block("dead_letter_config") or none
    environment = block.block("environment") or none
    reserved = block.integer("reserved_concurrent_executions", -1)
    return block.read(
        Function,
        name=name,
        runtime=block.text("runtime", ""),
        handler=block.text("handler", ""),
        role_arn=block.text("role"),
        timeout=block.number("timeout", 3),
        memory=block.integer("memory_size", 128),
        environment=environment.pairs("variables"),
        subnet_ids=tuple(sorted(network.texts("subnet_ids"))),
        security_group_ids=tuple(sorted(network.texts("security_group_ids"))),
        # "Sending Lambda function logs to CloudWatch Logs": /aws/lambda/<name> by default.
        log_group=logging.text("log_group", "") or f"/aws/lambda/{name}",
        dead_letter_arn=dead_letter.text("target_arn", ""),
        invokers=tuple(
            (found.text("principal"), found.text("source_arn", ""))
            for found in state.managed("aws_lambda_permission")
            if found.text("function_name") in (name, arn)
        ),
        layers=block.texts("layers"),
        reserved_concurrency=reserved if reserved >= 0 else None,
        log_format=logging.text("log_format", "Text"),
        application_log_level=logging.text("application_log_level", ""),
        asynchronous=_asynchronous(name, arn, state),
        architectures=block.texts("architectures"),
        policy=tuple(
            _permission(found, arn)
            for found in state.managed("aws_lambda_permission")
            if found.text("function_name") in (name, arn)
        ),
    )


def _permission(block: Resource, function_arn: str) -> PolicyStatement:
    """In Lambda's form: "Using resource-based policies for Lambda",
    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"""
    who = block.text("principal")
    kind = "*" if who == "*" else "Service" if who.endswith((".com", ".com.cn")) else "AWS"
    conditions = [
        ("ArnLike", "AWS:SourceArn", block.text("source_arn", "")),
        ("StringEquals", "AWS:SourceAccount", block.text("source_account", "")),
        ("StringEquals", "aws:PrincipalOrgID", block.text("principal_org_id", "")),
        ("StringEquals", "lambda:FunctionUrlAuthType", block.text("function_url_auth_type", "")),
    ]
    qualifier = block.text("qualifier", "")
    return PolicyStatement(
        block.address,
        "Allow",
        (block.text("action", "lambda:InvokeFunction"),),
        resources=(f"{function_arn}:{qualifier}" if qualifier else function_arn,),
        principals=((kind, who),),
        conditions=tuple(each for each in conditions if each[2]),
        sid=block.text("statement_id", ""),
    )


def _asynchronous(name: str, arn: str, state: State) -> Asynchronous:
    """The asynchronous settings of the unqualified function. Those of an alias or a version are
    not simulated.
    """
    for block in state.managed("aws_lambda_function_event_invoke_config"):
        if block.text("function_name") in (name, arn):
            targets = {
                kind: destination.text("destination", "")
                for config in block.blocks("destination_config")
                for kind in ("on_success", "on_failure")
                for destination in config.blocks(kind)
            }
            return Asynchronous(
                retries=block.integer("maximum_retry_attempts", 2),
                event_age=block.number("maximum_event_age_in_seconds", 0) or 6 * 3600.0,
                on_success=targets.get("on_success", ""),
                on_failure=targets.get("on_failure", ""),
            )
    return Asynchronous()
