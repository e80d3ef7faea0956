"""The plan of a change: the planned values, and whether the resource must be replaced.

The planned value of a configured argument is the configuration's. A computed attribute is UNKNOWN
at creation, unless the provider knows it already. It keeps its value in an update, unless the
change recomputes it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, starmap

from bonkei.definitions.provider.behaviour import ANY_CHANGE, Context, ResourceBehaviour
from bonkei.definitions.provider.region_and_tags import inherited
from bonkei.definitions.provider.schema import Block, NestedBlock
from bonkei.definitions.provider.values import UNKNOWN, Object, Value, given

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The planned values, and the paths that force a replacement."""

    planned: dict[str, Value]
    replaced_by: tuple[Path, ...] = ()


def plan_creation(
    block: Block, behaviour: ResourceBehaviour, config: Object, proposed: Object, context: Context
) -> Plan:
    """The plan of a new resource."""
    planned = _storable(block, proposed)
    _put_argument_defaults(planned, config, behaviour)
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
    """Return the plan of an existing resource, which equals `prior` if nothing changes. `adopted`
    means that it was imported, so values missing in the state do not cause a replacement.

    `adopted`: it was imported, so values missing in the state do not cause a replacement.
    """
    planned = _storable(block, proposed)
    _put_argument_defaults(planned, config, behaviour)
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
        for path in _Comparison(adopted).block(block, prior, planned, argument.split("."))
    )
    return Plan(planned, replaced_by)


def _storable(block: Block, proposed: Object) -> dict[str, Value]:
    """A copy without the values of write-only arguments, which no plan or state may hold."""
    copied = copy.deepcopy(dict(proposed))
    for name, attribute in block.attributes.items():
        if attribute.write_only:
            copied[name] = None
    return copied


def _put_argument_defaults(
    planned: dict[str, Value], config: Object, behaviour: ResourceBehaviour
) -> None:
    for path, value in behaviour.argument_defaults.items():
        _put_default(planned, config, path.split("."), value)


def _put_default(planned: Value, config: Value, path: list[str], default: Value) -> None:
    """Set the default where the configuration has no value, for any prior state."""
    if isinstance(planned, list) and isinstance(config, list):
        for content, source in _paired(planned, config):
            _put_default(content, source, path, default)
    elif isinstance(planned, dict) and isinstance(config, Mapping):
        name, *rest = path
        if rest:
            _put_default(planned.get(name), config.get(name), rest, default)
        elif config.get(name) is None:
            planned[name] = copy.deepcopy(default)


def _paired(planned: list[Value], config: list[Value]) -> Iterator[tuple[Value, Value]]:
    """Planned blocks with those of the configuration they come from; a set's order may differ."""
    if all(starmap(_comes_from, zip(planned, config, strict=False))):
        yield from zip(planned, config, strict=False)
        return
    for content in planned:
        yield from islice(((content, s) for s in config if _comes_from(content, s)), 1)


def _comes_from(planned: Value, config: Value) -> bool:
    if isinstance(planned, Mapping) and isinstance(config, Mapping):
        return all(_comes_from(planned.get(name), value) for name, value in config.items())
    if isinstance(planned, list) and isinstance(config, list):
        return len(planned) == len(config)
    return config is None or bool(planned == config)


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
    both = isinstance(left, list) and isinstance(right, list)
    return both and _is_set(block, name) and _bag(left) == _bag(right)


def _is_set(block: Block, name: str) -> bool:
    if name in block.blocks:
        return block.blocks[name].nesting == "set"
    type_ = block.attributes[name].type
    return isinstance(type_, list) and type_[0] == "set"


def _bag(values: list[Value]) -> list[str]:
    return sorted(json.dumps(value, sort_keys=True, default=repr) for value in values)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Finds, along the names of a path, where planned differs from prior."""

    adopted: bool

    def block(
        self, block: Block, prior: Object, planned: Object, names: list[str], at: Path = ()
    ) -> Iterator[Path]:
        name, *rest = names
        before, after = prior.get(name), planned.get(name)
        if _same(before, after, block, name) or (self.adopted and not before):
            return
        here = (*at, name)
        if not rest or not isinstance(before, list) or not isinstance(after, list):
            yield here
        elif _is_set(block, name):
            if _bag([_along(item, rest) for item in before]) != _bag(
                [_along(item, rest) for item in after]
            ):
                yield here
        elif len(before) != len(after):
            yield here
        else:
            inner = block.blocks[name].block
            for index, (old, new) in enumerate(zip(before, after, strict=True)):
                yield from self.block(inner, old, new, rest, (*here, index))


def _along(value: Value, names: list[str]) -> Value:
    """The value, or the list of values, that a path leads to."""
    if isinstance(value, list):
        return [_along(item, names) for item in value]
    if names and isinstance(value, Mapping):
        return _along(value.get(names[0]), names[1:])
    return value
