"""The steps of provisioning and its memory: pure code over a store in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bonkei.base.kept import DamagedError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.s3 import BucketSetting
from bonkei.services.endpoint.provision import Provisioner
from bonkei.services.endpoint.provision.step import (
    Call,
    EmptyStep,
    JsonStep,
    S3Step,
    Thing,
    Unless,
)
from bonkei.services.endpoint.provision.wanted import find_region, wanted
from tests.bonkei.services.endpoint.rigs import DECLARED, REGION


class Store:
    """Accepts every call, except those that it is set to refuse."""

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


def test_every_resource_is_made_in_its_region(tmp_path: Path) -> None:
    store = Store(DescribeKey="NotFoundException")
    assert reconcile(store, tmp_path / "made", DECLARED) == ()
    assert f"CreateKey {REGION}" in store.taken
    assert f"CreateTable {REGION}" in store.taken
    # All queues exist before a queue gets a redrive policy, which names another queue.
    kinds = [name.partition(" ")[0] for name in store.taken]
    assert kinds.index("SetQueueAttributes") > max(
        place for place, kind in enumerate(kinds) if kind == "CreateQueue"
    )


def test_an_existing_key_is_not_made_twice(tmp_path: Path) -> None:
    store = Store()
    reconcile(store, tmp_path / "made", DECLARED)
    assert not any(name.startswith("CreateKey") for name in store.taken)


def test_values_that_programs_wrote_stay_until_the_definition_changes(tmp_path: Path) -> None:
    file = tmp_path / "made"
    reconcile(Store(), file, DECLARED)
    same = Store()
    reconcile(same, file, DECLARED)
    assert sum(name.startswith("PutParameter") for name in same.taken) == 1
    changed = Store()
    parameters = (replace(DECLARED.parameters[0], value="two"),)
    reconcile(changed, file, replace(DECLARED, parameters=parameters))
    assert sum(name.startswith("PutParameter") for name in changed.taken) == 2


def test_undeclared_resources_are_deleted_or_reported(tmp_path: Path) -> None:
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


def test_refused_resources_are_reported_and_the_others_are_made(tmp_path: Path) -> None:
    store = Store(CreateTable="ValidationException")
    notes = reconcile(store, tmp_path / "made", DECLARED)
    assert notes == ("aws_dynamodb_table.carts is not as declared: ValidationException: because",)
    assert any(name.startswith("PutParameter") for name in store.taken)


def test_no_value_is_stored(tmp_path: Path) -> None:
    file = tmp_path / "made"
    secret = (replace(DECLARED.parameters[0], value="hunter22"),)
    reconcile(Store(), file, replace(DECLARED, parameters=secret))
    assert "hunter22" not in file.read_text()
    assert "hunter22" not in repr(wanted(replace(DECLARED, parameters=secret), REGION))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": {}}'])
def test_a_damaged_file_is_named_and_stays(tmp_path: Path, text: str) -> None:
    """As none, it would no longer know what has to go when it is not declared any more."""
    file = tmp_path / "made"
    file.write_text(text)
    with pytest.raises(DamagedError, match="made is damaged"):
        reconcile(Store(), file, DECLARED)
    assert file.read_text() == text


def test_a_change_that_aws_does_not_allow_replaces_the_resource(tmp_path: Path) -> None:
    """A table with other keys, as Terraform replaces it. Other indexes do not replace it."""
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


def test_removed_tags_are_removed(tmp_path: Path) -> None:
    file, store = tmp_path / "made", Store()
    [queue, *rest] = DECLARED.queues
    reconcile(Store(), file, replace(DECLARED, queues=(replace(queue, tags={"a": "b"}), *rest)))
    reconcile(store, file, replace(DECLARED, queues=(replace(queue, tags={"c": "d"}), *rest)))
    names = [name.partition(" ")[0] for name in store.taken]
    assert names.index("UntagQueue") < names.index("TagQueue")


def test_a_notification_is_set_once(tmp_path: Path) -> None:
    """S3 would send a test event each time."""
    setting = BucketSetting("notification", "NotificationConfiguration", {"QueueConfiguration": []})
    [bucket] = DECLARED.buckets
    declared = replace(DECLARED, buckets=(replace(bucket, settings=(setting,)),))
    calls = []
    for _ in range(2):
        store = Store()
        reconcile(store, tmp_path / "made", declared)
        calls.append(sum(name.startswith("PUT s3") for name in store.taken))
    assert calls == [2, 1]


def test_a_fingerprint_is_the_same_in_every_version() -> None:
    """It is kept in homes: what has another one is made anew."""
    thing = Thing(
        "queue", "q", "a.q", "eu-west-1",
        (
            JsonStep("sqs", "Create", {"a": [1, (2, 3)], "b": {"c": "é"}}, frozenset({"y", "x"})),
            Unless(
                JsonStep("s", "p"),
                S3Step("PUT", "/b?x", "<a/>", frozenset({"z"}), headers=(("h", "v"),)),
            ),
        ),
        (EmptyStep("b", "k"),),
        content="c",
    )  # fmt: skip
    digest = "7d24a105ff80fafa0d35129857c6dc176a7d08e2a8e1689d9777665aff716b42"
    assert thing.fingerprint == digest
