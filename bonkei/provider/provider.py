"""A provider: its schema, and what it knows about each type."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bonkei.provider.behaviour import (
    DataSource,
    EphemeralResource,
    Function,
    Problem,
    ResourceBehaviour,
    no_problems,
)
from bonkei.provider.schema import Block, ProviderSchema
from bonkei.provider.values import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What one address in `required_providers` stands for."""

    schema: ProviderSchema
    resources: Mapping[str, ResourceBehaviour] = field(default_factory=dict)
    """Types without an entry are created with generic values."""
    data_sources: Mapping[str, DataSource] = field(default_factory=dict)
    """Types without an entry cannot be read: an error says so."""
    ephemeral_resources: Mapping[str, EphemeralResource] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    validate: Callable[[Object], Sequence[Problem]] = no_problems
    """The problems of a provider block."""


def assemble(provider: Provider) -> Provider:
    """The provider with argument defaults known to its schema.

    The AWS provider's own schema calls such arguments optional, and yet puts values where the
    configuration has none: Terraform lets that pass for providers built with the old SDK only. For
    any other, an argument that the provider may fill is optional and computed.
    """
    schema = provider.schema
    resources = _WithDefaults(schema.resources, provider.resources)
    return dataclasses.replace(provider, schema=dataclasses.replace(schema, resources=resources))


class _WithDefaults(Mapping[str, Block]):
    def __init__(
        self, blocks: Mapping[str, Block], behaviours: Mapping[str, ResourceBehaviour]
    ) -> None:
        self._blocks = blocks
        self._behaviours = behaviours
        self._changed: dict[str, Block] = {}

    def __getitem__(self, type_name: str) -> Block:
        behaviour = self._behaviours.get(type_name)
        if behaviour is None or not behaviour.argument_defaults:
            return self._blocks[type_name]
        if type_name not in self._changed:
            block = self._blocks[type_name]
            for path in behaviour.argument_defaults:
                block = _computed(block, path.split("."))
            self._changed[type_name] = block
        return self._changed[type_name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)


def _computed(block: Block, path: list[str]) -> Block:
    name, *rest = path
    if rest:
        nested = block.blocks[name]
        inner = dataclasses.replace(nested, block=_computed(nested.block, rest))
        return dataclasses.replace(block, blocks={**block.blocks, name: inner})
    attribute = dataclasses.replace(block.attributes[name], computed=True)
    return dataclasses.replace(block, attributes={**block.attributes, name: attribute})
