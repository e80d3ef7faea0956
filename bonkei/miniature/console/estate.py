"""Every evaluated resource of the definitions, by address, with masked secrets and its references.
It is read again only for a new blueprint."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.state import Resource
from bonkei.services.console import Json

MASKED = "••••"
_SECRET_NAME = re.compile(
    r"(password|passwd|secret_string|secret_binary|private_key|auth_token|access_token"
    r"|client_secret|webhook_url|bcrypt_hash)(_wo)?$"
)
_SECRET_VALUES = {"aws_ssm_parameter": ("value", "value_wo", "insecure_value")}
_SECRET_RESULTS = ("random_password",)
_SHORTEST = 6  # characters; a secret of this length is searched for in all values
_LONGEST = 4000  # characters of a value
_ARN = re.compile(r"arn:aws[\w-]*:[^\s\"'\\,\]}]+")


@dataclass(frozen=True)
class Estate:
    """`uses`: the addresses that a resource's values name. `used_by`: the other direction."""

    resources: Mapping[str, Resource] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    used_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def values(self, address: str) -> list[tuple[str, Json]]:
        """A resource's evaluated values, in the order of their names, with masked secrets."""
        resource = self.resources[address]
        hidden = _SECRET_VALUES.get(resource.type, ())
        return [
            (name, MASKED if name in hidden and value else mask(name, value, self.secrets))
            for name, value in sorted(resource.values.items())
        ]


class Estates:
    """`read`: the resources, read in a thread. `secrets`: values that must not be shown."""

    def __init__(
        self, read: Callable[[], Sequence[Resource]], secrets: Callable[[Blueprint], Iterable[str]]
    ) -> None:
        self._read = read
        self._secrets = secrets
        self._of: Blueprint | None = None
        self._estate = Estate()
        self._lock = asyncio.Lock()

    async def of(self, blueprint: Blueprint) -> Estate:
        """The estate of this blueprint."""
        async with self._lock:
            if blueprint is not self._of:
                self._estate = await asyncio.to_thread(self._build, blueprint)
                self._of = blueprint
            return self._estate

    def _build(self, blueprint: Blueprint) -> Estate:
        return build(self._read(), self._secrets(blueprint))


def build(resources: Sequence[Resource], secrets: Iterable[str]) -> Estate:
    """`secrets`: known ones; those in the resources' own values are added."""
    by_address = {resource.address: resource for resource in resources}
    found = set(hidden_texts(secrets))
    for resource in resources:
        found.update(_own_secrets(resource))
    uses = _uses(by_address)
    used_by: dict[str, list[str]] = defaultdict(list)
    for address, named in uses.items():
        for each in named:
            used_by[each].append(address)
    return Estate(by_address, frozenset(found), uses, {k: tuple(v) for k, v in used_by.items()})


def mask(name: str, value: Any, secrets: frozenset[str]) -> Json:
    """A value in the form of JSON. It is masked if its name or its text makes it a secret."""
    if isinstance(value, Mapping):
        return {str(key): mask(str(key), each, secrets) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask(name, each, secrets) for each in value]
    if isinstance(value, str):
        if value and _SECRET_NAME.search(name) and not value.startswith("arn:"):
            return MASKED
        for secret in secrets:
            if secret in value:
                value = value.replace(secret, MASKED)
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


_SECRET_KEY = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)


def hidden_texts(secrets: Iterable[str]) -> frozenset[str]:
    """The texts of these secrets that must not be shown anywhere."""
    return frozenset(part for text in secrets for part in _parts(text) if len(part) >= _SHORTEST)


def _parts(text: str) -> Iterator[str]:
    """A secret that is a JSON object has parts that are none, such as a user's name."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        yield text
        return
    for key, value in document.items():
        if isinstance(value, str) and _SECRET_KEY.search(key):
            yield value


def _own_secrets(resource: Resource) -> Iterator[str]:
    if resource.type in _SECRET_RESULTS:
        yield from _texts(resource.values.get("result"))
    for name, value in resource.values.items():
        hidden = name in _SECRET_VALUES.get(resource.type, ())
        if hidden or _SECRET_NAME.search(name):
            yield from (text for text in _texts(value) if not text.startswith("arn:"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= _SHORTEST:
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)


def _uses(resources: Mapping[str, Resource]) -> dict[str, tuple[str, ...]]:
    owners: dict[str, str] = {}
    for address, resource in resources.items():
        if resource.mode == "managed":
            for name in ("arn", "id"):
                value = resource.values.get(name)
                if isinstance(value, str) and len(value) > 8 and not value.isdigit():
                    owners.setdefault(value, address)
    found = {}
    for address, resource in resources.items():
        named: dict[str, None] = {}
        for text in _texts(resource.values):
            for part in (text, *_ARN.findall(text)):
                owner = owners.get(part) or owners.get(part.rstrip("/*"))
                if owner is not None and owner != address:
                    named[owner] = None
        found[address] = tuple(named)
    return found
