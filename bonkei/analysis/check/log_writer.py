"""The writers of a log group and the format of their records, if the definitions show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bonkei.analysis.check.router import Output
from bonkei.analysis.check.subject import Subject
from bonkei.blueprint.ecs import Container
from bonkei.grammar.dockerfile.image import substitute

# "Log fields" of AWS WAF, https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
_FIELDS_OF_WAF = """
    action args captchaResponse cfDistributionTenantId challengeResponse excludedRules
    formatVersion httpRequest httpSourceId httpSourceName ja3Fingerprint ja4Fingerprint labels
    nonTerminatingMatchingRules oversizeFields rateBasedRuleList requestBodySize
    requestBodySizeInspectedByWAF requestHeadersInserted responseCodeSent ruleGroupList
    terminatingRuleId terminatingRuleMatchDetails terminatingRuleType timestamp uri webaclId
"""


_TO_GROUPS = ("cloudwatch", "cloudwatch_logs")


@dataclass(frozen=True, slots=True)
class Writer:
    """A writer of a log group. `form` is JSON objects, PostgreSQL's lines, a flow log's, other
    text, or unknown. For JSON, `keys` are all keys (None if unknown) and `only` the values that a
    router lets through."""

    name: str
    form: Literal["json", "postgresql", "flow", "text", "unknown"]
    keys: frozenset[str] | None = None
    only: tuple[tuple[str, str], ...] = ()


def writers(subject: Subject, group: str) -> tuple[Writer, ...]:
    """The writers of a group, from the definitions and the programs."""
    return (*_resources(subject, group), *_databases(subject, group), *_containers(subject, group))


def _resources(subject: Subject, group: str) -> Iterator[Writer]:
    for found in subject.blueprint.log_groups:
        for use in found.writers if found.name == group else ():
            if use.type == "aws_flow_log":
                yield Writer(use.address, "flow")
            elif use.type == "aws_wafv2_web_acl_logging_configuration":
                yield Writer(use.address, "json", keys=frozenset(_FIELDS_OF_WAF.split()))
            elif use.type in ("aws_codebuild_project", "aws_ecs_cluster"):
                yield Writer(use.address, "text")
            else:
                yield Writer(use.address, "unknown")
    for function in subject.blueprint.functions:
        if function.log_group == group:
            yield Writer(function.address, "unknown")


def _databases(subject: Subject, group: str) -> Iterator[Writer]:
    """ "Publishing Aurora PostgreSQL logs to Amazon CloudWatch Logs": by the log's kind."""
    for cluster in subject.blueprint.database_clusters:
        own = [
            f"/aws/rds/{kind}/{cluster.identifier}/postgresql" for kind in ("cluster", "instance")
        ]
        if group in own and "postgresql" in cluster.log_exports:
            yield Writer(cluster.address, "postgresql")


def _containers(subject: Subject, group: str) -> Iterator[Writer]:
    for definition in subject.blueprint.task_definitions:
        for container in definition.containers:
            log = container.log_configuration
            if log is not None and group in dict(log.options).values():
                # With known outputs, the router's own log has Fluent Bit's words.
                is_routers = bool(container.firelens and _outputs(subject, container))
                name = f"{definition.address} ({container.name})"
                yield Writer(name, "text" if is_routers else "unknown")
            if container.firelens is None:
                continue
            routed = [output for output, name in routed_groups(subject, container) if name == group]
            for output in routed:
                yield Writer(f"{definition.address} ({container.name})", "json", only=output.only)
            named = group in dict(container.environment).values()
            if not routed and (named or _may_write_anywhere(subject, container)):
                yield Writer(f"{definition.address} ({container.name})", "unknown")


def _may_write_anywhere(subject: Subject, container: Container) -> bool:
    """Whether an output has an unknown group."""
    to_groups = [o for o in _outputs(subject, container) if o.name in _TO_GROUPS]
    return len(to_groups) > len(tuple(routed_groups(subject, container)))


def routed_groups(subject: Subject, container: Container) -> Iterator[tuple[Output, str]]:
    """Outputs to CloudWatch Logs with their group's name, if the configuration has it."""
    for output in _outputs(subject, container):
        if output.name in _TO_GROUPS:
            name = resolved(subject, container, output.setting("log_group_name"))
            if name:
                yield output, name


def _outputs(subject: Subject, container: Container) -> tuple[Output, ...]:
    program = subject.program(container)
    return program.router.outputs if program and program.router else ()


def resolved(subject: Subject, container: Container, text: str) -> str:
    """The text with the container's variables substituted; empty if one of them is unknown."""
    program = subject.program(container)
    variables = {**dict(program.environment if program else ()), **dict(container.environment)}
    value = substitute(text, variables, keep_unknown=True)
    return "" if "$" in value else value
