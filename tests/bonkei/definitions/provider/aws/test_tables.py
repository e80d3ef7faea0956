"""The tables use the schema's own names. Generated ids are unique, stable and complete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonkei.definitions.provider import aws, schema
from bonkei.definitions.provider.aws import DATA_SOURCES, RESOURCES
from bonkei.definitions.provider.behaviour import ANY_CHANGE, Context
from bonkei.definitions.provider.modules import modules
from bonkei.definitions.provider.schema import Block
from bonkei.definitions.provider.values import UNKNOWN

SCHEMA = schema.load("aws-schema.json.gz")


def names_in(block: Block, path: str) -> bool:
    """Whether a dotted path leads to an argument or block."""
    first, _, rest = path.partition(".")
    if not rest:
        return first in block.attributes or first in block.blocks
    return first in block.blocks and names_in(block.blocks[first].block, rest)


def stated_names(type_name: str) -> Iterator[tuple[str, str]]:
    behaviour = RESOURCES[type_name]
    yield from (("force_new", path) for path in behaviour.force_new - {"region"})
    yield from (("arguments", path) for path in behaviour.argument_defaults)
    yield from (("equivalent", path) for path in behaviour.equivalent)
    yield from (("defaults", path) for path in behaviour.defaults({}))
    for attribute, causes in behaviour.recomputed_on_change.items():
        yield "recomputed", attribute
        yield from (("recomputed by", cause) for cause in causes - ANY_CHANGE)


@pytest.mark.parametrize("table", ["RESOURCES", "DATA_SOURCES", "EPHEMERAL_RESOURCES", "FUNCTIONS"])
def test_each_name_is_served_from_one_module(table: str) -> None:
    names = [
        name
        for module in modules(aws.__name__, aws.__path__)
        for name in getattr(module, table, {})
    ]
    assert [name for name, n in Counter(names).items() if n > 1] == []


def test_each_module_belongs_to_a_served_service() -> None:
    here = Path(aws.__file__).parent
    folders = {path.parent.name for path in here.glob("*/__init__.py")}
    named = folders | {path.stem for path in here.glob("*.py")}
    served = {
        module.__name__.removeprefix(f"{aws.__name__}.").split(".")[0]
        for module in modules(aws.__name__, aws.__path__)
        if hasattr(module, "RESOURCES") or hasattr(module, "DATA_SOURCES")
    }
    assert served == named - {"shared", "__init__"}


def test_every_name_in_a_table_is_in_the_schema() -> None:
    wrong = [
        (type_name, part, path)
        for type_name in RESOURCES
        for part, path in stated_names(type_name)
        if not names_in(SCHEMA.resources[type_name], path)
    ]
    assert wrong == []


def test_generated_and_default_values_are_computed_attributes() -> None:
    """The provider may set only values that the configuration may leave out."""
    for type_name, behaviour in RESOURCES.items():
        block = SCHEMA.resources[type_name]
        for name in minted(type_name, Context()):
            assert name in block.blocks or block.attributes[name].computed, (type_name, name)
        for name in behaviour.defaults({}):
            assert block.attributes[name].computed, (type_name, name)


def test_every_data_source_is_in_the_schema() -> None:
    assert DATA_SOURCES.keys() - SCHEMA.data_sources.keys() == set()


def fits(type_: schema.Type, other: schema.Type) -> bool:
    """Whether the one value fits the type of the other; members that only one of them has are
    ignored.
    """
    if isinstance(type_, str) or isinstance(other, str):
        return bool(type_ == other)
    (kind, inner), (its_kind, its_inner) = type_, other
    if kind == its_kind == "object":
        return all(fits(inner[name], its_inner[name]) for name in inner.keys() & its_inner.keys())
    alike = kind == its_kind or {kind, its_kind} <= {"list", "set"}
    return alike and fits(inner, its_inner)


def test_a_resource_can_be_read_as_the_data_source_of_its_name() -> None:
    for type_name in DATA_SOURCES.keys() & SCHEMA.resources.keys():
        read, made = (
            schema.type_of(kind[type_name]) for kind in (SCHEMA.data_sources, SCHEMA.resources)
        )
        shared = read[1].keys() & made[1].keys()
        wrong = [name for name in shared if not fits(made[1][name], read[1][name])]
        assert wrong == [], type_name


def planned_values(type_name: str) -> dict[str, object]:
    """A plan in which every computed attribute is unknown and each argument has a value."""
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
    if type_name == "aws_default_subnet":  # must be a zone of the region
        values["availability_zone"] = "us-east-1a"
    values.update({name: [] for name in block.blocks})
    return values


def minted(type_name: str, context: Context) -> dict[str, object]:
    return dict(RESOURCES[type_name].mint(planned_values(type_name), context))


def test_no_generated_value_stays_unknown() -> None:
    """Every resource has an id, and an ARN is not made of what is not there."""
    for type_name in RESOURCES:
        found = minted(type_name, Context())
        assert found.get("id") or found.get("arn"), type_name
        assert UNKNOWN not in found.values(), type_name
        assert "None" not in str(found.get("arn", "")), type_name


def identity(type_name: str, token: str) -> object:
    found = minted(type_name, Context(token=token))
    return found.get("id") or found.get("arn")


RANDOM_IDS = sorted(
    name for name in RESOURCES if identity(name, "a" * 17) != identity(name, "b" * 17)
)


@settings(max_examples=20)
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
