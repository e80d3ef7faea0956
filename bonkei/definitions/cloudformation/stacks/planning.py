"""Turns a template and parameters into the target resources of a stack.

Every value is known beforehand, even a new key's id: it comes from a token of the stack's id, the
logical id and the number of replacements. So a change set shows exactly the result of its
execution.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bonkei.definitions.cloudformation.errors import MissingExportError, TemplateError
from bonkei.definitions.cloudformation.evaluation.functions import (
    NO_VALUE,
    Scope,
    evaluate,
    text_of,
)
from bonkei.definitions.cloudformation.evaluation.logic import evaluate_conditions, require_rules
from bonkei.definitions.cloudformation.evaluation.order import chosen, in_order
from bonkei.definitions.cloudformation.evaluation.parameters import split
from bonkei.definitions.cloudformation.resources.catalogue import KINDS
from bonkei.definitions.cloudformation.resources.checking import check
from bonkei.definitions.cloudformation.resources.kind import Kind, Place, Request
from bonkei.definitions.cloudformation.resources.schemas import identifiers, schema_of
from bonkei.definitions.cloudformation.stacks.values import (
    Inputs,
    Stack,
    StackOutput,
    StackResource,
    Target,
)
from bonkei.definitions.cloudformation.template import Function, ResourceDeclaration, Template
from bonkei.definitions.cloudformation.template.model import Output
from bonkei.definitions.cloudformation.template.reading import require_policy
from bonkei.definitions.cloudformation.template.references import PSEUDO, names_in

_LARGEST_OUTPUT = 4096
_REQUIRED = re.compile(r"#(.*): required key \[(.*)\] not found")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan needs from outside. `imports` are the exports of the region's other stacks."""

    place: Place
    imports: Mapping[str, str] = field(default_factory=dict)


def plan(template: Template, inputs: Inputs, stack: Stack, around: Surroundings) -> Target:
    """Return the target of the stack. An invalid resource has a `reason`, and fails when its turn
    comes. Raises TemplateError for refusals that CloudFormation reports at once."""
    require_types(template)
    scope = scope_of(template, inputs, stack, around)
    require_rules(template, scope)
    before = {each.logical_id: each for each in stack.resources}
    made: dict[str, StackResource] = {}
    scope = replace(scope, attribute=lambda name, attribute: _attribute(made, name, attribute))
    ordered = in_order(template.resources, scope.conditions)
    _require_served(template.resources[name] for name in ordered)
    for name, needs in ordered.items():
        declared = template.resources[name]
        refs = {name: one.physical_id for name, one in made.items()}
        here = replace(scope, references={**scope.references, **refs})
        try:
            one = _resource(declared, here, before.get(name), stack, inputs, around.place)
        except MissingExportError as error:
            one = _unmade(declared, before.get(name), error)
        made[name] = replace(one, needs=tuple(sorted(needs)))
    refs = {name: one.physical_id for name, one in made.items()}
    scope = replace(scope, references={**scope.references, **refs})
    outputs = tuple(_outputs(template, scope))
    resources = tuple(
        replace(one, metadata=_metadata(template.resources[name], scope))
        for name, one in made.items()
    )
    inputs = replace(inputs, imports=_imports(template, scope, made))
    return Target(inputs, resources, outputs)


def scope_of(template: Template, inputs: Inputs, stack: Stack, around: Surroundings) -> Scope:
    """What the template may refer to, except its resources. Raises TemplateError."""
    scope = Scope(
        references={
            **_pseudo(stack, inputs, around.place),
            **{
                name: split(template.parameters[name].type, value)
                for name, value in inputs.parameters.items()
            },
        },
        mappings=template.mappings,
        imports=around.imports,
    )
    return replace(scope, conditions=evaluate_conditions(template, scope))


def _imports(
    template: Template, scope: Scope, made: Mapping[str, StackResource]
) -> tuple[str, ...]:
    """The names of other stacks' exports that the stack uses."""
    properties = [template.resources[name].properties for name in made]
    outputs = [
        one.value
        for one in template.outputs.values()
        if not one.condition or scope.conditions[one.condition]
    ]
    found = {
        text_of(evaluate(function.argument, scope))
        for function in chosen([*properties, *outputs], scope.conditions)
        if function.name == "Fn::ImportValue"
    }
    return tuple(sorted(found))


def require_types(template: Template) -> None:
    """Raise TemplateError for types that AWS does not have."""
    kinds = {one.type: one for one in reversed([*template.resources.values()])}
    if unknown := sorted(set(kinds) - set(identifiers()) - set(KINDS)):
        what = f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]"
        raise TemplateError(what, kinds[unknown[0]].line)
    for one in template.resources.values():
        if "Snapshot" in (one.deletion_policy, one.update_replace_policy):
            what = f"Template error: resource type {one.type} does not support deletion policy"
            raise TemplateError(f"{what} Snapshot", one.line)


def _require_served(wanted: Iterable[ResourceDeclaration]) -> None:
    """Raise TemplateError for a type that is not supported here. A resource that its condition
    leaves out needs none."""
    for one in wanted:
        if one.type not in KINDS:
            what = f"The miniature does not serve the resource type {one.type} of {one.logical_id}"
            raise TemplateError(f"{what}; it serves {', '.join(sorted(KINDS))}", one.line)


def required_capability(template: Template) -> str:
    """CAPABILITY_NAMED_IAM, CAPABILITY_IAM, or nothing. Source: "CreateStack", Capabilities."""
    served = [one for one in template.resources.values() if one.type in KINDS]
    found = [one for one in served if KINDS[one.type].identity_needs]
    if any(KINDS[one.type].named_by in one.properties for one in found):
        return "CAPABILITY_NAMED_IAM"
    return "CAPABILITY_IAM" if found else ""


def _pseudo(stack: Stack, inputs: Inputs, place: Place) -> Mapping[str, Any]:
    return {
        "AWS::AccountId": place.account,
        "AWS::NotificationARNs": list(inputs.notification_arns),
        "AWS::Partition": place.partition,
        "AWS::Region": place.region,
        "AWS::StackId": stack.id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": place.suffix,
    }


def _attribute(made: Mapping[str, StackResource], name: str, attribute: str) -> str:
    if name not in made:
        what = f"Template error: instance of Fn::GetAtt references undefined resource {name}"
        raise TemplateError(what)
    found = made[name].attributes
    if attribute not in found:
        what = f"Template error: resource {name} does not support attribute type {attribute}"
        raise TemplateError(f"{what} in Fn::GetAtt")
    return found[attribute]


def _resource(
    declared: ResourceDeclaration,
    scope: Scope,
    before: StackResource | None,
    stack: Stack,
    inputs: Inputs,
    place: Place,
) -> StackResource:
    if before is not None and before.type != declared.type:
        what = f"Update of resource type is not permitted: {declared.logical_id}"
        raise TemplateError(what, declared.line)
    kind, schema = KINDS[declared.type], schema_of(declared.type)
    written = evaluate(declared.properties, scope)
    _require_no_lookup(declared, written)
    typed, problems = check(schema.document, written)
    read_only = sorted(schema.read_only & set(typed))
    problems += [f"#: extraneous key [{name}] is not permitted" for name in read_only]
    generation, reason = _generation(typed, before, schema.replaced_by, kind.named_by)
    token = _token(declared, stack, generation)
    if before is not None and before.generation == generation:
        token = before.token
    wanted = StackResource(
        logical_id=declared.logical_id,
        type=declared.type,
        physical_id="",
        properties=typed,
        attributes=_Anything(),
        state=(),
        deletion_policy=_policy("DeletionPolicy", declared.deletion_policy, declared, scope),
        update_replace_policy=_policy(
            "UpdateReplacePolicy", declared.update_replace_policy, declared, scope
        ),
        generation=generation,
        token=token,
        status="",
        reason=reason,
    )
    if problems:
        return replace(wanted, reason=_invalid(declared.logical_id, problems))
    return _made(
        wanted, kind, Request(stack.name, declared.logical_id, typed, token, place, inputs.tags)
    )


def _metadata(declared: ResourceDeclaration, scope: Scope) -> str:
    """As JSON. CloudFormation does not validate it, so what cannot be evaluated is left out."""
    try:
        found = evaluate(declared.metadata, scope)
    except TemplateError:
        return ""
    return json.dumps(found, default=str) if isinstance(found, dict) else ""


def _invalid(name: str, problems: list[str]) -> str:
    """CloudFormation has words of its own for what is missing."""
    missing = [found for each in problems if (found := _REQUIRED.fullmatch(each))]
    if len(missing) == len(problems):
        told = ", ".join(f"The property {{{one[1]}/{one[2]}}} is required" for one in missing)
        return f"Property validation failure: [{told}]"
    return "\n".join([f"Properties validation failed for resource {name} with message:", *problems])


def _policy(attribute: str, written: Any, declared: ResourceDeclaration, scope: Scope) -> str:
    policy = evaluate(written, scope)
    if isinstance(written, Function):
        require_policy(attribute, declared.logical_id, policy, declared.line)
    return str(policy)


def _unmade(
    declared: ResourceDeclaration, before: StackResource | None, error: MissingExportError
) -> StackResource:
    unmade = StackResource(declared.logical_id, declared.type, "", {}, _Anything(), ())
    return replace(before or unmade, missing_export=error.name, reason=error.words)


def _token(declared: ResourceDeclaration, stack: Stack, generation: int) -> str:
    """A new token after an earlier update removed the resource, and for each replacement."""
    seed = f"{stack.id} {declared.logical_id} {generation} {stack.updated}"
    return hashlib.sha256(seed.encode()).hexdigest()


def _made(wanted: StackResource, kind: Kind, request: Request) -> StackResource:
    """Return the resource with its values. A resource that cannot be created has no values, and
    neither have resources that refer to it."""
    try:
        made = kind.make(request)
    except (KeyError, TypeError, AttributeError, ValueError) as error:  # the schema lets it pass
        what = f"Invalid request provided: {wanted.type} cannot be made of these properties"
        return replace(wanted, reason=f"{what} ({error!r})")
    return replace(
        wanted, physical_id=made.physical_id, attributes=made.attributes, state=made.state
    )


class _Anything(dict[str, str]):
    """The attributes of a resource that will not be created."""

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, _: str) -> str:
        return ""


def _generation(
    typed: Mapping[str, Any],
    before: StackResource | None,
    replaced_by: frozenset[str],
    named_by: str,
) -> tuple[int, str]:
    """Return the generation, which is one higher if a change replaces the resource, and the reason
    why that is impossible."""
    if before is None:
        return 1, ""
    changed = [name for name in replaced_by if typed.get(name) != before.properties.get(name)]
    if not changed:
        return before.generation, ""
    name = typed.get(named_by) if named_by else None
    if name is not None and name == before.properties.get(named_by):
        what = (
            "CloudFormation cannot update a stack when a custom-named resource requires replacing."
        )
        return before.generation + 1, f"{what} Rename {name} and update the stack again."
    return before.generation + 1, ""


def _require_no_lookup(declared: ResourceDeclaration, written: Any) -> None:
    if "{{resolve:" in json.dumps(written):
        what = f"The miniature does not resolve a dynamic reference in {declared.logical_id}"
        raise TemplateError(f"{what}: give the value as a parameter", declared.line)


def _require_made(output: Output, scope: Scope) -> None:
    """A condition may leave out what the output refers to."""
    for function in chosen([output.value, output.export], scope.conditions):
        for name, _ in names_in(function):
            if name not in scope.references and name not in PSEUDO:
                what = f"Unresolved resource dependencies [{name}] in the Outputs block of the"
                raise TemplateError(f"{what} template", output.line)


def _outputs(template: Template, scope: Scope) -> Iterator[StackOutput]:
    for output in template.outputs.values():
        if output.condition and not scope.conditions[output.condition]:
            continue
        _require_made(output, scope)
        value = evaluate(output.value, scope)
        if value is NO_VALUE or not isinstance(value, str | int | float):
            what = f"Template format error: Output {output.name} is malformed."
            raise TemplateError(what, output.line)
        text = text_of(value)
        if len(text.encode()) > _LARGEST_OUTPUT:
            what = f"Template format error: Output {output.name} is longer than {_LARGEST_OUTPUT}"
            raise TemplateError(f"{what} bytes", output.line)
        export = "" if output.export is None else text_of(evaluate(output.export, scope))
        yield StackOutput(output.name, text, output.description, export)
