"""A provider's schema: its types, with their arguments and attributes."""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from bonkei.definitions.provider import former
from bonkei.definitions.provider.values import Typed

Type: TypeAlias = Any
"""cty's JSON form: "string", "number", "bool", "dynamic", ["list", t], ["set", t], ["map", t],
["object", {name: t}], ["tuple", [t, …]]."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One argument or attribute."""

    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    write_only: bool = False
    deprecated: bool = False


def required(type_: Type = "string") -> Attribute:
    """An argument that must be given."""
    return Attribute(type_, required=True)


def optional(type_: Type = "string", *, sensitive: bool = False) -> Attribute:
    """An argument that may be given."""
    return Attribute(type_, optional=True, sensitive=sensitive)


def computed(type_: Type = "string", *, sensitive: bool = False) -> Attribute:
    """An attribute that only the provider sets."""
    return Attribute(type_, computed=True, sensitive=sensitive)


@dataclass(frozen=True, slots=True)
class NestedBlock:
    """A kind of block inside a block. `max_items` 0 means no limit."""

    nesting: str  # single | list | set | map
    block: Block
    min_items: int = 0
    max_items: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The content of a resource, a data source or a nested block. Compared by identity."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: Mapping[str, NestedBlock] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderSchema:
    """Everything that a provider offers."""

    address: str  # such as registry.terraform.io/hashicorp/aws
    version: str
    configuration: Block = field(default_factory=Block)
    resources: Mapping[str, Block] = field(default_factory=dict)
    data_sources: Mapping[str, Block] = field(default_factory=dict)
    ephemeral_resources: Mapping[str, Block] = field(default_factory=dict)
    meta: Block = field(default_factory=Block)
    """The arguments of a module's `provider_meta` block; nothing here depends on them."""
    known_only: frozenset[str] = frozenset()
    """Resource types that the miniature knows, but creates none of."""


@functools.cache
def load(name: str) -> ProviderSchema:
    """Read a data file of this package, such as "aws-schema.json.gz".

    A type is parsed when it is first asked for: a stack uses a few dozen of the hundreds there.
    """
    packed = Path(__file__).with_name("data").joinpath(name).read_bytes()
    document = json.loads(gzip.decompress(packed))
    others = document.get("in_others", {})
    for kind in former.ARGUMENTS.keys() & document["resources"].keys():
        document["resources"][kind]["attributes"] |= former.attributes(former.ARGUMENTS[kind])
    if document["configuration"]["attributes"]:
        document["configuration"]["attributes"] |= former.attributes(former.SETTINGS)
    shared = _LazyBlocks(document["shared"], lambda content: _block(content, shared))

    def lazily(kind: str) -> Mapping[str, Block]:
        here = _LazyBlocks(document[kind], lambda content: _block(content, shared))
        names = others.get(kind, ())
        return _WithOthers(here, names, lambda: getattr(load(document["others"]), kind))

    return ProviderSchema(
        address=document["provider"],
        version=document["version"],
        configuration=_block(document["configuration"], shared),
        resources=lazily("resources"),
        data_sources=lazily("data_sources"),
        ephemeral_resources=lazily("ephemeral_resources"),
        meta=Block({"user_agent": optional(["list", "string"])}),  # not in the bindings
        known_only=frozenset(others.get("resources", ())),
    )


class _LazyBlocks(Mapping[str, Block]):
    def __init__(self, contents: Mapping[str, Any], parse: Callable[[Any], Block]) -> None:
        self._contents = contents
        self._parse = parse
        self._parsed: dict[str, Block] = {}

    def __getitem__(self, name: str) -> Block:
        if name not in self._parsed:
            self._parsed[name] = self._parse(self._contents[name])
        return self._parsed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)


class _WithOthers(Mapping[str, Block]):
    """Types, and others that are in a file of their own: few definitions name one of those."""

    def __init__(
        self,
        types: Mapping[str, Block],
        others: Iterable[str],
        read: Callable[[], Mapping[str, Block]],
    ) -> None:
        self._types = types
        self._others = frozenset(others)
        self._read = read

    def __getitem__(self, name: str) -> Block:
        return self._read()[name] if name in self._others else self._types[name]

    def __contains__(self, name: object) -> bool:
        return name in self._others or name in self._types

    def __iter__(self) -> Iterator[str]:
        yield from self._types
        yield from self._others

    def __len__(self) -> int:
        return len(self._types) + len(self._others)


def _block(content: Any, shared: Mapping[str, Block]) -> Block:
    if "ref" in content:
        return shared[content["ref"]]
    return Block(
        {name: Attribute(**attribute) for name, attribute in content["attributes"].items()},
        {
            name: NestedBlock(
                nested["nesting_mode"],
                _block(nested["block"], shared),
                nested.get("min_items", 0),
                nested.get("max_items", 0),
            )
            for name, nested in content["block_types"].items()
        },
    )


@functools.cache
def type_of(block: Block) -> Type:
    """The block's value as cty's object type."""
    members: dict[str, Type] = {name: a.type for name, a in block.attributes.items()}
    members.update((name, type_of_nested(nested)) for name, nested in block.blocks.items())
    return ["object", members]


def type_of_nested(nested: NestedBlock) -> Type:
    """The value of all blocks of one kind as a cty type. Where something in them may have any type,
    the list is a tuple, so it may itself have any."""
    inner = type_of(nested.block)
    if _has_any(inner):
        return "dynamic"
    return inner if nested.nesting == "single" else [nested.nesting, inner]


def _has_any(type_: Type) -> bool:
    if isinstance(type_, list) and type_[0] == "object":
        return any(map(_has_any, type_[1].values()))
    return bool(type_ == "dynamic")


def empty(block: Block) -> dict[str, Any]:
    """The block's value with every attribute null and no nested block."""
    values: dict[str, Any] = dict.fromkeys(block.attributes)
    values.update((name, absent(nested)) for name, nested in block.blocks.items())
    return values


def absent(nested: NestedBlock) -> Any:
    """The value of no block of a kind."""
    if type_of_nested(nested) == "dynamic":
        return Typed(["tuple", []], [])
    return None if nested.nesting == "single" else {} if nested.nesting == "map" else []


def without_gaps(value: Any, block: Block) -> Any:
    """The same value, with an empty list or map where a kind of blocks is null: Terraform was not
    shown it."""
    if isinstance(value, dict):
        for name, nested in block.blocks.items():
            content = value.get(name)
            if content is None:
                value[name] = absent(nested)
            elif isinstance(content, dict) and nested.nesting == "single":
                without_gaps(content, nested.block)
            elif isinstance(content, dict | list):
                for each in content.values() if isinstance(content, dict) else content:
                    without_gaps(each, nested.block)
    return value
