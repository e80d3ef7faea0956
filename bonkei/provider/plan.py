"""What Terraform asks before it changes something: which values will there be, and must the
resource be replaced?

The planned value of an argument in the configuration is what the configuration says. A computed
attribute is UNKNOWN at creation, unless the provider knows it already, and keeps its value in an
update, unless the change recomputes it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bonkei.provider.behaviour import ANY_CHANGE, Context, ResourceBehaviour
from bonkei.provider.common import inherited
from bonkei.provider.schema import Block, NestedBlock
from bonkei.provider.values import UNKNOWN, Object, Value, given

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The planned values, and the paths that force a replacement."""

    planned: dict[str, Value]
    replaced_by: tuple[Path, ...] = ()


def plan_creation(
    block: Block, behaviour: ResourceBehaviour, config: Object, proposed: Object, context: Context
) -> Plan:
    """The plan of a resource that is not there yet."""
    planned = _storable(block, proposed)
    _put_argument_defaults(planned, behaviour)
    known = {**behaviour.defaults(config), **inherited(block, config, context)}
    for name, value in known.items():
        if planned.get(name) is None and block.attributes[name].computed:
            planned[name] = value
    _mark_unknown(block, planned)
    return Plan(planned)


def plan_update(
    block: Block,
    behaviour: ResourceBehaviour,
    prior: Object,
    config: Object,
    proposed: Object,
    context: Context,
    *,
    adopted: bool = False,
) -> Plan:
    """The plan of a resource that is there; equal to `prior` if nothing changes.

    `adopted`: it was imported, so what the state does not know of it is no reason to replace it.
    """
    planned = _storable(block, proposed)
    _put_argument_defaults(planned, behaviour)
    planned.update(inherited(block, config, context))
    for name, means_the_same in behaviour.equivalent.items():
        before, after = prior.get(name), planned.get(name)
        if given(before) and given(after) and before != after and means_the_same(before, after):
            planned[name] = before
    changed = {name for name in planned if not _same(planned[name], prior.get(name), block, name)}
    if not changed:
        return Plan(dict(prior))
    for name in changed & set(block.blocks):
        _mark_unknown_nested(block.blocks[name], planned[name])
    for name, causes in behaviour.recomputed_on_change.items():
        if config.get(name) is None and (causes == ANY_CHANGE or causes & changed):
            planned[name] = UNKNOWN
    replaced_by = tuple(
        path
        for argument in sorted(behaviour.force_new)
        for path in _differences(prior, planned, tuple(argument.split(".")), adopted=adopted)
    )
    return Plan(planned, replaced_by)


def _storable(block: Block, proposed: Object) -> dict[str, Value]:
    """A copy without the values of write-only arguments, which no plan or state may hold."""
    copied = copy.deepcopy(dict(proposed))
    for name, attribute in block.attributes.items():
        if attribute.write_only:
            copied[name] = None
    return copied


def _put_argument_defaults(planned: dict[str, Value], behaviour: ResourceBehaviour) -> None:
    for path, value in behaviour.argument_defaults.items():
        *parents, name = path.split(".")
        for holder in _holders(planned, parents):
            if holder.get(name) is None:
                holder[name] = copy.deepcopy(value)


def _holders(value: Value, names: list[str]) -> Iterator[dict[str, Value]]:
    if isinstance(value, list):
        for item in value:
            yield from _holders(item, names)
    elif isinstance(value, dict):
        if names:
            yield from _holders(value.get(names[0]), names[1:])
        else:
            yield value


def _mark_unknown(block: Block, values: dict[str, Value]) -> None:
    for name, attribute in block.attributes.items():
        if attribute.computed and values.get(name) is None:
            values[name] = UNKNOWN
    for name, nested in block.blocks.items():
        _mark_unknown_nested(nested, values.get(name))


def _mark_unknown_nested(nested: NestedBlock, value: Value) -> None:
    if value is UNKNOWN or value is None:
        return
    contents = value if isinstance(value, list) else [value]
    if nested.nesting == "map":
        contents = list(value.values())
    for content in contents:
        if isinstance(content, dict):
            _mark_unknown(nested.block, content)


def _same(left: Value, right: Value, block: Block, name: str) -> bool:
    if left == right:
        return True
    attribute = block.attributes.get(name)
    if attribute is not None:
        is_set = isinstance(attribute.type, list) and attribute.type[0] == "set"
    else:
        is_set = block.blocks[name].nesting == "set"
    return (
        is_set and isinstance(left, list) and isinstance(right, list) and _bag(left) == _bag(right)
    )


def _bag(values: list[Value]) -> list[str]:
    return sorted(json.dumps(value, sort_keys=True, default=repr) for value in values)


def _differences(
    prior: Value, planned: Value, names: tuple[str, ...], *, adopted: bool, at: Path = ()
) -> Iterator[Path]:
    """The paths, along `names`, where planned differs from prior."""
    if not names or not _is_container(prior) or not _is_container(planned):
        if prior != planned and not (adopted and prior is None):
            yield at
    elif isinstance(prior, list) and isinstance(planned, list):
        if len(prior) != len(planned):
            if not (adopted and not prior):
                yield at
            return
        for index, (before, after) in enumerate(zip(prior, planned, strict=True)):
            yield from _differences(before, after, names, adopted=adopted, at=(*at, index))
    else:
        name, *rest = names
        before, after = prior.get(name), planned.get(name)
        yield from _differences(before, after, tuple(rest), adopted=adopted, at=(*at, name))


def _is_container(value: Value) -> bool:
    return isinstance(value, list | Mapping)
