"""The steps taken and the things remembered: pure, over a store in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from bonkei.blueprint import Blueprint
from bonkei.blueprint.bucket import BucketSetting
from bonkei.cloud.provision import Provisioner
from bonkei.cloud.provision.step import Call, EmptyStep, JsonStep
from bonkei.cloud.provision.wanted import find_region, wanted
from tests.bonkei.cloud.rooms import DECLARED, REGION


class Store:
    """Says yes, but to what it is told to refuse."""

    def __init__(self, **refused: str) -> None:
        self.taken: list[str] = []
        self.refused = refused

    async def take(self, call: Call, region: str) -> tuple[str, str]:
        name = name_of(call)
        self.taken.append(f"{name} {region}")
        return (self.refused.get(name.replace(" ", "_").replace("/", ""), ""), "because")


def name_of(call: Call) -> str:
    if isinstance(call, JsonStep):
        return call.target.rpartition(".")[2]
    return call.bucket if isinstance(call, EmptyStep) else f"{call.method} s3"


def reconcile(store: Store, file: Path, blueprint: Blueprint) -> tuple[str, ...]:
    things = wanted(blueprint, find_region(blueprint))
    return asyncio.run(Provisioner(store, file).reconcile(things))


def test_everything_is_made_in_its_region(tmp_path: Path) -> None:
    store = Store(DescribeKey="NotFoundException")
    assert reconcile(store, tmp_path / "made", DECLARED) == ()
    assert f"CreateKey {REGION}" in store.taken
    assert f"CreateTable {REGION}" in store.taken
    # All queues are there before any gets a redrive policy, which names another.
    kinds = [name.partition(" ")[0] for name in store.taken]
    assert kinds.index("SetQueueAttributes") > max(
        place for place, kind in enumerate(kinds) if kind == "CreateQueue"
    )


def test_a_key_that_is_there_is_not_made_twice(tmp_path: Path) -> None:
    store = Store()
    reconcile(store, tmp_path / "made", DECLARED)
    assert not any(name.startswith("CreateKey") for name in store.taken)


def test_values_of_programs_stay_until_the_definition_changes(tmp_path: Path) -> None:
    file = tmp_path / "made"
    reconcile(Store(), file, DECLARED)
    same = Store()
    reconcile(same, file, DECLARED)
    assert sum(name.startswith("PutParameter") for name in same.taken) == 1
    changed = Store()
    parameters = (replace(DECLARED.parameters[0], value="two"),)
    reconcile(changed, file, replace(DECLARED, parameters=parameters))
    assert sum(name.startswith("PutParameter") for name in changed.taken) == 2


def test_what_is_no_longer_declared_ends_and_what_cannot_is_named(tmp_path: Path) -> None:
    file = tmp_path / "made"
    reconcile(Store(), file, DECLARED)
    store = Store(DELETE_s3="BucketNotEmpty")
    notes = reconcile(store, file, Blueprint())
    assert notes == ("bucket shop stays: BucketNotEmpty: because",)
    assert {"DeleteTable", "DeleteQueue", "DeleteParameter"} <= {
        name.partition(" ")[0] for name in store.taken
    }
    again = Store()
    assert reconcile(again, file, Blueprint()) == ()
    assert [name.partition(" ")[0] for name in again.taken] == ["DELETE"]


def test_what_the_store_refuses_is_named_and_the_rest_is_made(tmp_path: Path) -> None:
    store = Store(CreateTable="ValidationException")
    notes = reconcile(store, tmp_path / "made", DECLARED)
    assert notes == ("aws_dynamodb_table.carts is not as declared: ValidationException: because",)
    assert any(name.startswith("PutParameter") for name in store.taken)


def test_no_value_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "made"
    secret = (replace(DECLARED.parameters[0], value="hunter22"),)
    reconcile(Store(), file, replace(DECLARED, parameters=secret))
    assert "hunter22" not in file.read_text()
    assert "hunter22" not in repr(wanted(replace(DECLARED, parameters=secret), REGION))


def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path) -> None:
    file = tmp_path / "made"
    file.write_text("{")
    assert reconcile(Store(), file, DECLARED) == ()


def test_what_aws_cannot_change_ends_before_it_is_made_anew(tmp_path: Path) -> None:
    """A table of other keys, as Terraform replaces it; other indexes leave it as it is."""
    file = tmp_path / "made"
    reconcile(Store(), file, DECLARED)
    [table] = DECLARED.tables
    for change, expected in (
        ({"BillingMode": "PROVISIONED"}, ["CreateTable", *["UpdateTable"] * 5]),
        ({"KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}]},
         ["DeleteTable", "CreateTable", *["UpdateTable"] * 5]),
    ):  # fmt: skip
        store = Store()
        table = replace(table, definition={**table.definition, **change})
        reconcile(store, file, replace(DECLARED, tables=(table,)))
        assert [n for name in store.taken if "Table" in (n := name.partition(" ")[0])] == expected


def test_tags_that_are_gone_are_taken_off(tmp_path: Path) -> None:
    file, store = tmp_path / "made", Store()
    [queue, *rest] = DECLARED.queues
    reconcile(Store(), file, replace(DECLARED, queues=(replace(queue, tags={"a": "b"}), *rest)))
    reconcile(store, file, replace(DECLARED, queues=(replace(queue, tags={"c": "d"}), *rest)))
    names = [name.partition(" ")[0] for name in store.taken]
    assert names.index("UntagQueue") < names.index("TagQueue")


def test_a_notification_is_set_once(tmp_path: Path) -> None:
    """S3 sends a test event each time."""
    setting = BucketSetting("notification", "NotificationConfiguration", {"QueueConfiguration": []})
    [bucket] = DECLARED.buckets
    declared = replace(DECLARED, buckets=(replace(bucket, settings=(setting,)),))
    calls = []
    for _ in range(2):
        store = Store()
        reconcile(store, tmp_path / "made", declared)
        calls.append(sum(name.startswith("PUT s3") for name in store.taken))
    assert calls == [2, 1]
