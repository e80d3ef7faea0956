"""For each resource type, the least configuration: what its schema and its facts require.

A value is of the argument's enumeration or range; else it is what the argument's name says. What no
schema says, such as a pattern's meaning, is in
`tests/bonkei/definitions/provider/aws/minimums.yaml`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.definitions.provider.facts import Facts
from bonkei.definitions.provider.schema import Block

_DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*",
        }
    ],
}
_NAMED = (  # the end of an argument's name: a value
    ("policy", json.dumps(_DOCUMENT)),
    ("policy_document", json.dumps(_DOCUMENT)),
    ("role_arn", "arn:aws:iam::123456789012:role/some"),
    ("arn", "arn:aws:sns:us-east-1:123456789012:some"),
    ("arns", "arn:aws:sns:us-east-1:123456789012:some"),
    ("role", "arn:aws:iam::123456789012:role/some"),
    ("cidr_block", "10.0.0.0/16"),
    ("cidr", "10.0.0.0/16"),
    ("account_id", "123456789012"),
    ("availability_zone", "us-east-1a"),
    ("region", "us-east-1"),
    ("email", "a@example.com"),
    ("email_address", "a@example.com"),
    ("domain", "example.com"),
    ("domain_name", "example.com"),
    ("url", "https://example.com"),
    ("uri", "https://example.com"),
    ("time", "2026-01-01T00:00:00Z"),
)


class Minimum:
    """Makes the least configuration of a type."""

    def __init__(self, facts: Facts, said: Mapping[str, Mapping[str, Any]]) -> None:
        self._facts = facts
        self._said = said

    def of(self, type_name: str, block: Block) -> dict[str, Any]:
        """Its arguments, in the shape of Terraform's JSON."""
        known = self._facts.types.get(type_name, {})
        config = dict(self._block(block, known, ""))
        for name, value in self._said.get(type_name, {}).items():
            is_document = isinstance(value, dict | list) and _is_text(block, name)
            config[name] = json.dumps(value) if is_document else value
        return config

    def _block(
        self, block: Block, known: Mapping[str, Any], prefix: str
    ) -> Iterator[tuple[str, Any]]:
        chosen = _chosen(known, prefix)
        for name, attribute in block.attributes.items():
            if attribute.required or name in chosen:
                yield name, self._value(attribute.type, name, known.get(f"{prefix}{name}", {}))
        for name, nested in block.blocks.items():
            path = f"{prefix}{name}"
            fact = known.get(path, {})
            least = max(nested.min_items, fact.get("required", 0), int(name in chosen))
            if least:
                least = max(least, fact.get("min_if_any", 0))
                yield (
                    name,
                    [self._nth(nested.block, known, f"{path}.", index) for index in range(least)],
                )

    def _nth(
        self, block: Block, known: Mapping[str, Any], prefix: str, index: int
    ) -> dict[str, Any]:
        """A nested block: no two of a set are the same."""
        made = dict(self._block(block, known, prefix))
        free = (name for name, value in made.items() if str(value).startswith("some-"))
        return made | dict.fromkeys(itertools.islice(free, index and 1), f"some-name-{index}")

    def _value(self, type_: Any, name: str, fact: Mapping[str, Any]) -> Any:
        if isinstance(type_, list):
            kind, inner = type_
            if kind in ("list", "set"):
                each = {key.removeprefix("each_"): one for key, one in fact.items()}
                return [self._value(inner, name, each)] * max(1, fact.get("min", 1))
            if kind == "map":
                return {"key": self._value(inner, name, {})}
            return {key: self._value(one, key, {}) for key, one in inner.items()}
        if "enum" in fact:
            values = fact["enum"]
            return (self._facts.enumerations[values] if isinstance(values, str) else values)[0]
        if type_ == "bool":
            return True
        low = next((fact[key][0] for key in ("range", "api_range") if key in fact), 1)
        if type_ == "number":
            return low or 1
        text = next((said for end, said in _NAMED if f"_{name}".endswith(f"_{end}")), "some-name")
        least, most = next(
            (fact[key] for key in ("length", "api_length") if key in fact), (0, None)
        )
        return text.ljust(least, "x")[:most]


def _chosen(known: Mapping[str, Any], prefix: str) -> set[str]:
    """The first of the arguments of which one must be there."""
    found = set()
    for path, fact in known.items():
        if path.rpartition(".")[0] != prefix.rstrip("."):
            continue
        for kind in ("exactly_one", "at_least_one"):
            if kind in fact:
                first = fact[kind][0].removeprefix("./")
                found.add(first.removeprefix(prefix).partition(".")[0])
    return found


def _is_text(block: Block, name: str) -> bool:
    return name in block.attributes and block.attributes[name].type == "string"
