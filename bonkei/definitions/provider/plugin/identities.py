"""Import by identity: `import { to = …, identity = { … } }`.

https://developer.hashicorp.com/terraform/language/block/import
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bonkei.definitions.provider.behaviour import Context, Refused, ResourceBehaviour
from bonkei.definitions.provider.facts import IdentityAttribute
from bonkei.definitions.provider.plugin import codec
from bonkei.definitions.provider.plugin.protocol import message
from bonkei.definitions.provider.schema import Block, Type
from bonkei.definitions.provider.values import Object

_PARTED_BY = ("/", ",", "|", "_", ":")
"""The separators of an id's parts; types differ in them."""


def type_of(parts: Sequence[IdentityAttribute], block: Block) -> Type:
    """An identity's value as cty's object type."""
    return ["object", {part.name: _type(part, block) for part in parts}]


def schema(parts: Sequence[IdentityAttribute], block: Block) -> Any:
    """The schema in the form of Terraform's protocol."""
    attribute = message("ResourceIdentitySchema.IdentityAttribute")
    return message("ResourceIdentitySchema")(
        identity_attributes=[
            attribute(
                name=part.name,
                type=codec.type_bytes(_type(part, block)),
                required_for_import=part.required,
                optional_for_import=not part.required,
            )
            for part in parts
        ]
    )


def _type(part: IdentityAttribute, block: Block) -> Type:
    attribute = block.attributes.get(part.argument)
    return "string" if attribute is None else attribute.type


def imported(
    parts: Sequence[IdentityAttribute],
    identity: Object,
    behaviour: ResourceBehaviour,
    context: Context,
) -> Object:
    """The state of the resource with an identity: the state of its id, with the identity's values.

    Refused if it is of another account, or something is missing.
    """
    account = identity.get("account_id")
    if account not in (None, "", context.account_id):
        raise Refused(
            f"the account {account} is not the one of this miniature",
            f"It is {context.account_id}: set account_id in bonkei.toml, or leave it out here.",
        )
    said = {p.argument: identity.get(p.name) for p in parts if p.name != "account_id"}
    said = {name: value for name, value in said.items() if value is not None}
    for part in parts:
        if part.required and part.argument not in said:
            raise Refused(f'the identity lacks "{part.name}"', "Add it to the import block.")
    names = [str(value) for name, value in said.items() if name != "region"]
    return {**said, **_by_id(names, said, behaviour, context)}


def _by_id(
    names: Sequence[str], said: Object, behaviour: ResourceBehaviour, context: Context
) -> Object:
    """The type's state for an id built from the names, if it agrees with them."""
    first: Object | None = None
    for between in _PARTED_BY if len(names) > 1 else ("",):
        try:
            found = behaviour.import_(between.join(names), context)
        except Refused:
            continue
        first = first or found
        # A cluster's name, say, becomes its ARN.
        agrees = all(str(found.get(k, v)).endswith(str(v)) for k, v in said.items())
        if agrees and len(found) > 1:
            return found
    return first or {"id": ",".join(names)}


def as_data(identity: Object, parts: Sequence[IdentityAttribute], block: Block) -> Any:
    """An identity in Terraform's form."""
    encoded = codec.encode(identity, type_of(parts, block))
    value = message("DynamicValue")(msgpack=encoded)
    return message("ResourceIdentityData")(identity_data=value)
