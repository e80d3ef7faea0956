"""The names that an expression refers to, and whether they exist. Nothing is evaluated here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.template.document import Function
from bonkei.definitions.cloudformation.template.model import Template

PSEUDO = frozenset(
    {
        *("AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition"),
        *("AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"),
    }
)
VARIABLE = re.compile(r"\$\{([^!][^}]*)\}")
"""In `Fn::Sub`; `${!Literal}` stays as `${Literal}`."""


def functions_in(expression: Any) -> Iterator[Function]:
    """Yield every function, the outer ones first."""
    if isinstance(expression, Function):
        yield expression
        yield from functions_in(expression.argument)
    elif isinstance(expression, dict):
        for value in expression.values():
            yield from functions_in(value)
    elif isinstance(expression, list | tuple):
        for value in expression:
            yield from functions_in(value)


def names_in(function: Function) -> Iterator[tuple[str, str]]:
    """Return the names that this one function refers to, each with its attribute, which is "" for a
    Ref."""
    match function.name, function.argument:
        case "Ref", str() as name:
            yield name, ""
        case "Fn::GetAtt", [str() as name, *rest]:
            yield name, str(rest[0]) if rest else ""
        case "Fn::Sub", str() as text:
            yield from _variables(text, ())
        case "Fn::Sub", [str() as text, dict() as given]:
            yield from _variables(text, given)


def _variables(text: str, given: Any) -> Iterator[tuple[str, str]]:
    for variable in VARIABLE.findall(text):
        if variable not in given:
            name, _, attribute = variable.strip().partition(".")
            yield name, attribute


def require_references(template: Template) -> None:
    """Raise TemplateError for a name that does not exist."""
    known = {*template.parameters, *PSEUDO}
    for name, condition in template.conditions.items():
        _require(condition, known, f"the Conditions block of the template: {name}", template)
    for resource in template.resources.values():
        _require_condition(resource.condition, template, resource.line)
        what = "the Resources block of the template"
        _require(resource.properties, known | set(template.resources), what, template)
        for other in resource.depends_on:
            if other not in template.resources:
                _unresolved([other], what, resource.line)
    for output in template.outputs.values():
        _require_condition(output.condition, template, output.line)
        everything = [output.value, output.export]
        what = "the Outputs block of the template"
        _require(everything, known | set(template.resources), what, template)


def _require(expression: Any, known: set[str], where: str, template: Template) -> None:
    for function in functions_in(expression):
        if function.name in ("Condition", "Fn::If"):
            argument = function.argument
            name = argument[0] if isinstance(argument, list) and argument else argument
            is_named = isinstance(name, str) and name not in template.conditions
            if function.name == "Fn::If" and is_named:
                what = f"Template error: unresolved condition dependency {name} in Fn::If"
                raise TemplateError(what, function.line)
            _require_condition(name, template, function.line)
        missing = [name for name, _ in names_in(function) if name not in known]
        if not missing:
            continue
        if function.name == "Fn::GetAtt":
            what = "Template error: instance of Fn::GetAtt references undefined resource"
            raise TemplateError(f"{what} {missing[0]}", function.line)
        _unresolved(missing, where, function.line)


def _unresolved(missing: list[str], where: str, line: int) -> None:
    names = ", ".join(missing)
    what = f"Template format error: Unresolved resource dependencies [{names}] in {where}"
    raise TemplateError(what, line)


def _require_condition(name: Any, template: Template, line: int) -> None:
    if isinstance(name, str) and name and name not in template.conditions:
        what = f"Template format error: Unresolved condition dependency {name}"
        raise TemplateError(what, line)
