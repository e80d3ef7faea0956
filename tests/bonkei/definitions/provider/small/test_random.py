"""hashicorp/random: its values and its errors."""

from __future__ import annotations

import base64
import string
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.definitions.provider import apply
from bonkei.definitions.provider.behaviour import Context
from bonkei.definitions.provider.plan import Plan, plan_creation, plan_update
from bonkei.definitions.provider.schema import empty
from bonkei.definitions.provider.small import random

PROVIDER = random.provider()


def create(type_name: str, **arguments: Any) -> dict[str, Any]:
    block, behaviour = PROVIDER.schema.resources[type_name], PROVIDER.resources[type_name]
    config = {**empty(block), **arguments}
    planned = plan_creation(block, behaviour, config, config, Context()).planned
    return apply.complete(type_name, block, behaviour, planned, Context())


def replan(type_name: str, state: dict[str, Any], **arguments: Any) -> Plan:
    block, behaviour = PROVIDER.schema.resources[type_name], PROVIDER.resources[type_name]
    config = {**empty(block), **arguments}
    kept = {n: state[n] for n, a in block.attributes.items() if a.computed and config[n] is None}
    return plan_update(block, behaviour, state, config, {**config, **kept}, Context())


@given(
    minimums=st.fixed_dictionaries(
        {f"min_{kind}": st.integers(0, 4) for kind in ("upper", "lower", "numeric", "special")}
    ),
    rest=st.integers(1, 20),
)
def test_a_password_has_its_length_and_its_minimums(minimums: dict[str, int], rest: int) -> None:
    length = sum(minimums.values()) + rest
    result = create("random_password", length=length, **minimums)["result"]
    kinds = {
        "min_upper": string.ascii_uppercase,
        "min_lower": string.ascii_lowercase,
        "min_numeric": string.digits,
        "min_special": "!@#$%&*()-_=+[]{}<>:?",
    }
    assert len(result) == length
    assert all(sum(c in kinds[k] for c in result) >= n for k, n in minimums.items())
    assert set(result) <= set("".join(kinds.values()))


def test_a_password_has_only_allowed_characters() -> None:
    result = create("random_password", length=200, upper=False, override_special="_")["result"]
    assert set(result) <= set(string.ascii_lowercase + string.digits + "_")


def test_a_password_is_hidden_and_a_string_is_not() -> None:
    assert PROVIDER.schema.resources["random_password"].attributes["result"].sensitive
    assert not PROVIDER.schema.resources["random_string"].attributes["result"].sensitive


@pytest.mark.parametrize("type_name", ["random_password", "random_string"])
def test_two_values_are_never_equal(type_name: str) -> None:
    assert len({create(type_name, length=16)["result"] for _ in range(50)}) == 50


def test_only_keepers_and_arguments_replace() -> None:
    state = create("random_string", length=8, keepers={"v": "1"})
    assert replan("random_string", state, length=8, keepers={"v": "1"}) == Plan(state)
    by_keepers = replan("random_string", state, length=8, keepers={"v": "2"})
    assert by_keepers.replaced_by == (("keepers",),)
    assert replan("random_string", state, length=9, keepers={"v": "1"}).replaced_by == (
        ("length",),
    )


def test_an_ephemeral_password_is_made_when_it_is_opened() -> None:
    block = PROVIDER.schema.ephemeral_resources["random_password"]
    kind = PROVIDER.ephemeral_resources["random_password"]
    config = {**empty(block), "length": 30}
    first, second = kind.open(config, Context()), kind.open(config, Context())
    assert len(first["result"]) == 30
    assert first["result"] != second["result"]
    assert first["special"] is True


def test_all_forms_of_an_id_are_one_number() -> None:
    made = create("random_id", byte_length=8, prefix="p-")
    data = bytes.fromhex(made["hex"].removeprefix("p-"))
    assert len(data) == 8
    assert base64.b64decode(made["b64_std"].removeprefix("p-")) == data
    assert int(made["dec"].removeprefix("p-")) == int.from_bytes(data, "big")
    assert made["b64_url"] == f"p-{made['id']}"


def test_integers_stay_in_their_range() -> None:
    assert {create("random_integer", min=3, max=5)["result"] for _ in range(100)} == {3, 4, 5}


def test_pets_have_the_requested_number_of_words() -> None:
    assert len(create("random_pet")["id"].split("-")) == 2
    assert len(create("random_pet", length=1)["id"].split("-")) == 1
    long = create("random_pet", length=4, separator=".", prefix="x")["id"].split(".")
    assert (len(long), long[0]) == (5, "x")


def test_a_shuffle_has_the_same_elements() -> None:
    items = [str(n) for n in range(20)]
    assert sorted(create("random_shuffle", input=items)["result"]) == sorted(items)
    assert len(create("random_shuffle", input=["a", "b"], result_count=5)["result"]) == 5
    assert create("random_shuffle", input=[], result_count=5)["result"] == []


def test_bytes_and_uuids() -> None:
    made = create("random_bytes", length=12)
    assert base64.b64decode(made["base64"]) == bytes.fromhex(made["hex"])
    assert uuid.UUID(create("random_uuid")["result"]).version == 4


@pytest.mark.parametrize(
    ("type_name", "arguments", "path"),
    [
        ("random_password", {"length": 0}, ("length",)),
        ("random_password", {"length": 3, "min_upper": 2, "min_lower": 2}, ("length",)),
        ("random_integer", {"min": 2, "max": 1}, ("min",)),
    ],
)
def test_invalid_settings_are_refused(
    type_name: str, arguments: dict[str, Any], path: object
) -> None:
    block, behaviour = PROVIDER.schema.resources[type_name], PROVIDER.resources[type_name]
    (problem,) = behaviour.validate({**empty(block), **arguments})
    assert problem.path == path
