"""One connection of Terraform, configured by its provider block, for all its operations."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from bonkei.definitions.provider.behaviour import (
    Context,
    DataSource,
    Problem,
    Refused,
    ResourceBehaviour,
    as_warnings,
    value_at,
)
from bonkei.definitions.provider.existing import Existing
from bonkei.definitions.provider.plugin import codec, wire
from bonkei.definitions.provider.plugin.protocol import message
from bonkei.definitions.provider.plugin.selection import Selection
from bonkei.definitions.provider.private import Private, fresh
from bonkei.definitions.provider.schema import Block, empty, type_of, type_of_nested
from bonkei.definitions.provider.surroundings import Surroundings
from bonkei.definitions.provider.values import UNKNOWN, Object, Value

_DynamicValue = message("DynamicValue")
Judged = TypeVar("Judged", ResourceBehaviour, DataSource)


class Connection:
    """Configured once by Terraform; then gives each operation its context."""

    def __init__(self, surroundings: Surroundings, existing: Existing) -> None:
        self.surroundings = surroundings
        self.existing = existing
        self._region = ""
        self._default_tags: Mapping[str, str] = {}

    def configure(self, config: Object) -> list[Problem]:
        """Take in the provider block. A block without a region needs one from the environment."""
        region = config.get("region")
        if region is UNKNOWN:
            region = None
        self._region = region or _region_of_environment()
        tags = value_at(config, "default_tags", "tags")
        if isinstance(tags, Mapping):
            self._default_tags = {key: value for key, value in tags.items() if value is not None}
        if "region" in config and not self._region:
            remedy = "Set region in the provider block, or AWS_REGION in the environment."
            return [Problem((), "Missing region", remedy)]
        try:
            self.existing.take_effect(self._alone(fresh(), {}))
        except Refused as refusal:
            said = refusal.problem
            return [
                Problem(
                    (), "A resource outside the stack is refused", f"{said.summary} {said.detail}"
                )
            ]
        return []

    def judged(self, behaviour: Judged) -> Judged:
        """With its problems as warnings, if the settings want it."""
        if self.surroundings.aws_rules == "error":
            return behaviour
        validate = behaviour.validate
        return replace(behaviour, validate=lambda config: as_warnings(validate(config)))

    def context(self, private: Private, values: Object) -> Context:
        """The context of an operation on a resource with these values."""
        alone = self._alone(private, values)
        return replace(alone, peers=self.existing.beside(alone.peers, alone))

    def _alone(self, private: Private, values: Object) -> Context:
        """A context with only the resources that this process has seen."""
        region = values.get("region")
        own = region if isinstance(region, str) and region else self._region
        return Context(
            account_id=self.surroundings.account_id,
            region=own,
            partition=_partition(own),
            default_tags=self._default_tags,
            token=private.token,
            generation=private.generation,
            now=self.surroundings.clock(),
            vault=self.surroundings.vault,
            sequence=self.surroundings.sequence,
            peers=self.surroundings.peers.of,
        )


def _region_of_environment() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""


def _partition(region: str) -> str:
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for prefix, name in prefixes.items() if region.startswith(prefix)), "aws")


def is_null(value: Any) -> bool:
    """Whether a DynamicValue holds null, or nothing."""
    return value.msgpack in (b"", b"\xc0")


class Coder:
    """Objects as DynamicValues, whose types are those of the shown blocks."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection

    def decode(self, value: Any, block: Block) -> dict[str, Value]:
        """The object in a DynamicValue, with all blocks; empty if that is null."""
        found = decode(value, self._selection.shown(block))
        return self._selection.completed(found, block) if found else found

    def encode(self, value: Object | None, block: Block) -> Any:
        """An object, or null, as a DynamicValue."""
        return encode(value, self._selection.shown(block))


def decode(value: Any, block: Block) -> dict[str, Value]:
    """The object in a DynamicValue; empty if that is null."""
    return codec.decode(value.msgpack, type_of(block)) or {}


def encode(value: Object | None, block: Block) -> Any:
    """An object, or null, as a DynamicValue."""
    return _DynamicValue(msgpack=codec.encode(value, type_of(block)))


def from_stored(document: bytes, block: Block) -> Value:
    """An object as the state file has it, also one of a schema with fewer blocks."""
    stored = json.loads(document, parse_float=Decimal)
    return codec.from_json(_with_every_block(stored, block), type_of(block))


def _with_every_block(stored: Any, block: Block) -> Any:
    """Make a missing block empty: null would be a change. What is stored of a value of one type is
    lost where now any type is taken: only a stand-in's schema changes so."""
    whole = {**empty(block), **stored}
    for name, attribute in block.attributes.items():
        if attribute.type == "dynamic" and not isinstance(whole[name], dict):
            whole[name] = None
    for name, nested in block.blocks.items():
        value = whole[name]
        if type_of_nested(nested) == "dynamic":
            if not isinstance(value, dict):
                whole[name] = {"type": ["tuple", []], "value": []}
        elif nested.nesting in ("list", "set"):
            inner = value if isinstance(value, list) else ()
            whole[name] = [_with_every_block(item, nested.block) for item in inner]
        elif isinstance(value, dict) and nested.nesting == "single":
            whole[name] = _with_every_block(value, nested.block)
    return whole


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """The errors alone: the validation has reported the warnings."""
    return [problem for problem in problems if problem.severity == "error"]


def answer(
    operation: str, problems: Iterable[Problem], block: Block, config: Object | None = None
) -> Any:
    """A response that holds nothing but diagnostics."""
    found = wire.diagnostics(problems, block, config)
    return message(f"{operation}.Response")(diagnostics=found)
