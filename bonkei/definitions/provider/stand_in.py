"""A stand-in for a provider that is not served: it takes what it is given, and sends it nowhere.

Its schema is what the definitions say (`bonkei.definitions.terraform.inputs.providers`). Every
argument and attribute may have any type. What is read of a resource and not given in it is made up:
texts, or lists and objects of texts where the definitions read them so. A data source finds what
[[existing]] describes, and the rest of it is made up, too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bonkei.definitions.provider.behaviour import Context, DataSource, Problem, ResourceBehaviour
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.schema import Attribute, Block, NestedBlock, ProviderSchema
from bonkei.definitions.provider.values import Object, Typed, Value, given, typed

_SECRET = re.compile("password|secret|token|private_key|plaintext|api_key|credential")


def stand_in(
    address: str, said: Mapping[str, Any], existing: Sequence[Mapping[str, Any]] = ()
) -> Provider:
    """The provider of this address, for what the definitions say of it."""
    resources, data = said.get("resource", {}), said.get("data", {})
    name = address.removeprefix("registry.terraform.io/")
    warning = Problem((), f"The provider {name} has a stand-in", _MEANING, "warning")
    return Provider(
        schema=ProviderSchema(
            address,
            "0.0.0",
            _block(said["configuration"], {}, secret=True),
            {kind: _block(each, each["read"]) for kind, each in resources.items()},
            {kind: _block(each, each["read"]) for kind, each in data.items()},
        ),
        resources={kind: _behaviour(kind, each["read"]) for kind, each in resources.items()},
        data_sources={
            kind: _source(kind, each["read"], [one for one in existing if one["type"] == kind])
            for kind, each in data.items()
        },
        validate=lambda _: [warning] if resources or data else [],
    )


_MEANING = (
    "It takes its arguments, and sends them nowhere. What is read from it, such as an id, is made"
    " up. For a data source, [[existing]] in bonkei.toml can say what there is."
)


def _block(
    said: Mapping[str, Any], read: Mapping[str, Any], *, secret: bool = False, nested: bool = False
) -> Block:
    """`secret`: every argument is one. What is read of a nested block and not given is null."""
    attributes = {
        name: Attribute(
            "dynamic",
            optional=True,
            computed=name in read and not nested,
            sensitive=secret or (name not in read and bool(_SECRET.search(name))),
        )
        for name in {*said["arguments"], *read} - said["blocks"].keys()
        if not name.startswith("[")
    }
    blocks = {
        name: NestedBlock(
            "list", _block(inner, read.get(name, {}).get("[]", {}), secret=secret, nested=True)
        )
        for name, inner in said["blocks"].items()
    }
    return Block(attributes, blocks)


def _behaviour(kind: str, read: Mapping[str, Any]) -> ResourceBehaviour:
    def mint(_: Object, context: Context) -> Object:
        return {name: _made_up(kind, name, inner, context) for name, inner in read.items()}

    return ResourceBehaviour(mint=mint)


def _source(
    kind: str, read: Mapping[str, Any], described: Sequence[Mapping[str, Any]]
) -> DataSource:
    def found(config: Object, context: Context) -> Object:
        asked = {name: _plain(value) for name, value in config.items() if given(value)}
        digest = hashlib.sha256(json.dumps([kind, asked], sort_keys=True, default=str).encode())
        own = replace(context, token=digest.hexdigest()[:17])
        fits = (one for one in described if asked.items() <= {**asked, **one}.items())
        known = next(fits, {})
        return {
            name: typed(known[name]) if name in known else _made_up(kind, name, inner, own)
            for name, inner in read.items()
            if not given(config.get(name))
        }

    return DataSource(read=found)


def _made_up(kind: str, name: str, read: Mapping[str, Any], context: Context) -> Typed:
    """A value that has what is read of it."""
    if "[]" in read:
        inner = _made_up(kind, name, read["[]"], context)
        return Typed(["list", inner.type], [inner.value])
    if read:
        members = {
            step.strip("[]"): _made_up(kind, step.strip("[]"), inner, context)
            for step, inner in read.items()
        }
        return Typed(
            ["object", {step: each.type for step, each in members.items()}],
            {step: each.value for step, each in members.items()},
        )
    if name.endswith("arn"):
        service, _, rest = kind.partition("_")[2].partition("_")
        place = f"{context.region or 'us-east-1'}:{context.account_id}"
        return Typed("string", f"arn:aws:{service}:{place}:{rest or service}/{context.token}")
    subject = kind.replace("_", "-") if name == "id" else name
    return Typed("string", f"{subject}-{context.token}")


def _plain(value: Value) -> Any:
    return value.value if isinstance(value, Typed) else value
