"""Intrinsic functions.

Source: "Intrinsic function reference",
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from bonkei.definitions.cloudformation.errors import MissingExportError, TemplateError
from bonkei.definitions.cloudformation.template.document import Function
from bonkei.definitions.cloudformation.template.references import VARIABLE


class _NoValue:
    """The value of `AWS::NoValue`, which removes its property."""


NO_VALUE = _NoValue()
KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""In a change set: what is known only when a resource is made."""


def _no_attribute(name: str, attribute: str) -> Any:
    raise TemplateError(f"Template error: {name}.{attribute} cannot be referred to here")


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that an expression may refer to. `references` gives the value of `Ref` by name,
    `attribute` the value of `Fn::GetAtt`, and `imports` the exports of other stacks."""

    references: Mapping[str, Any] = field(default_factory=dict)
    attribute: Callable[[str, str], Any] = _no_attribute
    conditions: Mapping[str, bool] = field(default_factory=dict)
    mappings: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)


def evaluate(expression: Any, scope: Scope) -> Any:
    """Return a plain value, or NO_VALUE if the whole is left out. Raises TemplateError, which names
    the line."""
    if isinstance(expression, Function):
        return call(expression, scope)
    if isinstance(expression, Mapping):
        found = {name: evaluate(value, scope) for name, value in expression.items()}
        return {name: value for name, value in found.items() if value is not NO_VALUE}
    if isinstance(expression, list):
        return [value for each in expression if (value := evaluate(each, scope)) is not NO_VALUE]
    return expression


def call(function: Function, scope: Scope) -> Any:
    """The value of one function."""
    known = FUNCTIONS.get(function.name)
    if known is None:
        names = ", ".join(sorted(FUNCTIONS))
        what = f"The miniature does not evaluate {function.name}"
        raise TemplateError(f"{what}; it evaluates {names}", function.line)
    return known(function, scope)


def text_of(value: Any) -> str:
    """A scalar in the form that CloudFormation puts into a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _refuse(function: Function, problem: str) -> NoReturn:
    raise TemplateError(f"Template error: {problem}", function.line)


def _ref(function: Function, scope: Scope) -> Any:
    name = function.argument
    if name == "AWS::NoValue":
        return NO_VALUE
    if not isinstance(name, str) or name not in scope.references:
        _refuse(function, f"Unresolved dependencies [{name}]")
    value = scope.references[name]
    return NO_VALUE if value == "AWS::NoValue" else value  # a parameter's, as on AWS


def _get_att(function: Function, scope: Scope) -> Any:
    match function.argument:
        case [str() as name, attribute]:
            value = evaluate(attribute, scope)
            if isinstance(value, str) and value:
                return _attribute(function, scope, name, value)
    _refuse(
        function,
        "every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
        "resource attribute",
    )


def _attribute(function: Function, scope: Scope, name: str, attribute: str) -> Any:
    try:
        return scope.attribute(name, attribute)
    except TemplateError as error:
        raise TemplateError(error.message, function.line) from None


def _sub(function: Function, scope: Scope) -> str:
    match function.argument:
        case str() as text:
            given: Mapping[str, Any] = {}
        case [str() as text, Mapping() as given]:
            pass
        case _:
            _refuse(
                function,
                "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify "
                "a string as first argument, and an optional second argument to specify a mapping "
                "of values to replace in the string",
            )

    def replaced(variable: str) -> str:
        if variable in given:
            value = evaluate(given[variable], scope)
        else:
            name, _, attribute = variable.strip().partition(".")
            if attribute:
                value = _attribute(function, scope, name, attribute)
            else:
                value = _ref(Function("Ref", name, function.line), scope)
        if not _is_scalar(value):
            _refuse(function, f"Fn::Sub expression: ${{{variable}}} does not resolve to a string")
        return text_of(value)

    return VARIABLE.sub(lambda found: replaced(found[1]), text).replace("${!", "${")


def _join(function: Function, scope: Scope) -> str:
    match function.argument:
        case [str() as between, listed]:
            values = evaluate(listed, scope)
            if isinstance(values, list) and all(map(_is_scalar, values)):
                return between.join(map(text_of, values))
    _refuse(
        function,
        "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
        "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to "
        "be joined.",
    )


def _select(function: Function, scope: Scope) -> Any:
    match function.argument:
        case [written, listed]:
            index, values = text_of(evaluate(written, scope)), evaluate(listed, scope)
            if index.isdecimal() and isinstance(values, list) and int(index) < len(values):
                return values[int(index)]
    _refuse(
        function,
        "Fn::Select requires a list argument with two elements: an integer index and a list",
    )


def _split(function: Function, scope: Scope) -> list[str] | str:
    match function.argument:
        case [str() as between, written] if between:
            text = evaluate(written, scope)
            if isinstance(text, str):
                return text if KNOWN_AFTER_APPLY in text else text.split(between)
    _refuse(
        function,
        "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string "
        "to be split or a function that returns a string to be split.",
    )


def _if(function: Function, scope: Scope) -> Any:
    match function.argument:
        case [str() as condition, yes, no]:
            if condition not in scope.conditions:
                _refuse(function, f"unresolved condition dependency {condition} in Fn::If")
            return evaluate(yes if scope.conditions[condition] else no, scope)
    _refuse(function, "Fn::If requires a list argument with three elements")


def _find_in_map(function: Function, scope: Scope) -> Any:
    match function.argument:
        case [name, first, second]:
            keys = [text_of(evaluate(each, scope)) for each in (name, first, second)]
            found: Any = scope.mappings
            for key in keys:
                found = found.get(key) if isinstance(found, Mapping) else None
            if found is not None:
                return found
            _refuse(function, f"Unable to get mapping for {'::'.join(keys)}")
    _refuse(
        function,
        "every Fn::FindInMap object requires three parameters, the map name, map key and the "
        "attribute for return value",
    )


def _import_value(function: Function, scope: Scope) -> str:
    name = text_of(evaluate(function.argument, scope))
    if name not in scope.imports:
        raise MissingExportError(name, function.line)
    return scope.imports[name]


def _base64(function: Function, scope: Scope) -> str:
    text = evaluate(function.argument, scope)
    if not isinstance(text, str):
        _refuse(function, "every Fn::Base64 object must have a String-typed value.")
    return base64.b64encode(text.encode()).decode()


def _and(function: Function, scope: Scope) -> bool:
    return all(_truths(function, scope))


def _or(function: Function, scope: Scope) -> bool:
    return any(_truths(function, scope))


def _truths(function: Function, scope: Scope) -> list[bool]:
    listed = function.argument
    if not isinstance(listed, list) or not 2 <= len(listed) <= 10:
        what = f"every {function.name} object requires a list of at least 2 and at most 10"
        _refuse(function, f"{what} boolean parameters.")
    return [truth(each, scope, function) for each in listed]


def _not(function: Function, scope: Scope) -> bool:
    match function.argument:
        case [one]:
            return not truth(one, scope, function)
    _refuse(function, "every Fn::Not object requires one boolean parameter.")


def _equals(function: Function, scope: Scope) -> bool:
    match function.argument:
        case [left, right]:
            one, other = evaluate(left, scope), evaluate(right, scope)
            if _is_scalar(one) and _is_scalar(other):
                return text_of(one) == text_of(other)
            return bool(one == other)
    _refuse(function, "every Fn::Equals object requires a list of 2 string parameters.")


def _condition(function: Function, scope: Scope) -> bool:
    name = function.argument
    if not isinstance(name, str) or name not in scope.conditions:
        _refuse(function, f"Unresolved condition dependency {name}")
    return scope.conditions[name]


def truth(expression: Any, scope: Scope, around: Function) -> bool:
    """The value of a condition. Raises TemplateError if it is neither true nor false."""
    value = evaluate(expression, scope)
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        _refuse(around, f"{around.name} requires boolean parameters")
    return value


FUNCTIONS: Mapping[str, Callable[[Function, Scope], Any]] = {
    "Condition": _condition,
    "Fn::And": _and,
    "Fn::Base64": _base64,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Not": _not,
    "Fn::Or": _or,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Ref": _ref,
}
