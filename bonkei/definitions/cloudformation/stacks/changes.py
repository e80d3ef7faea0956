"""The differences between a stack and its target.

A change set shows what is known before its execution: a resource that stays has its present
attributes, and what refers to a new one is `KNOWN_AFTER_APPLY`. Source: "DescribeChangeSet" and
"ResourceChangeDetail" in the CloudFormation API Reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bonkei.definitions.cloudformation.errors import MissingExportError, TemplateError
from bonkei.definitions.cloudformation.evaluation.functions import (
    KNOWN_AFTER_APPLY,
    NO_VALUE,
    Scope,
    evaluate,
)
from bonkei.definitions.cloudformation.evaluation.order import chosen
from bonkei.definitions.cloudformation.resources.checking import check
from bonkei.definitions.cloudformation.resources.schemas import schema_of
from bonkei.definitions.cloudformation.stacks.events import hidden
from bonkei.definitions.cloudformation.stacks.planning import Surroundings, scope_of
from bonkei.definitions.cloudformation.stacks.values import (
    Change,
    Detail,
    Stack,
    StackResource,
    Target,
    Values,
)
from bonkei.definitions.cloudformation.template import (
    ResourceDeclaration,
    Template,
    read_template,
)
from bonkei.definitions.cloudformation.template.references import names_in


def is_empty(stack: Stack, target: Target) -> bool:
    """Whether CloudFormation reports no changes. Outputs and tags count, too."""
    same_policies = [_policies(each) for each in stack.resources] == [
        _policies(each) for each in target.resources
    ]
    before = {each.logical_id: each for each in stack.resources}
    return (
        before.keys() == {each.logical_id for each in target.resources}
        and all(_is_same(before[each.logical_id], each) for each in target.resources)
        and stack.outputs == target.outputs
        and dict(stack.inputs.tags) == dict(target.inputs.tags)
        and (same_policies or stack.inputs.template == target.inputs.template)
    )


def _policies(each: StackResource) -> tuple[str, str, str]:
    return each.logical_id, each.deletion_policy, each.update_replace_policy


def _is_same(before: StackResource, wanted: StackResource) -> bool:
    return (before.properties, before.state, before.generation, "") == (
        wanted.properties,
        wanted.state,
        wanted.generation,
        wanted.reason,
    )


def changes(
    stack: Stack, target: Target, template: Template, around: Surroundings
) -> tuple[Change, ...]:
    """The changes in their order of execution. Removals come last. `template` is the target's."""
    before = {each.logical_id: each for each in stack.resources}
    stays = {
        each.logical_id: before[each.logical_id]
        for each in target.resources
        if each.logical_id in before and before[each.logical_id].generation == each.generation
    }
    scope = scope_of(template, target.inputs, stack, around)
    foreseen = _Foreseen(stack, target, template, _known(scope, template, stays), stays)
    found = [
        change
        for each in target.resources
        if (change := foreseen.change(before.get(each.logical_id), each)) is not None
    ]
    wanted = {each.logical_id for each in target.resources}
    removed = [each for each in stack.resources if each.logical_id not in wanted]
    return (*found, *_removals(stack, removed, around))


def _known(scope: Scope, template: Template, stays: Mapping[str, StackResource]) -> Scope:
    """The scope of the template's resources before they are made."""

    def attribute(name: str, wanted: str) -> str:
        return stays[name].attributes.get(wanted, "") if name in stays else KNOWN_AFTER_APPLY

    refs = {
        name: stays[name].physical_id if name in stays else KNOWN_AFTER_APPLY
        for name in template.resources
    }
    return replace(scope, references={**scope.references, **refs}, attribute=attribute)


def _properties(template: Template, resource: StackResource, scope: Scope) -> Values:
    """In the schema's types, as far as they are known."""
    declared = template.resources[resource.logical_id].properties
    written = {name: _value(each, scope) for name, each in declared.items()}
    given = {name: each for name, each in written.items() if each is not NO_VALUE}
    known: Values = check(schema_of(resource.type).document, given)[0]
    return known


def _value(expression: Any, scope: Scope) -> Any:
    try:
        return _unknown(evaluate(expression, scope))
    except TemplateError:  # it selects from what is not known
        return KNOWN_AFTER_APPLY


def _warning(declared: ResourceDeclaration, scope: Scope) -> str:
    """Why the value of a property is not known before the resource is made."""
    for expression in declared.properties.values():
        try:
            evaluate(expression, scope)
        except MissingExportError as error:
            return f"No export named {error.name}"
        except TemplateError as error:
            return error.words
    return ""


def _unknown(value: Any) -> Any:
    """A text with an unknown part is unknown."""
    if isinstance(value, dict):
        return {name: _unknown(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_unknown(each) for each in value]
    is_unknown = isinstance(value, str) and KNOWN_AFTER_APPLY in value
    return KNOWN_AFTER_APPLY if is_unknown else value


def _removals(stack: Stack, removed: list[StackResource], around: Surroundings) -> Iterator[Change]:
    """What they refer to is not looked up any more."""
    if not removed:
        return
    template = read_template(stack.inputs.template)
    try:
        scope = _known(scope_of(template, stack.inputs, stack, around), template, {})
    except TemplateError:  # such as a value that is no longer exported
        scope = Scope()
    for each in removed:
        yield Change(
            "Remove",
            each.logical_id,
            each.physical_id,
            each.type,
            policy=each.deletion_policy,
            before=_context(stack, _properties(template, each, scope)),
        )


def _context(stack: Stack, properties: Values) -> str:
    return hidden(json.dumps({"Properties": properties}, separators=(",", ":")), stack)


def _explained(here: Detail, causes: list[tuple[str, str, str]]) -> Iterator[Detail]:
    """A property's detail for each of its causes. Of a resource alone, the rest is shown only with
    the values."""
    direct = replace(here, evaluation="Dynamic" if causes else "Static")
    parameters = [each for each in causes if each[0] == "ParameterReference"]
    yield from (replace(here, source=source, cause=cause) for source, cause, _ in parameters)
    yield replace(direct, shown="with") if causes and not parameters else direct
    rest = [each for each in causes if each not in parameters]
    yield from (replace(here, source=source, cause=cause) for source, cause, _ in rest)


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """The changes of a change set, in their order. `modified` are the resources until now."""

    stack: Stack
    target: Target
    template: Template
    scope: Scope
    stays: Mapping[str, StackResource]
    modified: set[str] = field(default_factory=set)

    def change(self, before: StackResource | None, wanted: StackResource) -> Change | None:
        """What becomes of one resource, if anything."""
        properties = _properties(self.template, wanted, self.scope)
        after = self._context(properties)
        warning = _warning(self.template.resources[wanted.logical_id], self.scope)
        if before is None:
            name, kind = wanted.logical_id, wanted.type
            return Change("Add", name, "", kind, after=after, warning=warning)
        details = tuple(self._details(before, wanted, properties))
        if details:
            self.modified.add(wanted.logical_id)
        replaces = before.generation != wanted.generation
        retagged = dict(self.stack.inputs.tags) != dict(self.target.inputs.tags)
        tagged = retagged and before.state != wanted.state
        if not details and not replaces and not tagged and not wanted.reason:
            return None
        return Change(
            "Modify",
            wanted.logical_id,
            before.physical_id,
            wanted.type,
            "True" if replaces else "False",
            details,
            before.update_replace_policy if replaces else "",
            self._context(before.properties),
            after,
            warning,
        )

    def _context(self, properties: Values) -> str:
        return _context(replace(self.stack, wanted=self.target), properties)

    def _details(
        self, before: StackResource, wanted: StackResource, after: Values
    ) -> Iterator[Detail]:
        replaced_by = schema_of(wanted.type).replaced_by
        declared = self.template.resources[wanted.logical_id]
        was, now = before.metadata or None, wanted.metadata or None
        yield from self._detail("", was, now, declared.metadata)
        for name in sorted({*before.properties, *after}):
            was, now = before.properties.get(name), after.get(name)
            expression = declared.properties.get(name)
            yield from self._detail(name, was, now, expression, replaces=name in replaced_by)

    def _detail(
        self, name: str, was: Any, now: Any, expression: Any, *, replaces: bool = False
    ) -> Iterator[Detail]:
        here = Detail(name, replaces, self._text(was), self._text(now))
        causes = list(self._causes(expression))
        if was != now:
            yield from _explained(here, [each for each in causes if each[2] == "Static"])
        yield from (  # whether it changes is known only with the values
            replace(here, source=source, cause=cause, evaluation=evaluation, shown="without")
            for source, cause, evaluation in causes
            if evaluation == "Dynamic"
        )

    def _causes(self, expression: Any) -> Iterator[tuple[str, str, str]]:
        """What the property refers to and changes, too: the source, its name, the evaluation."""
        was, now = self.stack.inputs.parameters, self.target.inputs.parameters
        seen = set()
        for function in chosen(expression, self.scope.conditions):
            for name, attribute in names_in(function):
                source = "ResourceAttribute" if attribute else "ResourceReference"
                whole = f"{name}.{attribute}" if attribute else name
                if name in now and was.get(name) != now[name]:
                    seen.add(("ParameterReference", name, "Static"))
                elif name in self.template.resources and name not in self.stays:
                    seen.add((source, whole, "Static"))
                elif attribute and name in self.modified:
                    seen.add((source, whole, "Dynamic"))
        yield from sorted(seen)

    def _text(self, value: Any) -> str | None:
        if value is None:
            return None
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return hidden(text, replace(self.stack, wanted=self.target))
