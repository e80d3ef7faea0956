"""Event rules for what really happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.subject import Subject, error
from bonkei.analysis.policy.lenient import allows
from bonkei.analysis.policy.managed import unknown_managed_policies

_START = "codepipeline:StartPipelineExecution"
_STARTED = ("STARTED", "SUCCEEDED", "FAILED", "CANCELED")
_STOPPED = ("RESUMED", "STOPPING", "STOPPED")
_STATES = {
    "CodePipeline Pipeline Execution State Change": (*_STARTED, *_STOPPED, "SUPERSEDED"),
    "CodePipeline Stage Execution State Change": (*_STARTED, *_STOPPED),
    "CodePipeline Action Execution State Change": (*_STARTED, "ABANDONED"),
}


@error(
    "A rule about pipelines waits for what CodePipeline sends",
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html",
)
def pipeline_events_happen(subject: Subject) -> Iterator[Problem]:
    for rule in subject.blueprint.event_rules:
        pattern = json.loads(rule.pattern or "{}")
        if pattern.get("source") != ["aws.codepipeline"]:
            continue
        kinds = pattern.get("detail-type") or list(_STATES)
        detail = pattern.get("detail") or {}
        states = {state for kind in kinds for state in _STATES.get(str(kind), ())}
        for what, values, known in (
            ("detail-type", kinds, set(_STATES)),
            ("state", detail.get("state"), states),
        ):
            if known and _none_of(values, known):
                named = ", ".join(values or ())
                yield Problem(
                    rule.address,
                    f"{rule.name} never matches: CodePipeline has no {what} {named}",
                    f"name one of {', '.join(sorted(known))}",
                    "event_pattern",
                )


@error(
    "A rule that starts a pipeline has a role that may start it",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html",
)
def rule_may_start_its_pipeline(subject: Subject) -> Iterator[Problem]:
    """Otherwise EventBridge fails in silence."""
    blueprint = subject.blueprint
    for rule in blueprint.event_rules:
        for target in rule.deliveries:
            role = blueprint.role(target.role_arn)
            if ":codepipeline:" not in target.arn or role is None or unknown_managed_policies(role):
                continue
            if not allows(role, _START, target.arn):
                yield Problem(
                    target.address,
                    f"{role.name} may not {_START} on {target.arn}, which {rule.name} starts",
                    "allow it in the target's role",
                    "role_arn",
                )


def _none_of(values: Any, known: set[str]) -> bool:
    """Whether a list of plain values has none of the known ones."""
    is_plain = isinstance(values, list) and all(isinstance(value, str) for value in values)
    return is_plain and bool(values) and not set(values) & known
