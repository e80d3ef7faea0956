"""Resources outside the stack, described in the settings, for data sources to find.

Each is created as if by an apply, so it has ids and ARNs in AWS's form; described values take
precedence. Its identity is derived from the description, so it stays the same from run to run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from bonkei.provider import apply
from bonkei.provider.behaviour import Context, ResourceBehaviour, no_effect
from bonkei.provider.plan import plan_creation
from bonkei.provider.provider import Provider
from bonkei.provider.schema import empty
from bonkei.provider.values import Object

Described: TypeAlias = Mapping[str, Any]
"""A resource: its `type`, and any of its arguments and attributes."""
Peers: TypeAlias = Callable[[str], Sequence[Object]]

_GENERIC = ResourceBehaviour()


class Existing:
    """The described resources that are of one provider's types."""

    def __init__(self, provider: Provider, described: Sequence[Described]) -> None:
        self._provider = provider
        known = provider.schema.resources
        self._described = [one for one in described if one.get("type") in known]

    def beside(self, own: Peers, context: Context) -> Peers:
        """The peers, with the resources outside the stack."""

        def peers(kind: str) -> Sequence[Object]:
            found = [one for one in self._described if one["type"] == kind]
            return [*own(kind), *(self._made(one, own, context)[1] for one in found)]

        return peers

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
        made = apply.create(type_name, block, behaviour, planned, own)
        return config, {**_with_id(made, said.get("id")), **said}

    def _behaviour(self, type_name: str) -> ResourceBehaviour:
        return self._provider.resources.get(type_name, _GENERIC)


def _with_id(made: Object, said: Any) -> Object:
    """Replace the generated id by the described one, also inside other values, such as an ARN."""
    own = made.get("id")
    if not (isinstance(own, str) and own and isinstance(said, str)):
        return made
    return {
        name: value.replace(own, said) if isinstance(value, str) else value
        for name, value in made.items()
    }
