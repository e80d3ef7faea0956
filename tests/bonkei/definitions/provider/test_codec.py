"""Values keep their meaning on the way to Terraform and back."""

from __future__ import annotations

import json
from decimal import Decimal

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.definitions.provider.plugin import codec
from bonkei.definitions.provider.values import UNKNOWN, Typed

NEAR_A_TENTH = Decimal("0.1000000000000000055511151231257827021181583404541015625")
"""The double next to 0.1, which is not 0.1."""

NUMBERS = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just(NEAR_A_TENTH),
)


def types() -> st.SearchStrategy[object]:
    primitive = st.sampled_from(["string", "number", "bool"])
    return st.recursive(
        primitive,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["list", "set", "map"]), inner).map(list),
            st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3).map(
                lambda members: ["object", members]
            ),
            st.lists(inner, max_size=3).map(lambda members: ["tuple", members]),
        ),
        max_leaves=8,
    )


def values(type_: object) -> st.SearchStrategy[object]:
    absent = st.sampled_from([None, UNKNOWN])
    if isinstance(type_, str):
        primitives = {"string": st.text(), "number": NUMBERS, "bool": st.booleans()}
        return absent | primitives[type_]
    kind, inner = type_
    if kind == "object":
        return absent | st.fixed_dictionaries({name: values(m) for name, m in inner.items()})
    if kind == "tuple":
        return absent | st.tuples(*map(values, inner)).map(list)
    if kind == "map":
        return absent | st.dictionaries(st.text(), values(inner), max_size=3)
    return absent | st.lists(values(inner), max_size=3)


@given(st.data())
def test_a_value_is_the_same_after_encoding_and_decoding(data: st.DataObject) -> None:
    type_ = data.draw(types())
    value = data.draw(values(type_))
    assert codec.decode(codec.encode(value, type_), type_) == value


@given(st.data())
def test_bytes_are_the_same_after_decoding_and_encoding(data: st.DataObject) -> None:
    """An unchanged value must be identical to Terraform's, to the last digit."""
    type_ = data.draw(types())
    wire = codec.encode(data.draw(values(type_)), type_)
    assert codec.encode(codec.decode(wire, type_), type_) == wire


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("0.1", 0.1),
        (0.5, 0.5),
        (0.1, NEAR_A_TENTH),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        (3.0, 3),
        ("1e3", 1000),
    ],
)
def test_numbers_as_terraform_writes_them(wire: object, value: object) -> None:
    decoded = codec.decode(msgpack.packb(wire), "number")
    assert decoded == value
    assert type(decoded) is type(value)


def test_a_fraction_is_written_in_decimals() -> None:
    assert msgpack.unpackb(codec.encode(0.1, "number")) == "0.1"


def test_an_unknown_value_with_refinements_is_unknown() -> None:
    refined = msgpack.packb(msgpack.ExtType(12, b"\x81\x01\xc2"))
    assert codec.decode(refined, ["list", "string"]) is UNKNOWN


def test_an_attribute_of_any_type_keeps_its_type() -> None:
    value = Typed(["tuple", ["string", "number"]], ["a", 1])
    assert codec.decode(codec.encode(value, "dynamic"), "dynamic") == value


@pytest.mark.parametrize(
    ("value", "type_"),
    [(1, "string"), ("1", "number"), (True, "number"), ("ab", ["list", "string"]), ([], "bool")],
)
def test_a_value_of_the_wrong_type_is_refused(value: object, type_: object) -> None:
    with pytest.raises(TypeError, match="cannot be"):
        codec.encode(value, type_)


def test_a_stored_state_is_adapted_to_the_schema() -> None:
    stored = json.loads('{"kept": ["x"], "gone": 1}', parse_float=Decimal)
    type_ = ["object", {"kept": ["set", "string"], "new": "number"}]
    assert codec.from_json(stored, type_) == {"kept": ["x"], "new": None}


def test_unknown_is_a_single_object_and_not_a_boolean() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(UNKNOWN)
