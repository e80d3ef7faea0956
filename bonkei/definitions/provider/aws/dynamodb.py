"""Amazon DynamoDB: tables.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import each, same_shape
from bonkei.definitions.provider.aws.shared.checks import (
    at,
    length,
    matches,
    one_of,
    unique,
    unsure,
)
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

_NAME = matches(r"[a-zA-Z0-9_.-]+", "letters, digits and _.-")


def _table(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")
    identifier = mint.arn("dynamodb", f"table/{name}")
    stream = mint.given("stream_enabled") is True
    label = mint.context.now.replace("Z", ".000")
    on_demand = mint.given("billing_mode") == "PAY_PER_REQUEST"
    return {
        "id": name,
        "arn": identifier,
        "stream_arn": f"{identifier}/stream/{label}" if stream else "",
        "stream_label": label if stream else "",
        "read_capacity": 0 if on_demand else 1,
        "write_capacity": 0 if on_demand else 1,
        "point_in_time_recovery": same_shape(
            mint.planned.get("point_in_time_recovery"),
            lambda _index, block: {
                "recovery_period_in_days": 35 if block.get("enabled") is True else 0
            },
        ),
    }


def _keys_are_attributes(config: Object) -> Iterator[Problem]:
    """Every key is declared as an attribute, and every attribute is a key of something."""
    if unsure(config.get("attribute")):
        return
    declared = [attribute.get("name") for attribute in each(config.get("attribute"))]
    keys = [config.get("hash_key"), config.get("range_key")]
    for name in ("global_secondary_index", "local_secondary_index"):
        for index in each(config.get(name)):
            keys += [index.get("hash_key"), index.get("range_key")]
            keys += [key.get("attribute_name") for key in each(index.get("key_schema"))]
    known = [key for key in keys if given(key)]
    if not all(map(given, declared)) or len(known) != sum(key is not None for key in keys):
        return
    for key in dict.fromkeys(known):
        if key not in declared:
            detail = f'The key "{key}" needs a block attribute with its type.'
            yield Problem(("hash_key",), "Missing attribute", detail)
    for place, unused in enumerate(declared):
        if unused not in known:
            detail = f'"{unused}" is not a key of the table or an index; DynamoDB refuses it then.'
            yield Problem(("attribute", place), "Unused attribute", detail)


def _capacity(config: Object) -> Iterator[Problem]:
    on_demand = config.get("billing_mode") == "PAY_PER_REQUEST"
    provisioned = config.get("billing_mode") in (None, "PROVISIONED")
    for name in ("read_capacity", "write_capacity"):
        value = config.get(name)
        if provisioned and value is None:
            detail = f'billing_mode "PROVISIONED" needs "{name}".'
            yield Problem((), "Missing argument", detail)
        if on_demand and given(value) and value:
            detail = f'billing_mode "PAY_PER_REQUEST" has no "{name}".'
            yield Problem((name,), "Conflicting arguments", detail)


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_dynamodb_table": resource(
        _table,
        at("name", length(3, 255), _NAME),
        at(
            "stream_view_type",
            one_of("", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"),
        ),
        unique("attribute", "name", "attribute"),
        _keys_are_attributes,
        _capacity,
        arguments={
            "deletion_protection_enabled": False,
        },
        recomputed={"stream_arn": "stream_enabled", "stream_label": "stream_enabled"},
    ),
    "aws_dynamodb_table_item": resource(
        lambda mint: {"id": f"{mint.given('table_name')}|{mint.random(16)}"},
    ),
}

DATA_SOURCES = by_own_names("aws_dynamodb_table")
