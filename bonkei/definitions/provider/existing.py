"""Resources outside the stack, described in the settings, for data sources to find.

Each is created as if by an apply, so it has ids and ARNs in AWS's form; described values take
precedence. Its identity is derived from the description, so it stays the same from run to run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from bonkei.definitions.provider import apply
from bonkei.definitions.provider.behaviour import (
    Context,
    DataSource,
    Described,
    Problem,
    Refused,
    ResourceBehaviour,
    no_effect,
)
from bonkei.definitions.provider.plan import plan_creation
from bonkei.definitions.provider.proposals import as_blocks
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.schema import Block, empty
from bonkei.definitions.provider.values import Object

Peers: TypeAlias = Callable[[str], Sequence[Object]]

_GENERIC = ResourceBehaviour()


class Existing:
    """The described resources that are of one provider's types."""

    def __init__(self, provider: Provider, described: Sequence[Described]) -> None:
        self._provider = provider
        known = provider.schema.resources
        self._described = [one for one in described if one.get("type") in known]
        self._for_data = [
            one for one in described if one.get("type") in provider.schema.data_sources
        ]

    def beside(self, own: Peers, context: Context) -> Peers:
        """The peers, with the resources outside the stack."""

        def peers(kind: str) -> Sequence[Object]:
            found = [one for one in self._described if one["type"] == kind]
            return [*own(kind), *(self._made(one, own, context)[1] for one in found)]

        return peers

    def as_data_source(self, type_name: str, context: Context) -> DataSource:
        """A data source that has no answer of its own: it finds what is described."""
        described = [one for one in self._for_data if one["type"] == type_name]
        block = self._provider.schema.data_sources[type_name]

        def read(config: Object, _: Context) -> Object:
            asked = {name: v for name, v in config.items() if v not in (None, [], {})}
            missing = {"type": type_name, **asked}
            if not described:
                raise not_simulated("data source", type_name, [missing])
            found = [
                one
                for one in described
                if all(one.get(name, value) == value for name, value in asked.items())
            ]
            if len(found) != 1:
                many = "no" if not found else "more than one"
                raise Refused(
                    f"There is {many} {type_name} outside the stack with these arguments",
                    "Describe it in bonkei.toml, with the arguments of this block:",
                    missing=[missing],
                )
            whole = found[0]
            if type_name in self._provider.schema.resources:
                whole = {**self._made(found[0], context.peers, context)[1], **found[0]}
            values = {name: value for name, value in whole.items() if name in block.attributes}
            return {**empty(block), **_made_up(block, found[0]), **values, **asked}

        return DataSource(read=read)

    def with_tables(self, problem: Problem, missing: Sequence[Described]) -> Problem:
        """The problem with the descriptions that would help, for bonkei.toml. They have only what
        their types' schema has."""
        schema, known = self._provider.schema, []
        for one in missing:
            block = schema.resources.get(one["type"]) or schema.data_sources.get(one["type"])
            if block is not None:
                has = {"type", *block.attributes}
                known.append({name: value for name, value in one.items() if name in has})
        detail = f"{problem.detail}\n\n{as_blocks(*known)}" if known else problem.detail
        return replace(problem, detail=detail)

    def take_effect(self, context: Context) -> None:
        """Carry out an apply's effects outside the state, such as storing a secret's value.

        Raises Refused for an invalid description.
        """
        for one in self._described:
            effect = self._behaviour(one["type"]).after_apply
            if effect is not no_effect:
                effect(*self._made(one, context.peers, context), context)

    def _made(self, described: Described, peers: Peers, alone: Context) -> tuple[Object, Object]:
        """Its arguments and its state. It sees the other existing resources, except its own
        type's."""

        def others(kind: str) -> Sequence[Object]:
            return () if kind == described["type"] else self.beside(peers, alone)(kind)

        context = replace(alone, peers=others)
        type_name = str(described["type"])
        block = self._provider.schema.resources[type_name]
        said = {name: value for name, value in described.items() if name != "type"}
        digest = hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode())
        own = replace(context, token=digest.hexdigest()[:17])
        config = {**empty(block), **said, "id": None}
        behaviour = self._behaviour(type_name)
        planned = plan_creation(block, behaviour, config, config, own).planned
        made = apply.complete(type_name, block, behaviour, planned, own)
        return config, {**_with_id(made, said.get("id")), **said}

    def _behaviour(self, type_name: str) -> ResourceBehaviour:
        return self._provider.resources.get(type_name, _GENERIC)


def not_simulated(kind: str, type_name: str, missing: Sequence[Described] = ()) -> Refused:
    """The refusal to guess what AWS would answer."""
    return Refused(
        f"The {kind} {type_name} is not simulated",
        "The miniature does not know AWS's answer, and does not guess. Pass the value in as a"
        " variable, take it from the resource that defines it, or describe what there is in"
        " bonkei.toml, under [[existing]].",
        missing=missing,
    )


_SHAPES: Sequence[tuple[str, Callable[[str], Any]]] = (
    (r"id", lambda digest: digest[:17]),
    (r"ids", lambda digest: [digest[:17]]),
    (r".*_digest", lambda digest: f"sha256:{digest}"),
    # Reserved for documentation: RFC 5737, RFC 3849.
    (r"cidr_blocks", lambda _: ["192.0.2.0/24"]),
    (r"ipv6_cidr_blocks", lambda _: ["2001:db8::/32"]),
)
"""Attributes of a data source without a resource that a stack cannot do without."""


def _made_up(block: Block, described: Described) -> Object:
    digest = hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode())
    return {
        name: make(digest.hexdigest())
        for name in block.attributes
        for shape, make in _SHAPES
        if re.fullmatch(shape, name)
    }


def _with_id(made: Object, said: Any) -> Object:
    """Replace the generated id by the described one, also inside other values, such as an ARN."""
    own = made.get("id")
    if not (isinstance(own, str) and own and isinstance(said, str)):
        return made
    return {
        name: value.replace(own, said) if isinstance(value, str) else value
        for name, value in made.items()
    }
