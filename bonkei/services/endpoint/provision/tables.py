"""Tables of DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.blueprint.storage import Table
from bonkei.services.endpoint.provision.step import JsonStep, Step, Thing, calls_of

STREAM_LABEL = "bonkei:StreamLabel"
_call = calls_of("dynamodb", "DynamoDB_20120810")
_GONE = frozenset({"ResourceNotFoundException"})
_SAME = frozenset(
    {"ValidationException"}
)  # "will not change", "already enabled", "duplicate index"


def tables(found: tuple[Table, ...]) -> Iterator[Thing]:
    """Each table with its indexes, its time to live, and its tags."""
    for table in found:
        yield _table(table)
        for index in table.definition.get("GlobalSecondaryIndexes", ()):
            yield _index(table, index)
        yield from _ttl(table)
        yield from _recovery(table)
        yield from _tags(table)


def _table(table: Table) -> Thing:
    made = {name: value for name, value in table.definition.items() if name != "Tags"}
    label = {STREAM_LABEL: table.stream_arn.rpartition("/stream/")[2]} if table.stream_arn else {}
    make = _call("CreateTable", {**made, **label}, frozenset({"ResourceInUseException"}))
    # With deletion protection the table stays, as on AWS: a person must remove it first.
    end = _call("DeleteTable", {"TableName": table.name}, _GONE)
    return Thing.of(
        "table",
        table.name,
        table,
        make,
        changes=tuple(_changes(table, label)),
        end=(end,),
        identity=json.dumps(
            [made["KeySchema"], made.get("LocalSecondaryIndexes"), _key_types(table)],
            sort_keys=True,
        ),
    )


def _changes(table: Table, label: Mapping[str, str]) -> Iterator[Step]:
    """The settings that UpdateTable changes one after the other."""
    made = table.definition
    capacity = {"BillingMode": made["BillingMode"]}
    if "ProvisionedThroughput" in made:
        capacity |= {"ProvisionedThroughput": made["ProvisionedThroughput"]}
    stream = made.get("StreamSpecification", {"StreamEnabled": False})
    for change in (
        capacity,
        {"StreamSpecification": stream, **label},
        {"DeletionProtectionEnabled": made.get("DeletionProtectionEnabled", False)},
        {"TableClass": made.get("TableClass", "STANDARD")},
        {"SSESpecification": made.get("SSESpecification", {"Enabled": False})},
    ):
        yield _call("UpdateTable", {"TableName": table.name, **change}, _SAME)


def _index(table: Table, index: Mapping[str, Any]) -> Thing:
    """A new table has its indexes from the start. A changed index is built again, as on AWS."""
    attributes = table.definition["AttributeDefinitions"]
    make = _update_index(table, {"Create": dict(index)}, {"AttributeDefinitions": attributes})
    end = _update_index(table, {"Delete": {"IndexName": index["IndexName"]}}, {})
    name = f"{table.name} {index['IndexName']}"
    identity = json.dumps([index["KeySchema"], index["Projection"]], sort_keys=True)
    return Thing.of("table-index", name, table, make, end=(end,), identity=identity)


def _update_index(table: Table, update: Mapping[str, Any], more: Mapping[str, Any]) -> JsonStep:
    content = {"TableName": table.name, "GlobalSecondaryIndexUpdates": [update], **more}
    return _call("UpdateTable", content, _SAME | _GONE if "Delete" in update else _SAME)


def _ttl(table: Table) -> Iterator[Thing]:
    if not table.ttl_attribute:
        return

    def switch(enabled: bool) -> JsonStep:
        specification = {"Enabled": enabled, "AttributeName": table.ttl_attribute}
        content = {"TableName": table.name, "TimeToLiveSpecification": specification}
        return _call("UpdateTimeToLive", content, _SAME if enabled else _SAME | _GONE)

    yield Thing.of("table-ttl", table.name, table, switch(True), end=(switch(False),), anew=True)


def _recovery(table: Table) -> Iterator[Thing]:
    def switch(enabled: bool) -> JsonStep:
        specification = {"PointInTimeRecoveryEnabled": enabled}
        content = {"TableName": table.name, "PointInTimeRecoverySpecification": specification}
        return _call("UpdateContinuousBackups", content, frozenset() if enabled else _GONE)

    if table.recovery:
        yield Thing.of("table-recovery", table.name, table, switch(True), end=(switch(False),))


def _tags(table: Table) -> Iterator[Thing]:
    if tags := table.definition.get("Tags"):
        make = _call("TagResource", {"ResourceArn": table.arn, "Tags": tags})
        keys = sorted(tag["Key"] for tag in tags)
        end = _call("UntagResource", {"ResourceArn": table.arn, "TagKeys": keys}, _GONE)
        yield Thing.of("table-tags", table.name, table, make, end=(end,), anew=True)


def _key_types(table: Table) -> list[Mapping[str, str]]:
    keys = {key["AttributeName"] for key in table.definition["KeySchema"]}
    attributes = table.definition["AttributeDefinitions"]
    return sorted(
        (each for each in attributes if each["AttributeName"] in keys),
        key=lambda each: str(each["AttributeName"]),
    )
