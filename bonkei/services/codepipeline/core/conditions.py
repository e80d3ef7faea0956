"""Conditions of stages, of pipelines of type V2.

"Stage conditions", https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html:
a condition is met when all its rules succeed. VariableCheck and DeploymentWindow are decided here.
The others ask another service: CodePipeline runs them as it runs actions, and the stage waits. A
rule that is not simulated ends with an error that names it, and so the condition is not met.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from dataclasses import replace

from bonkei.base.errors import BonkeiError
from bonkei.blueprint.codepipeline import Condition, PipelineAction, Rule
from bonkei.grammar.schedule import parse_window
from bonkei.services.codepipeline.core.desk import Desk
from bonkei.services.codepipeline.core.quotas import time_out
from bonkei.services.codepipeline.core.values import (
    ActionRun,
    ConditionRun,
    Execution,
    RuleRun,
    StartAction,
)
from bonkei.services.codepipeline.core.variables import resolve, resolve_all

ASKING = {
    "CloudWatchAlarm": ("Rule", "CloudWatchAlarm"),
    "CodeBuild": ("Build", "CodeBuild"),
    "Commands": ("Compute", "Commands"),
    "LambdaInvoke": ("Invoke", "Lambda"),
}
"""The rule providers that ask another service: category and provider of the runner."""
_MAY_SKIP = ("LambdaInvoke", "VariableCheck")


def as_action(rule: Rule) -> PipelineAction:
    """The action that does what the rule asks."""
    category, provider = ASKING[rule.provider]
    return PipelineAction(
        rule.name,
        category,
        provider,
        configuration=rule.configuration,
        inputs=rule.inputs,
        role_arn=rule.role_arn,
        timeout_minutes=rule.timeout_minutes,
        commands=rule.commands,
    )


def evaluate(desk: Desk, execution: Execution, condition: Condition, place: str) -> Execution:
    """Add the condition's run to the execution's stage. Its status is InProgress while a rule asks
    another service, and Succeeded when it is met.
    """
    rules = []
    for rule in condition.rules:
        execution, ran = _begin(desk, execution, condition, rule)
        rules.append(ran)
    judged = _judged(ConditionRun(place, "InProgress", "", tuple(rules), desk.now))
    run = execution.here
    return desk.put_stage(execution, replace(run, conditions=(*run.conditions, judged)))


def conclude(desk: Desk, execution: Execution) -> Execution:
    """The last condition's run, with what its checks have found until now."""
    run = execution.here
    *others, last = run.conditions
    checks = {check.id: check for check in run.checks}
    rules = tuple(
        _checked(rule, checks[rule.run_id]) if rule.run_id in checks else rule
        for rule in last.rules
    )
    last = _judged(replace(last, rules=rules, at=desk.now))
    return desk.put_stage(execution, replace(run, conditions=(*others, last)))


def _judged(run: ConditionRun) -> ConditionRun:
    if any(rule.status == "InProgress" for rule in run.rules):
        return run
    bad = [rule for rule in run.rules if rule.status != "Succeeded"]
    status = "Succeeded" if not bad else "Errored" if bad[0].status == "Errored" else "Failed"
    return replace(run, status=status, summary="; ".join(rule.summary for rule in bad))


def _checked(rule: RuleRun, check: ActionRun) -> RuleRun:
    if check.status == "InProgress":
        return rule
    said = check.error_message or check.summary or check.status
    status = "Succeeded" if check.status == "Succeeded" else "Failed"
    return replace(rule, status=status, summary=f"{rule.name}: {said}")


def _begin(
    desk: Desk, execution: Execution, condition: Condition, rule: Rule
) -> tuple[Execution, RuleRun]:
    if rule.provider not in _HERE and rule.provider not in ASKING:
        why = f"{rule.name}: the rule provider {rule.provider} is not simulated"
        return execution, RuleRun(rule.name, "Errored", why)
    if condition.result == "SKIP" and rule.provider not in _MAY_SKIP:
        why = f"{rule.name}: with the result SKIP a rule is one of {', '.join(_MAY_SKIP)}"
        return execution, RuleRun(rule.name, "Errored", why)
    try:
        if rule.provider in _HERE:
            return execution, _HERE[rule.provider](rule, execution, desk.now)
        return _ask(desk, execution, rule)
    except BonkeiError as error:
        return execution, RuleRun(rule.name, "Errored", f"{rule.name}: {error.message}")
    except (re.error, ValueError) as error:
        return execution, RuleRun(rule.name, "Errored", f"{rule.name}: {error}")


def _ask(desk: Desk, execution: Execution, rule: Rule) -> tuple[Execution, RuleRun]:
    known = {artifact.name: artifact for artifact in execution.artifacts}
    if missing := [name for name in rule.inputs if name not in known]:
        raise ValueError(f"no artifact {', '.join(missing)} in this execution")
    check = ActionRun(
        id=desk.mint(),
        name=rule.name,
        status="InProgress",
        started=desk.now,
        updated=desk.now,
        expires=desk.now + time_out(as_action(rule)),
        configuration=resolve_all(rule.configuration, execution),
        inputs=tuple(known[name] for name in rule.inputs),
        commands=tuple(resolve(line, execution) for line in rule.commands),
    )
    run = execution.here
    execution = desk.put_stage(execution, replace(run, checks=(*run.checks, check)))
    desk.effects.append(StartAction(execution.id, run.name, check.id))
    return execution, RuleRun(rule.name, "InProgress", "", check.id)


def _check_variable(rule: Rule, execution: Execution, _now: float) -> RuleRun:
    value = resolve(rule.setting("Variable"), execution)
    wanted = resolve(rule.setting("Value"), execution)
    passed = _compare(rule.setting("Operator"), value, wanted)
    said = f"{rule.name}: {rule.setting('Variable')} is {value!r}, {rule.setting('Operator')} "
    return RuleRun(rule.name, "Succeeded" if passed else "Failed", f"{said}{wanted!r}")


def _compare(operator: str, value: str, wanted: str) -> bool:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-VariableCheck.html"""
    match operator:
        case "EQ":
            return value == wanted
        case "NE":
            return value != wanted
        case "CONTAINS":
            return wanted in value
        case "MATCHES":
            from bonkei.grammar.waf_regex.anywhere import is_found  # noqa: PLC0415 - few rules have one

            return is_found(wanted, value, whole=True)
    raise ValueError(f"VariableCheck has no operator {operator!r}")


def _check_window(rule: Rule, _execution: Execution, now: float) -> RuleRun:
    name = rule.setting("TimeZone") or "UTC"
    try:
        zone = zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"there is no time zone {name!r}") from None
    is_open = parse_window(rule.setting("Cron"), zone)(now)
    said = f"{rule.name}: now is {'' if is_open else 'not '}within {rule.setting('Cron')} ({name})"
    return RuleRun(rule.name, "Succeeded" if is_open else "Failed", said)


_HERE: dict[str, Callable[[Rule, Execution, float], RuleRun]] = {
    "VariableCheck": _check_variable,
    "DeploymentWindow": _check_window,
}
