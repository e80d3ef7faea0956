"""IAM policy documents.

Grammar: "Grammar of the IAM JSON policy language",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.blueprint.block import Block
from bonkei.blueprint.role import PolicyStatement


def read_policy_document(block: Block, name: str) -> tuple[PolicyStatement, ...]:
    """The statements of a policy that an attribute holds as JSON text; none when it is unset."""
    if not block.has(name):
        return ()
    document = Block(block.address, {name: block.json(name)}, block.path).required_block(name)
    return tuple(_statement(item) for item in document.blocks("Statement"))


def _statement(block: Block) -> PolicyStatement:
    return PolicyStatement(
        address=block.address,
        effect=block.choice("Effect", ("Allow", "Deny")),
        actions=_one_or_many(block, "Action"),
        not_actions=_one_or_many(block, "NotAction"),
        resources=_one_or_many(block, "Resource"),
        not_resources=_one_or_many(block, "NotResource"),
        principals=tuple(sorted(_principals(block))),
        conditions=tuple(sorted(_conditions(block))),
        sid=block.text("Sid", ""),
    )


def _one_or_many(block: Block, name: str) -> tuple[str, ...]:
    value = block.values.get(name)
    if isinstance(value, str):
        return (value,)
    return tuple(sorted(block.texts(name)))


def _principals(block: Block) -> Iterator[tuple[str, str]]:
    value = block.values.get("Principal")
    if value == "*":
        yield ("*", "*")
        return
    principal = block.block("Principal") if value is not None else None
    if principal is not None:
        for kind in principal.values:
            for item in _one_or_many(principal, kind):
                yield (kind, item)


def _conditions(block: Block) -> Iterator[tuple[str, str, str]]:
    for condition in block.blocks("Condition"):
        for operator in condition.values:
            for keys in condition.blocks(operator):
                for key, value in keys.values.items():
                    for item in _flat(value):
                        yield (operator, key, item)


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif not isinstance(value, Mapping):
        yield str(value)
