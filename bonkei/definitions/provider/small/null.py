"""The provider hashicorp/null (version 3.2): a resource that has only its triggers."""

from __future__ import annotations

import secrets

from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.behaviour import Context, DataSource, ResourceBehaviour
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.schema import (
    Attribute,
    Block,
    ProviderSchema,
    computed,
    optional,
)
from bonkei.definitions.provider.values import Object

ADDRESS = "registry.terraform.io/hashicorp/null"

_RESOURCE = Block({"triggers": optional(["map", "string"]), "id": computed()})
_DATA_SOURCE = Block(
    {
        "inputs": optional(["map", "string"]),
        "has_computed_default": Attribute("string", optional=True, computed=True),
        "outputs": computed(["map", "string"]),
        "random": computed(),
        "id": computed(),
    }
)


def provider() -> Provider:
    """The provider: `null_resource` and `null_data_source`."""
    return Provider(
        schema=ProviderSchema(
            ADDRESS,
            VERSIONS[ADDRESS],
            resources={"null_resource": _RESOURCE},
            data_sources={"null_data_source": _DATA_SOURCE},
        ),
        resources={
            "null_resource": ResourceBehaviour(
                mint=lambda _planned, _context: {"id": _number()},
                force_new=frozenset({"triggers"}),
            )
        },
        data_sources={"null_data_source": DataSource(read=_read)},
    )


def _number() -> str:
    """The provider's ids are random 64-bit integers."""
    return str(secrets.randbits(63))


def _read(config: Object, _: Context) -> Object:
    return {
        "outputs": config.get("inputs"),
        "random": _number(),
        "has_computed_default": config.get("has_computed_default") or "default",
        "id": "static",
    }
