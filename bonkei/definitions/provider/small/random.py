"""The provider hashicorp/random, for real: values come from the operating system's generator.

Left out, and refused by name: `bcrypt_hash` of random_password (nothing here needs the library),
and `seed` (its results depend on the generator of Go's standard library).
"""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.behaviour import (
    Context,
    EphemeralResource,
    Problem,
    Refused,
    ResourceBehaviour,
)
from bonkei.definitions.provider.provider import Provider, assemble
from bonkei.definitions.provider.schema import Attribute, Block, ProviderSchema
from bonkei.definitions.provider.small.words import ADJECTIVES, ADVERBS, NAMES
from bonkei.definitions.provider.values import Object, Value, given

ADDRESS = "registry.terraform.io/hashicorp/random"

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_STRING_DEFAULTS: Mapping[str, Value] = {
    "special": True,
    "upper": True,
    "lower": True,
    "numeric": True,
    "min_special": 0,
    "min_upper": 0,
    "min_lower": 0,
    "min_numeric": 0,
}
_KEEPERS = {"keepers": Attribute(["map", "string"], optional=True)}


def provider() -> Provider:
    """The provider with all its types."""
    return assemble(
        Provider(
            schema=ProviderSchema(
                ADDRESS,
                VERSIONS[ADDRESS],
                resources={name: block for name, (block, _) in _TYPES.items()},
                ephemeral_resources={"random_password": _password_block(ephemeral=True)},
            ),
            resources={name: behaviour for name, (_, behaviour) in _TYPES.items()},
            ephemeral_resources={
                "random_password": EphemeralResource(
                    validate=_string_problems,
                    open=lambda config, _: {
                        **_STRING_DEFAULTS,
                        **{name: value for name, value in config.items() if value is not None},
                        "result": characters(config),
                    },
                )
            },
        )
    )


def characters(arguments: Object) -> str:
    """A string as random_password and random_string define it."""
    wanted = {**_STRING_DEFAULTS, **{k: v for k, v in arguments.items() if v is not None}}
    classes = {
        "special": arguments.get("override_special") or _SPECIAL,
        "upper": string.ascii_uppercase,
        "lower": string.ascii_lowercase,
        "numeric": string.digits,
    }
    alphabet = "".join(letters for name, letters in classes.items() if wanted[name])
    chosen = [
        secrets.choice(letters)
        for name, letters in classes.items()
        for _ in range(wanted[f"min_{name}"])
    ]
    if not alphabet and len(chosen) < wanted["length"]:
        raise Refused(
            "No kind of character is allowed", "Set one of special, upper, lower, numeric."
        )
    chosen += [secrets.choice(alphabet) for _ in range(wanted["length"] - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def _string_problems(config: Object) -> Sequence[Problem]:
    length = config.get("length")
    if not isinstance(length, int):
        return ()
    if length < 1:
        return [Problem(("length",), "Invalid length", f"length must be at least 1, not {length}.")]
    least = sum(
        n
        for name in _STRING_DEFAULTS
        if isinstance(n := config.get(name), int) and name.startswith("min_")
    )
    if least > length:
        detail = f"The minimums (min_*) add up to {least}, more than the length of {length}."
        return [Problem(("length",), "Invalid length", detail)]
    return ()


def _integer_problems(config: Object) -> Sequence[Problem]:
    low, high = config.get("min"), config.get("max")
    if given(low) and given(high) and low > high:
        detail = f"min ({low}) must not be greater than max ({high})."
        return [Problem(("min",), "Invalid range", detail)]
    return ()


def _mint_integer(planned: Object, _: Context) -> Object:
    number = planned["min"] + secrets.randbelow(planned["max"] - planned["min"] + 1)
    return {"result": number, "id": str(number)}


def _mint_id(planned: Object, _: Context) -> Object:
    data = secrets.token_bytes(planned["byte_length"])
    prefix = planned.get("prefix") or ""
    url = base64.urlsafe_b64encode(data).decode().rstrip("=")
    return {
        "id": url,
        "b64_url": prefix + url,
        "b64_std": prefix + base64.b64encode(data).decode(),
        "hex": prefix + data.hex(),
        "dec": prefix + str(int.from_bytes(data, "big")),
    }


def _mint_bytes(planned: Object, _: Context) -> Object:
    data = secrets.token_bytes(planned["length"])
    return {"base64": base64.b64encode(data).decode(), "hex": data.hex()}


def _mint_pet(planned: Object, _: Context) -> Object:
    lists = [ADVERBS] * (planned["length"] - 2) + [ADJECTIVES, NAMES][-min(planned["length"], 2) :]
    words = [secrets.choice(words) for words in lists]
    if planned.get("prefix"):
        words.insert(0, planned["prefix"])
    return {"id": planned["separator"].join(words)}


def _mint_shuffle(planned: Object, _: Context) -> Object:
    items = list(planned["input"])
    count = len(items) if planned["result_count"] is None else planned["result_count"]
    result: list[str] = []
    while items and len(result) < count:
        result += secrets.SystemRandom().sample(items, k=min(len(items), count - len(result)))
    return {"id": "-", "result": result}


def _mint_uuid(_: Object, __: Context) -> Object:
    value = str(uuid.uuid4())
    return {"id": value, "result": value}


def _computed(type_: Any = "string", *, sensitive: bool = False) -> Attribute:
    return Attribute(type_, computed=True, sensitive=sensitive)


def _required(type_: Any = "string") -> Attribute:
    return Attribute(type_, required=True)


def _optional(type_: Any = "string") -> Attribute:
    return Attribute(type_, optional=True)


def _password_block(*, ephemeral: bool = False, sensitive: bool = True) -> Block:
    arguments = {
        name: Attribute(
            "bool" if isinstance(value, bool) else "number", optional=True, computed=True
        )
        for name, value in _STRING_DEFAULTS.items()
    }
    attributes = {
        "length": _required("number"),
        "override_special": _optional(),
        "result": _computed(sensitive=sensitive),
        **arguments,
    }
    if not ephemeral:
        attributes |= {"id": _computed(), **_KEEPERS}
    return Block(attributes)


def _type(
    attributes: Mapping[str, Attribute],
    mint: Callable[[Object, Context], Object],
    defaults: Mapping[str, Value] | None = None,
    validate: Callable[[Object], Sequence[Problem]] = lambda _: (),
) -> tuple[Block, ResourceBehaviour]:
    block = Block({**attributes, **_KEEPERS})
    arguments = {name for name, a in block.attributes.items() if a.required or a.optional}
    behaviour = ResourceBehaviour(
        validate=validate,
        mint=mint,
        argument_defaults=defaults or {},
        force_new=frozenset(arguments),
    )
    return block, behaviour


_TYPES = {
    "random_password": _type(
        _password_block().attributes,
        lambda planned, _: {"id": "none", "result": characters(planned)},
        _STRING_DEFAULTS,
        _string_problems,
    ),
    "random_string": _type(
        _password_block(sensitive=False).attributes,
        lambda planned, _: dict.fromkeys(("id", "result"), characters(planned)),
        _STRING_DEFAULTS,
        _string_problems,
    ),
    "random_integer": _type(
        {
            "min": _required("number"),
            "max": _required("number"),
            "result": _computed("number"),
            "id": _computed(),
        },
        _mint_integer,
        validate=_integer_problems,
    ),
    "random_id": _type(
        {
            "byte_length": _required("number"),
            "prefix": _optional(),
            **{name: _computed() for name in ("id", "b64_url", "b64_std", "hex", "dec")},
        },
        _mint_id,
    ),
    "random_bytes": _type(
        {
            "length": _required("number"),
            "base64": _computed(sensitive=True),
            "hex": _computed(sensitive=True),
        },
        _mint_bytes,
    ),
    "random_pet": _type(
        {
            "length": _optional("number"),
            "separator": _optional(),
            "prefix": _optional(),
            "id": _computed(),
        },
        _mint_pet,
        {"length": 2, "separator": "-"},
    ),
    "random_shuffle": _type(
        {
            "input": _required(["list", "string"]),
            "result_count": _optional("number"),
            "result": _computed(["list", "string"]),
            "id": _computed(),
        },
        _mint_shuffle,
    ),
    "random_uuid": _type({"result": _computed(), "id": _computed()}, _mint_uuid),
}
