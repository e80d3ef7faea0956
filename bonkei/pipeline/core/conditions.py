"""Conditions of stages, of pipelines of type V2.

"Stage conditions", https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html:
a condition is met when all its rules succeed. Rules that need another service are not simulated.
They end with an error that names them, so the condition is not met.
"""

from __future__ import annotations

import re

from bonkei.blueprint.release.pipeline import Condition, Rule
from bonkei.pipeline.core.values import ConditionRun, Execution, RuleRun
from bonkei.pipeline.core.variables import UnresolvedError, resolve

RULES = ("VariableCheck",)
"""The rule providers that are simulated."""


def evaluate(condition: Condition, place: str, execution: Execution, now: float) -> ConditionRun:
    """Evaluate the condition. It is met if its status is Succeeded."""
    rules = tuple(_check(rule, execution) for rule in condition.rules)
    bad = [rule for rule in rules if rule.status != "Succeeded"]
    status = "Succeeded" if not bad else "Errored" if bad[0].status == "Errored" else "Failed"
    summary = "; ".join(rule.summary for rule in bad)
    return ConditionRun(place, status, summary, rules, now)


def _check(rule: Rule, execution: Execution) -> RuleRun:
    if rule.provider not in RULES:
        why = f"{rule.name}: the rule provider {rule.provider} is not simulated"
        return RuleRun(rule.name, "Errored", why)
    try:
        value = resolve(rule.setting("Variable"), execution)
        wanted = resolve(rule.setting("Value"), execution)
        passed = _compare(rule.setting("Operator"), value, wanted)
    except UnresolvedError as error:
        return RuleRun(rule.name, "Errored", f"{rule.name}: {error.message}")
    except (re.error, ValueError) as error:
        return RuleRun(rule.name, "Errored", f"{rule.name}: {error}")
    state = "Succeeded" if passed else "Failed"
    said = f"{rule.name}: {rule.setting('Variable')} is {value!r}, {rule.setting('Operator')} "
    return RuleRun(rule.name, state, f"{said}{wanted!r}")


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
            return re.fullmatch(wanted, value) is not None
    raise ValueError(f"VariableCheck has no operator {operator!r}")
