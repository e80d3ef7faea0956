"""What Terraform is shown of a schema: what its definitions and its state name.

It decodes the schema of each type. With all of AWS's that is half of a small run. For each resource
it then walks through all nested blocks of the type, and a web ACL's statements alone are thousands.
A block whose name is not a word of the definitions cannot be there, and is left out.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bonkei.definitions.provider.schema import Block, NestedBlock, ProviderSchema, absent
from bonkei.definitions.provider.values import UNKNOWN, Value


@dataclass(frozen=True, slots=True)
class _Named:
    """The content of a file of `bonkei.definitions.terraform.inputs.types`."""

    words: list[str]
    quoted: list[str]
    names: frozenset[str] | None
    whole: list[str]


class Selection:
    """A schema as it is shown. `file` is read when something is first asked for.

    Everything is shown without a file. Every type is shown when a quoted word is not a type:
    Terraform then names the nearest. A resource or a block that is used as a value has all its
    blocks.
    """

    def __init__(self, schema: ProviderSchema, file: Path | None) -> None:
        self._whole = schema
        self._file = file
        self._shown: dict[Block, Block] = {}

    @cached_property
    def schema(self) -> ProviderSchema:
        """The schema that is served."""
        schema, named = self._whole, self._named
        if named is None:
            return schema
        kinds = (schema.resources, schema.data_sources, schema.ephemeral_resources)
        some = all(any(word in kind for kind in kinds) for word in named.quoted)
        resources, data_sources, ephemeral_resources = (
            self._all_shown(_of(kind, named.words) if some else kind) for kind in kinds
        )
        return dataclasses.replace(
            schema,
            configuration=self.shown(schema.configuration),
            resources=resources,
            data_sources=data_sources,
            ephemeral_resources=ephemeral_resources,
        )

    def shown(self, block: Block) -> Block:
        """The block of a type without the nested blocks that nothing names."""
        return block if self._names is None else self._without_unnamed(block)

    def completed(self, value: dict[str, Value], block: Block) -> dict[str, Value]:
        """A value of the shown block, with the blocks that are not shown, which are empty."""
        _complete(value, block, self.shown(block))
        return value

    @cached_property
    def _named(self) -> _Named | None:
        try:
            read = json.loads(self._file.read_text(encoding="utf-8")) if self._file else None
        except FileNotFoundError:
            return None
        if read is None:
            return None
        names = read.get("names")
        return _Named(
            read["words"],
            read["quoted"],
            None if names is None else frozenset(names),
            read.get("whole", []),
        )

    @cached_property
    def _names(self) -> frozenset[str] | None:
        return self._named.names if self._named is not None else None

    @cached_property
    def _kept(self) -> frozenset[Block]:
        """The blocks that are values as a whole: those of types, and nested ones."""
        schema = self._whole
        kinds = (schema.resources, schema.data_sources, schema.ephemeral_resources)
        kept: set[Block] = set()
        for use in self._named.whole if self._named is not None else ():
            type_name, *path = use.split(".")
            blocks = (_at(path, kind[type_name]) for kind in kinds if type_name in kind)
            kept.update(block for block in blocks if block is not None)
        return frozenset(kept)

    def _all_shown(self, types: Mapping[str, Block]) -> Mapping[str, Block]:
        if self._names is None:
            return types
        return {name: self.shown(block) for name, block in types.items()}

    def _without_unnamed(self, block: Block) -> Block:
        """The same object where nothing is left out."""
        if block in self._kept:
            return block
        if block not in self._shown:
            self._shown[block] = self._reduced(block)
        return self._shown[block]

    def _reduced(self, block: Block) -> Block:
        blocks: dict[str, NestedBlock] = {}
        for name, nested in block.blocks.items():
            if name in (self._names or ()) or nested.min_items:
                inner = self._without_unnamed(nested.block)
                same = inner is nested.block
                blocks[name] = nested if same else dataclasses.replace(nested, block=inner)
        if all(blocks.get(name) is nested for name, nested in block.blocks.items()):
            return block
        return dataclasses.replace(block, blocks=blocks)


def _at(path: list[str], block: Block) -> Block | None:
    """The block to which the names lead. The rest of a path may be in an attribute's value."""
    for name in path:
        if name not in block.blocks:
            return None
        block = block.blocks[name].block
    return block


def _of(types: Mapping[str, Block], words: list[str]) -> Mapping[str, Block]:
    return {word: types[word] for word in words if word in types}


def _complete(value: Any, block: Block, shown: Block) -> None:
    if shown is block or not isinstance(value, dict):
        return
    for name, nested in block.blocks.items():
        if name not in shown.blocks:
            value[name] = absent(nested)
            continue
        inner = shown.blocks[name].block
        if inner is nested.block or value[name] is UNKNOWN or not value[name]:
            continue
        for each in _each(value[name], nested.nesting):
            _complete(each, nested.block, inner)


def _each(value: Any, nesting: str) -> Any:
    if nesting == "single":
        return (value,)
    return value.values() if nesting == "map" else value
