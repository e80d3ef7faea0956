"""Schemas and problems as messages of the plugin protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from bonkei.definitions.provider.behaviour import Function, Problem
from bonkei.definitions.provider.plugin.codec import type_bytes
from bonkei.definitions.provider.plugin.protocol import message
from bonkei.definitions.provider.schema import Attribute, Block, NestedBlock, ProviderSchema
from bonkei.definitions.provider.values import Value, given

_Block = message("Schema.Block")
_Attribute = message("Schema.Attribute")
_NestedBlock = message("Schema.NestedBlock")
_Diagnostic = message("Diagnostic")
_Parameter = message("Function.Parameter")
_Path = message("AttributePath")
_Step = message("AttributePath.Step")

_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}
_SEVERITY = {"error": 1, "warning": 2}
_NAMES = ("name", "id", "origin_id", "container_name", "error_code", "key", "priority")


def provider_schema(schema: ProviderSchema, functions: Mapping[str, Function]) -> bytes:
    """The serialized answer to GetProviderSchema."""
    blocks: dict[Block, Any] = {}
    response = message("GetProviderSchema.Response")()
    response.provider.block.CopyFrom(_block(schema.configuration, blocks))
    if schema.meta.attributes:
        response.provider_meta.block.CopyFrom(_block(schema.meta, blocks))
    declare_capabilities(response)
    for messages, types in (
        (response.resource_schemas, schema.resources),
        (response.data_source_schemas, schema.data_sources),
        (response.ephemeral_resource_schemas, schema.ephemeral_resources),
    ):
        for name, block in types.items():
            messages[name].block.CopyFrom(_block(block, blocks))
    declare_functions(response, functions)
    return bytes(response.SerializeToString())


def declare_capabilities(response: Any) -> None:
    """Say that types can be moved, and that one fetch of the schema does for all connections."""
    response.server_capabilities.move_resource_state = True
    response.server_capabilities.get_provider_schema_optional = True


def declare_functions(response: Any, functions: Mapping[str, Function]) -> None:
    """Put the functions' signatures into an answer that has a field for them."""
    for name, function in functions.items():
        declared = response.functions[name]
        declared.summary = function.summary
        getattr(declared, "return").type = type_bytes(function.returns)  # a word of Python
        declared.parameters.extend(
            _Parameter(name=parameter, type=type_bytes(type_))
            for parameter, type_ in function.parameters.items()
        )


def _block(block: Block, known: dict[Block, Any]) -> Any:
    if block not in known:
        known[block] = _Block(
            attributes=[_attribute(name, a) for name, a in block.attributes.items()],
            block_types=[_nested(name, n, known) for name, n in block.blocks.items()],
        )
    return known[block]


def _attribute(name: str, attribute: Attribute) -> Any:
    return _Attribute(
        name=name,
        type=type_bytes(attribute.type),
        required=attribute.required,
        optional=attribute.optional,
        computed=attribute.computed,
        sensitive=attribute.sensitive,
        write_only=attribute.write_only,
        deprecated=attribute.deprecated,
    )


def _nested(name: str, nested: NestedBlock, known: dict[Block, Any]) -> Any:
    return _NestedBlock(
        type_name=name,
        block=_block(nested.block, known),
        nesting=_NESTING[nested.nesting],
        min_items=nested.min_items,
        max_items=nested.max_items,
    )


def diagnostics(
    problems: Iterable[Problem], block: Block, config: Mapping[str, Value] | None = None
) -> list[Any]:
    """Problems as diagnostics that Terraform can locate in the source.

    An element of a set cannot be located there; with its `config` the text names it.
    """
    return [
        _Diagnostic(
            severity=_SEVERITY[problem.severity],
            summary=problem.summary,
            detail=_set_element(problem.path, block, config or {}) + problem.detail,
            # no path at all means the whole block; an empty one would mean nowhere
            attribute=located(problem.path, block) if problem.path else None,
        )
        for problem in problems
    ]


def _set_element(path: Sequence[str | int], block: Block, config: Mapping[str, Value]) -> str:
    """`In rule "limit": ` when the path goes into a set of blocks with named elements."""
    here: Block = block
    value: Value = config
    for step, following in pairwise(path):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return ""
        if isinstance(step, int):
            continue
        nested = here.blocks.get(step)
        if nested is None:
            return ""
        if nested.nesting == "set":
            name = _name_of(value[following]) if isinstance(following, int) else ""
            return f'In {step} "{name}": ' if name else ""
        here = nested.block
    return ""


def _name_of(element: Value) -> str:
    """The name of a block for people; empty without a naming argument."""
    found = (element.get(name) for name in _NAMES) if isinstance(element, Mapping) else ()
    return next((str(value) for value in found if given(value) and value != ""), "")


def located(path: Iterable[str | int], block: Block) -> Any:
    """An attribute path, as far as the source shows it."""
    return _Path(steps=[_step(step) for step in _locatable(path, block)])


def _step(step: str | int | tuple[str]) -> Any:
    if isinstance(step, tuple):
        return _Step(element_key_string=step[0])
    if isinstance(step, int):
        return _Step(element_key_int=step)
    return _Step(attribute_name=step)


def _locatable(path: Iterable[str | int], block: Block) -> list[str | int | tuple[str]]:
    """The part of a path that can be found in the source.

    A set's elements have no index there, so the path ends at the set; a name below a map attribute
    is a key.
    """
    found: list[str | int | tuple[str]] = []
    here: Block | None = block
    for step in path:
        if isinstance(step, int):
            found.append(step)
        elif here is None:
            found.append((step,))
        else:
            found.append(step)
            nested = here.blocks.get(step)
            if nested is not None and nested.nesting == "set":
                break
            attribute = here.attributes.get(step)
            if (
                attribute is not None
                and isinstance(attribute.type, list)
                and attribute.type[0] == "set"
            ):
                break
            here = nested.block if nested is not None else None
    return found
