"""A person looks at what the store holds, through the console's topics: hostile contents too."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psutil
import pytest

from bonkei.base.aws_service import AwsServiceError, RoleSession
from bonkei.base.errors import BonkeiError
from bonkei.miniature.console.data import DataSources, offer_data
from bonkei.miniature.console.data.held import DOWNLOAD
from bonkei.services.console import Console
from bonkei.services.console.views import inert
from tests.bonkei.services.endpoint.rigs import DECLARED, Rig

HOSTILE = "dir/<img src=x onerror=alert(1)>\x01\x1b[2J\u202egpj.exe &?#%+ 日本"
DOTS = "a/../b//c"


class Desk:
    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.shown: list[tuple[str, str]] = []
        self.console = Console()

        def no_database(name: str) -> Any:
            raise BonkeiError(f"no {name}")

        offer_data(
            self.console,
            DataSources(
                lambda: DECLARED,
                lambda: rig.cloud.looking,
                list,
                no_database,
                lambda kind, name: self.shown.append((kind, name)),
            ),
        )

    def see(self, topic: str, **query: str) -> Any:
        found = self.rig.do(self.console._topics[topic](query))  # type: ignore[arg-type]
        return json.loads(json.dumps(found, ensure_ascii=False, allow_nan=False).encode())

    def do(self, action: str, **body: Any) -> Any:
        return self.rig.do(self.console._actions[action](body))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def desk(rig: Rig) -> Desk:
    s3 = rig.client("s3")
    s3.put_object(Bucket="shop", Key=HOSTILE, Body=b"<script>alert(1)</script>\x1b[0m")
    s3.put_object(Bucket="shop", Key=DOTS, Body=b"dots", Metadata={"who": "<b>me</b>"})
    s3.put_object(Bucket="shop", Key="big", Body=b"x" * 10_000_000)
    s3.put_object(Bucket="shop", Key="binary", Body=bytes(range(256)) * 10)
    for i in range(150):
        s3.put_object(Bucket="shop", Key=f"many/{i:03d}", Body=b"")
    return Desk(rig)


def test_buckets_are_listed_with_their_definitions(desk: Desk) -> None:
    (bucket,) = desk.see("data")["buckets"]
    assert (bucket["name"], bucket["address"]) == ("shop", "aws_s3_bucket.shop")


def test_objects_come_a_folder_and_a_page_at_a_time(desk: Desk) -> None:
    top = desk.see("data.objects", bucket="shop")
    assert [each["shown"] for each in top["prefixes"]] == ["a/", "dir/", "many/"]
    first = desk.see("data.objects", bucket="shop", prefix=inert.encode("many/"))
    assert (len(first["objects"]), bool(first["following"])) == (100, True)
    rest = desk.see(
        "data.objects", bucket="shop", prefix=inert.encode("many/"), following=first["following"]
    )
    assert (len(rest["objects"]), rest["following"]) == (50, "")


def test_a_hostile_key_is_shown_escaped_and_its_object_is_found(desk: Desk) -> None:
    (found,) = desk.see("data.objects", bucket="shop", prefix=inert.encode("dir/"))["objects"]
    assert found["shown"] == (
        "dir/<img src=x onerror=alert(1)>\\x01\\x1b[2J\\u202egpj.exe &?#%+ 日本"
    )
    shown = desk.see("data.object", bucket="shop", key=found["key"])
    assert shown["text"] == "<script>alert(1)</script>\\x1b[0m"


def test_a_key_with_dots_is_that_key(desk: Desk) -> None:
    shown = desk.see("data.object", bucket="shop", key=inert.encode(DOTS))
    assert (shown["text"], ["x-amz-meta-who", "<b>me</b>"] in shown["headers"]) == ("dots", True)


def test_of_ten_megabytes_the_beginning_is_read(desk: Desk) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    shown = desk.see("data.object", bucket="shop", key=inert.encode("big"))
    assert (len(shown["text"]), shown["size"], shown["more"]) == (inert.LONGEST, 10_000_000, True)
    assert shown["download"] is False
    assert process.memory_info().rss - before < 8_000_000


def test_bytes_are_a_dump(desk: Desk) -> None:
    shown = desk.see("data.object", bucket="shop", key=inert.encode("binary"))
    assert shown["binary"] is True
    assert shown["text"].startswith("00000000  00 01 02")


def test_a_small_object_is_handed_out_under_a_harmless_name(desk: Desk) -> None:
    found = desk.do("data.download", bucket="shop", key=inert.encode(HOSTILE))
    assert base64.b64decode(found["content"]) == b"<script>alert(1)</script>\x1b[0m"
    assert "/" not in found["name"]
    assert "\u202e" not in found["name"]


def test_a_large_object_is_not_handed_out(desk: Desk) -> None:
    with pytest.raises(BonkeiError, match=f"hands out {DOWNLOAD >> 20} MB"):
        desk.do("data.download", bucket="shop", key=inert.encode("big"))


@pytest.mark.parametrize("bucket", ["none", "../shop", "shop/../x", "", "a b<script>"])
def test_a_bucket_that_is_not_there_is_said(desk: Desk, bucket: str) -> None:
    with pytest.raises(BonkeiError):
        desk.see("data.object", bucket=bucket, key=inert.encode("x"))


def test_messages_are_seen_and_not_received(desk: Desk) -> None:
    sqs = desk.rig.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.send_message(
        QueueUrl=url,
        MessageBody="<script>one</script>",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "<b>"}},
    )
    sqs.send_message(QueueUrl=url, MessageBody="x" * 200_000, DelaySeconds=60)
    for _ in range(3):
        found = desk.see("data.messages", queue="orders")
    first, second = found["messages"]
    assert (first["text"], first["state"], first["received"]) == (
        "<script>one</script>", "visible", 0,
    )  # fmt: skip
    assert first["attributes"] == [["kind", "<b>"]]
    assert (second["state"], second["length"], second["more"]) == ("delayed", 200_000, True)
    assert len(second["text"]) == inert.LONGEST
    received = sqs.receive_message(
        QueueUrl=url, MessageSystemAttributeNames=["ApproximateReceiveCount"]
    )["Messages"]
    assert received[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    assert desk.see("data.messages", queue="orders")["messages"][0]["state"] == "in flight"


def test_a_role_cannot_look_at_messages_without_the_right_to_everything(desk: Desk) -> None:
    """The operation is none of SQS's, so that no policy but `sqs:*` allows it."""
    from bonkei.blueprint.iam import PolicyStatement

    cloud = desk.rig.cloud
    (role,) = DECLARED.roles
    narrow = PolicyStatement("x", "Allow", ("sqs:Get*", "sqs:Receive*"), resources=("*",))
    desk.rig.do(cloud.apply(replace(DECLARED, roles=(replace(role, statements=(narrow,)),))))
    given: Mapping[str, Any] = {"QueueUrl": "http://localhost/123456789012/orders"}
    session = RoleSession(role.arn, "visit")
    try:
        with pytest.raises(AwsServiceError, match="not authorized"):
            desk.rig.do(cloud.aws.call(session, "sqs", "DescribeBonkeiMessages", given))
    finally:
        desk.rig.do(cloud.apply(DECLARED))


def test_items_come_by_pages_and_large_ones_one_by_one(desk: Desk) -> None:
    dynamodb = desk.rig.client("dynamodb")
    for i in range(30):
        dynamodb.put_item(
            TableName="carts",
            Item={
                "id": {"S": f"{i:02d}<b>\u202e"},
                "n": {"N": str(i)},
                "big": {"S": "x" * 300_000},
            },
        )
    seen, following, pages = 0, "", 0
    while pages < 40:
        found = desk.see("data.items", table="carts", following=following)
        assert len(json.dumps(found)) < 100_000
        seen, following, pages = seen + len(found["items"]), found["following"], pages + 1
        if not following:
            break
    assert seen == 30
    values = {
        name: (kind, text, length) for name, kind, text, length in found["items"][0]["values"]
    }
    assert values["big"][2] == 300_000
    assert values["id"][1].endswith("<b>\\u202e")


@pytest.mark.parametrize("following", ["x", inert.encode("{"), inert.encode("[]")])
def test_a_page_that_nobody_gave_out_is_refused(desk: Desk, following: str) -> None:
    with pytest.raises(BonkeiError):
        desk.see("data.items", table="carts", following=following)


def test_values_are_masked_until_one_is_asked_for(desk: Desk) -> None:
    found = desk.see("data.secrets")
    assert {each["shown"] for each in found["secrets"]} >= {"shop/key", "/shop/a"}
    assert "hunter22" not in json.dumps(found)
    key = next(each["key"] for each in found["secrets"] if each["shown"] == "shop/key")
    assert desk.shown == []
    assert "hunter22" in desk.do("secret.reveal", kind="secret", key=key)["value"]
    assert desk.do("secret.reveal", kind="parameter", key=inert.encode("/shop/a")) == {
        "value": "one"
    }
    assert desk.shown == [("secret", "shop/key"), ("parameter", "/shop/a")]


def test_a_client_lists_secrets_with_their_versions(desk: Desk) -> None:
    (found,) = desk.rig.client("secretsmanager").list_secrets()["SecretList"]
    assert list(found["SecretVersionsToStages"].values()) == [["AWSCURRENT"]]


@pytest.mark.parametrize(
    ("kind", "key"), [("secret", "none"), ("parameter", "/none"), ("file", "/etc/passwd")]
)
def test_a_value_that_is_not_there_is_said(desk: Desk, kind: str, key: str) -> None:
    before = list(desk.shown)
    with pytest.raises(BonkeiError):
        desk.do("secret.reveal", kind=kind, key=inert.encode(key))
    assert desk.shown == before


def test_queues_and_tables_say_how_much_they_hold(desk: Desk) -> None:
    found = Desk(desk.rig).see("data")
    assert [each["name"] for each in found["queues"]] == ["orders", "late.fifo"]
    assert found["queues"][0]["delayed"] == 1
    assert found["tables"][0]["items"] == 30
