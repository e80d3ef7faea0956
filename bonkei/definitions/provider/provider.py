"""A provider: its schema, and its functions for each type."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bonkei.definitions.provider.behaviour import (
    DataSource,
    EphemeralResource,
    Function,
    Problem,
    ResourceBehaviour,
    no_problems,
)
from bonkei.definitions.provider.facts import EnrichedBehaviours, Facts, IdentityAttribute
from bonkei.definitions.provider.schema import Block, ProviderSchema
from bonkei.definitions.provider.values import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The provider of one address in `required_providers`."""

    schema: ProviderSchema
    resources: Mapping[str, ResourceBehaviour] = field(default_factory=dict)
    """Types without an entry are created with generic values."""
    data_sources: Mapping[str, DataSource] = field(default_factory=dict)
    """Types without an entry cannot be read: an error says so."""
    ephemeral_resources: Mapping[str, EphemeralResource] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    identities: Mapping[str, Sequence[IdentityAttribute]] = field(default_factory=dict)
    """The identity of a type's resources in an `import` block, beside the id."""
    validate: Callable[[Object], Sequence[Problem]] = no_problems
    """The problems of a provider block."""


def assemble(provider: Provider, facts: Facts | None = None) -> Provider:
    """The provider with argument defaults and `facts` in its schema.

    The AWS provider's own schema calls such arguments optional, and yet puts values where the
    configuration has none: Terraform lets that pass for providers built with the old SDK only. For
    any other, an argument that the provider may fill is optional and computed.
    """
    schema = provider.schema
    behaviours = provider.resources
    resources = _Completed(schema.resources, behaviours, facts)
    if facts is not None:
        behaviours = EnrichedBehaviours(behaviours, facts)
    return dataclasses.replace(
        provider,
        schema=dataclasses.replace(schema, resources=resources),
        resources=behaviours,
        identities={} if facts is None else facts.identities,
    )


class _Completed(Mapping[str, Block]):
    def __init__(
        self,
        blocks: Mapping[str, Block],
        behaviours: Mapping[str, ResourceBehaviour],
        facts: Facts | None,
    ) -> None:
        self._blocks = blocks
        self._behaviours = behaviours
        self._facts = facts
        self._changed: dict[str, Block] = {}

    def __getitem__(self, type_name: str) -> Block:
        if type_name not in self._changed:
            self._changed[type_name] = self._completed(type_name)
        return self._changed[type_name]

    def _completed(self, type_name: str) -> Block:
        block = self._blocks[type_name]
        behaviour = self._behaviours.get(type_name)
        filled = list(behaviour.argument_defaults) if behaviour is not None else []
        if self._facts is not None:
            filled += self._facts.stating("default", type_name)
            for path in self._facts.stating("sensitive", type_name):
                block = _with(block, path.split("."), sensitive=True)
        for path in filled:
            block = _with(block, path.split("."), computed=True)
        return block

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)


def _with(block: Block, path: list[str], **flags: bool) -> Block:
    name, *rest = path
    if rest:
        nested = block.blocks[name]
        inner = _with(nested.block, rest, **flags)
        if inner is nested.block:
            return block
        changed = dataclasses.replace(nested, block=inner)
        return dataclasses.replace(block, blocks={**block.blocks, name: changed})
    attribute = block.attributes.get(name)
    if attribute is None or all(getattr(attribute, flag) is on for flag, on in flags.items()):
        return block
    marked = dataclasses.replace(attribute, **flags)
    return dataclasses.replace(block, attributes={**block.attributes, name: marked})
