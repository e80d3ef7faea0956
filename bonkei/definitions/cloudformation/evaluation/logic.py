"""Conditions and rules: the functions that only they may use, and their evaluation.

Sources: "CloudFormation template Conditions syntax", "Condition-specific ..." and "Rule-specific
intrinsic functions" of the CloudFormation user guide,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.evaluation.functions import Scope, evaluate, text_of
from bonkei.definitions.cloudformation.template.document import Function
from bonkei.definitions.cloudformation.template.model import Rule, Template
from bonkei.definitions.cloudformation.template.references import functions_in

_IN_RULES = frozenset(
    {
        *("Fn::And", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::Equals"),
        *("Fn::Not", "Fn::Or", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll", "Ref"),
    }
)
_LOOKED_UP = frozenset({"Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"})
"""These functions ask AWS about the value of an AWS-specific parameter, such as a VPC's
attribute."""


def evaluate_conditions(template: Template, scope: Scope) -> Mapping[str, bool]:
    """Evaluate every condition. A condition may use others, declared before or after it. Raises
    TemplateError."""
    found: dict[str, bool] = {}
    waiting: list[str] = []

    def value(name: str) -> bool:
        if name in found:
            return found[name]
        if name in waiting:
            cycle = ", ".join(waiting[waiting.index(name) :])
            raise TemplateError(
                f"Template error: Circular dependency between conditions: [{cycle}]"
            )
        waiting.append(name)
        expression = template.conditions[name]
        if not isinstance(expression, Function):
            what = "Template format error: Conditions can only be boolean operations on parameters"
            raise TemplateError(f"{what} and other conditions: {name}")
        for function in functions_in(expression):
            if function.name in ("Condition", "Fn::If"):
                value(_used(function))
        result = evaluate(expression, replace(scope, conditions=found))
        if not isinstance(result, bool):
            what = "Template format error: Conditions can only be boolean operations on parameters"
            raise TemplateError(f"{what} and other conditions: {name}", expression.line)
        waiting.pop()
        found[name] = result
        return result

    try:
        for name in template.conditions:
            value(name)
    except RecursionError:
        raise TemplateError("Template error: too many conditions depend on each other") from None
    return {name: found[name] for name in template.conditions}


def _used(function: Function) -> str:
    argument = function.argument
    return str(argument[0] if isinstance(argument, list) and argument else argument)


def require_rules(template: Template, scope: Scope) -> None:
    """Raise TemplateError for the first assertion that fails."""
    for rule in template.rules.values():
        for expression in (rule.condition, *(each.assertion for each in rule.assertions)):
            _require_functions(rule, expression)
        if rule.condition is not None and not _truth(rule.condition, scope, rule):
            continue
        for assertion in rule.assertions:
            if not _truth(assertion.assertion, scope, rule):
                what = assertion.description or f"the assertion of line {assertion.line} is false"
                raise TemplateError(f"Template error: Rule {rule.name} failed: {what}")


def _require_functions(rule: Rule, expression: Any) -> None:
    for function in functions_in(expression):
        if function.name in _LOOKED_UP:
            what = f"The miniature does not evaluate {function.name} in rule {rule.name}"
            raise TemplateError(f"{what}: it asks AWS about a parameter's value", function.line)
        if function.name not in _IN_RULES:
            what = f"Template format error: {function.name} is not allowed in rule {rule.name}"
            raise TemplateError(what, function.line)


def _truth(expression: Any, scope: Scope, rule: Rule) -> bool:
    value = _rule_value(expression, scope)
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        what = f"Template format error: rule {rule.name} must evaluate to true or false"
        raise TemplateError(what, rule.line)
    return value


def _rule_value(expression: Any, scope: Scope) -> Any:
    """The value, computed by `evaluate`, with the functions of rules at any depth."""
    if isinstance(expression, list):
        return [_rule_value(each, scope) for each in expression]
    if not isinstance(expression, Function):
        return expression
    argument = _rule_value(expression.argument, scope)
    match expression.name, argument:
        case "Fn::Contains", [list() as strings, one]:
            return text_of(one) in map(text_of, strings)
        case "Fn::EachMemberEquals", [list() as strings, one]:
            return all(text_of(each) == text_of(one) for each in strings)
        case "Fn::EachMemberIn", [list() as strings, list() as allowed]:
            return {text_of(each) for each in strings} <= {text_of(each) for each in allowed}
        case (("Fn::Contains" | "Fn::EachMemberEquals" | "Fn::EachMemberIn"), _):
            what = f"Template error: {expression.name} does not have the arguments that it needs"
            raise TemplateError(what, expression.line)
    return evaluate(replace(expression, argument=argument), scope)
