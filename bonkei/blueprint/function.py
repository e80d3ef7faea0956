"""Lambda functions.

Read from aws_lambda_function.
"""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block


@dataclass(frozen=True, slots=True)
class Function:
    """`timeout` in seconds, `memory` in MiB. `log_group` is where its output goes."""

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


def read_functions(state: State) -> tuple[Function, ...]:
    """Every function."""
    return tuple(_function(block, state) for block in state.managed("aws_lambda_function"))


def _function(block: Resource, state: State) -> Function:
    none = Block(block.address, {})
    name = block.text("function_name")
    network = block.block("vpc_config") or none
    logging = block.block("logging_config") or none
    dead_letter = block.block("dead_letter_config") or none
    environment = block.block("environment") or none
    return Function(
        address=block.address,
        arn=block.text("arn"),
        name=name,
        runtime=block.text("runtime", ""),
        handler=block.text("handler", ""),
        role_arn=block.text("role"),
        timeout=block.number("timeout", 3),
        memory=block.integer("memory_size", 128),
        filename=block.text("filename", ""),
        environment=environment.pairs("variables"),
        subnet_ids=tuple(sorted(network.texts("subnet_ids"))),
        security_group_ids=tuple(sorted(network.texts("security_group_ids"))),
        # "Sending Lambda function logs to CloudWatch Logs": /aws/lambda/<name> by default.
        log_group=logging.text("log_group", "") or f"/aws/lambda/{name}",
        dead_letter_arn=dead_letter.text("target_arn", ""),
        invokers=tuple(
            (found.text("principal"), found.text("source_arn", ""))
            for found in state.managed("aws_lambda_permission")
            if found.text("function_name") in (name, block.text("arn"))
        ),
    )
