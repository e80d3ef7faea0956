"""The tables use the schema's own names; minted ids are unique, stable and complete."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonkei.provider import schema
from bonkei.provider.aws import DATA_SOURCES, RESOURCES
from bonkei.provider.behaviour import ANY_CHANGE, Context
from bonkei.provider.schema import Block
from bonkei.provider.values import UNKNOWN

SCHEMA = schema.load("aws-schema.json.gz")


def names_in(block: Block, path: str) -> bool:
    """Whether a dotted path leads to an argument or block."""
    first, _, rest = path.partition(".")
    if not rest:
        return first in block.attributes or first in block.blocks
    return first in block.blocks and names_in(block.blocks[first].block, rest)


def stated_names(type_name: str) -> Iterator[tuple[str, str]]:
    behaviour = RESOURCES[type_name]
    yield from (("force_new", path) for path in behaviour.force_new)
    yield from (("arguments", path) for path in behaviour.argument_defaults)
    yield from (("equivalent", path) for path in behaviour.equivalent)
    yield from (("defaults", path) for path in behaviour.defaults({}))
    for attribute, causes in behaviour.recomputed_on_change.items():
        yield "recomputed", attribute
        yield from (("recomputed by", cause) for cause in causes - ANY_CHANGE)


@pytest.mark.parametrize("type_name", sorted(RESOURCES))
def test_every_stated_name_is_in_the_schema(type_name: str) -> None:
    block = SCHEMA.resources[type_name]
    wrong = [(part, path) for part, path in stated_names(type_name) if not names_in(block, path)]
    assert wrong == []


@pytest.mark.parametrize("type_name", sorted(RESOURCES))
def test_what_is_minted_or_defaulted_is_computed(type_name: str) -> None:
    """A value may only be given to what the configuration need not give."""
    block = SCHEMA.resources[type_name]
    for name in minted(type_name, Context()):
        assert name in block.blocks or block.attributes[name].computed, name
    for name in RESOURCES[type_name].defaults({}):
        assert block.attributes[name].computed, name


@pytest.mark.parametrize("type_name", sorted(DATA_SOURCES))
def test_every_data_source_is_in_the_schema(type_name: str) -> None:
    assert type_name in SCHEMA.data_sources


def planned_values(type_name: str) -> dict[str, object]:
    """A plan in which all that may be computed is unknown and each argument has some value."""
    block = SCHEMA.resources[type_name]
    values: dict[str, object] = {
        name: UNKNOWN if attribute.computed else None
        for name, attribute in block.attributes.items()
    }
    samples = {"string": f"some-{type_name[4:14]}", "number": 1, "bool": True}
    for name, attribute in block.attributes.items():
        if attribute.required:
            kind = attribute.type if isinstance(attribute.type, str) else attribute.type[0]
            values[name] = samples.get(kind, ["one", "two"])
    values.update({name: [] for name in block.blocks})
    return values


def minted(type_name: str, context: Context) -> dict[str, object]:
    return dict(RESOURCES[type_name].mint(planned_values(type_name), context))


@pytest.mark.parametrize("type_name", sorted(RESOURCES))
def test_nothing_minted_is_unknown(type_name: str) -> None:
    found = minted(type_name, Context())
    assert found.get("id") or found.get("arn"), "every resource has an id"
    assert UNKNOWN not in found.values()
    assert "None" not in str(found.get("arn", "")), "an ARN must not be made of what is not there"


def identity(type_name: str, token: str) -> object:
    found = minted(type_name, Context(token=token))
    return found.get("id") or found.get("arn")


RANDOM_IDS = sorted(
    name for name in RESOURCES if identity(name, "a" * 17) != identity(name, "b" * 17)
)


@settings(max_examples=20, deadline=None)
@given(
    tokens=st.lists(
        st.text("0123456789abcdef", min_size=17, max_size=17), min_size=2, max_size=5, unique=True
    )
)
def test_ids_are_unique_by_token_and_stable(tokens: list[str]) -> None:
    for type_name in RANDOM_IDS:
        ids = [identity(type_name, token) for token in tokens]
        again = [identity(type_name, token) for token in tokens]
        assert ids == again
        assert len(set(ids)) == len(ids), type_name
