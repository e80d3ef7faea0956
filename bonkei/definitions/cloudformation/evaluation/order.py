"""Resources in dependency order: each comes after those that it refers to or depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.template.document import Function
from bonkei.definitions.cloudformation.template.model import ResourceDeclaration
from bonkei.definitions.cloudformation.template.references import names_in


def in_order(
    resources: Mapping[str, ResourceDeclaration], conditions: Mapping[str, bool]
) -> Mapping[str, frozenset[str]]:
    """The resources with a true condition, and what each needs. Of an `Fn::If`, only the chosen
    branch counts. Raises TemplateError for a circle, and for a reference to a resource that is not
    created."""
    made = {
        name: one
        for name, one in resources.items()
        if not one.condition or conditions[one.condition]
    }
    needs = {name: _needs(one, made, resources, conditions) for name, one in made.items()}
    done: dict[str, frozenset[str]] = {}
    while len(done) < len(made):
        ready = [name for name in made if name not in done and needs[name] <= done.keys()]
        if not ready:
            left = ", ".join(sorted(_circle(needs, done)))
            raise TemplateError(f"Circular dependency between resources: [{left}]")
        done |= {name: frozenset(needs[name]) for name in ready}
    return done


def _needs(
    one: ResourceDeclaration,
    made: Mapping[str, ResourceDeclaration],
    resources: Mapping[str, ResourceDeclaration],
    conditions: Mapping[str, bool],
) -> set[str]:
    found = {name for name in one.depends_on if name in made}
    for function in chosen(one.properties, conditions):
        for name, _ in names_in(function):
            if name in resources and name not in made:
                what = f"Template format error: Unresolved resource dependencies [{name}] in the"
                raise TemplateError(f"{what} Resources block of the template", function.line)
            if name in made:
                found.add(name)
    return found


def chosen(expression: Any, conditions: Mapping[str, bool]) -> Iterator[Function]:
    """Every function that is evaluated."""
    if isinstance(expression, Function):
        yield expression
        match expression.name, expression.argument:
            case "Fn::If", [str() as condition, yes, no]:
                yield from chosen(yes if conditions.get(condition) else no, conditions)
            case _:
                yield from chosen(expression.argument, conditions)
    elif isinstance(expression, Mapping):
        for value in expression.values():
            yield from chosen(value, conditions)
    elif isinstance(expression, list):
        for value in expression:
            yield from chosen(value, conditions)


def _circle(needs: Mapping[str, set[str]], done: Mapping[str, object]) -> set[str]:
    """The members of circles, without resources that only depend on one."""
    left = {name: needs[name] - done.keys() for name in needs if name not in done}
    while True:
        leaves = {name for name in left if not any(name in others for others in left.values())}
        if not leaves:
            return set(left)
        left = {name: others for name, others in left.items() if name not in leaves}
