"""The apply: fills in every value that the plan left unknown.

A behaviour generates the values that it knows. The rest is filled in generically, so that every
type in the schema can be created, even without a behaviour.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

from bonkei.definitions.provider.behaviour import Context, ResourceBehaviour
from bonkei.definitions.provider.schema import Block, Type, type_of
from bonkei.definitions.provider.values import UNKNOWN, Object, Value

_ZERO = {"string": "", "number": 0, "bool": False}


def complete(
    type_name: str, block: Block, behaviour: ResourceBehaviour, planned: Object, context: Context
) -> dict[str, Value]:
    """The state of a resource that is created, or updated in place."""
    state = _where_unknown(planned, behaviour.mint(planned, context))
    identity = _generic_identity(type_name, state, context)
    filled = {
        name: identity[name] if value is UNKNOWN and name in identity else value
        for name, value in state.items()
    }
    completed = _without_unknown(filled, type_of(block))
    assert isinstance(completed, dict)  # noqa: S101 -- an object's value is a dict
    return completed


def _where_unknown(planned: Value, minted: Value) -> Value:
    """Return `planned` with values from `minted` in place of unknown ones."""
    if planned is UNKNOWN:
        return copy.deepcopy(minted)
    if isinstance(planned, Mapping) and isinstance(minted, Mapping):
        return {
            name: _where_unknown(value, minted[name]) if name in minted else value
            for name, value in planned.items()
        }
    if isinstance(planned, list) and isinstance(minted, list) and len(planned) == len(minted):
        return [_where_unknown(item, new) for item, new in zip(planned, minted, strict=True)]
    return planned


def _generic_identity(type_name: str, state: Object, context: Context) -> dict[str, Value]:
    """Id, ARN and name of a type without a behaviour: in AWS's form, unique by its token."""
    service, _, kind = type_name.removeprefix("aws_").partition("_")
    kind = (kind or service).replace("_", "-")
    prefix = state.get("name_prefix")
    given = prefix if isinstance(prefix, str) and prefix else "terraform-"
    digits = "".join(filter(str.isdigit, context.now))[:14]
    place = f"{context.partition}:{service}:{context.region}:{context.account_id}"
    return {
        "id": f"{kind}-{context.token}",
        "arn": f"arn:{place}:{kind}/{context.token}",
        "name": f"{given}{digits}{context.token[:12]}",
    }


def _without_unknown(value: Value, type_: Type) -> Value:
    if value is UNKNOWN:
        return _zero(type_)
    if value is None or isinstance(type_, str):
        return value
    kind, inner = type_
    if kind == "object":
        return {name: _without_unknown(value.get(name), member) for name, member in inner.items()}
    if kind == "map":
        return {key: _without_unknown(item, inner) for key, item in value.items()}
    if kind == "tuple":
        return [_without_unknown(item, member) for item, member in zip(value, inner, strict=True)]
    return [_without_unknown(item, inner) for item in value]


def _zero(type_: Type) -> Value:
    if isinstance(type_, str):
        return _ZERO.get(type_)
    return {"list": [], "set": [], "map": {}}.get(type_[0])
