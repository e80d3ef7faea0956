"""What writes to a log group, and what its records look like: as far as the definitions say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bonkei.blueprint.service import Container
from bonkei.check.router import Output
from bonkei.check.subject import Subject
from bonkei.tasks.images.image import substitute

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
    """`form`: JSON objects, PostgreSQL's lines, a flow log's, other text, or not known. Of JSON,
    `keys` are the only ones (None: not known), `only` what a router lets through."""

    name: str
    form: Literal["json", "postgresql", "flow", "text", "unknown"]
    keys: frozenset[str] | None = None
    only: tuple[tuple[str, str], ...] = ()


def writers(subject: Subject, group: str) -> tuple[Writer, ...]:
    """Those that the definitions and the programs show."""
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
                # Of a router whose outputs are known these are Fluent Bit's own words.
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
    """Whether an output's group is not known."""
    to_groups = [o for o in _outputs(subject, container) if o.name in _TO_GROUPS]
    return len(to_groups) > len(tuple(routed_groups(subject, container)))


def routed_groups(subject: Subject, container: Container) -> Iterator[tuple[Output, str]]:
    """Outputs to CloudWatch Logs with their group's name, where the configuration tells it."""
    for output in _outputs(subject, container):
        if output.name in _TO_GROUPS:
            name = resolved(subject, container, output.setting("log_group_name"))
            if name:
                yield output, name


def _outputs(subject: Subject, container: Container) -> tuple[Output, ...]:
    program = subject.programs.get(container.name)
    return program.router.outputs if program and program.router else ()


def resolved(subject: Subject, container: Container, text: str) -> str:
    """With the container's variables put in; empty when one of them is not known."""
    program = subject.programs.get(container.name)
    variables = {**dict(program.environment if program else ()), **dict(container.environment)}
    told = substitute(text, variables, keep_unknown=True)
    return "" if "$" in told else told
