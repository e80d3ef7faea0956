"""A store and a database in memory: with keys, messages, items and rows that mean no good."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.s3 import Bucket
from bonkei.blueprint.storage import Queue, Table
from bonkei.miniature.console.data import DataSources, offer_data
from bonkei.services.console import Console
from bonkei.services.endpoint.looking import Beginning, Listing, StoredBucket, StoredObject
from bonkei.services.rds.reading.reader import ReadingError
from bonkei.services.rds.reading.values import Column, Relation, Rows, Value
from bonkei.services.rds.reading.values import Table as Named
from bonkei.services.rds.snapshot import DatabaseSnapshot
from tests.bonkei.services.console.samples.world import MARKUP, Done

PASSWORD = "correct horse battery staple"
KEY = f"logs/{MARKUP}\u202egpj.exe"
QUEUE = "arn:aws:sqs:ap-northeast-1:123456789012:orders"
DECLARED = Blueprint(
    buckets=(Bucket("module.logs.aws_s3_bucket.this", "arn:aws:s3:::logs", "statuspage-logs"),),
    queues=(Queue("aws_sqs_queue.orders", QUEUE, "orders"),),
    tables=(Table("aws_dynamodb_table.carts", "arn:aws:dynamodb:::table/carts", "carts", {}),),
)
_MESSAGES = [
    {"MessageId": f"{i:08d}", "Body": f"{i} {MARKUP}", "Length": 60, "Sent": 1_790_000_000 + i,
     "Received": i % 3, "State": ("visible", "in flight", "delayed")[i % 3],
     "Attributes": {"kind": MARKUP}}
    for i in range(60)
]  # fmt: skip


class Store:
    """As `bonkei.services.endpoint.looking.Looking`."""

    async def call(self, service: str, target: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        operation = target.partition(".")[2]
        return dict(getattr(self, f"_{operation}")(given))

    async def buckets(self) -> tuple[StoredBucket, ...]:
        return (
            StoredBucket("statuspage-logs", "2026-11-26T09:00:00Z"),
            StoredBucket("by-a-program", "2026-11-26T09:00:00Z"),
        )

    async def objects(self, bucket: str, prefix: str = "", following: str = "") -> Listing:
        if prefix:
            return Listing((StoredObject(KEY, 33, "2026-11-26T09:00:00Z"),), (), "")
        big = StoredObject("dump.sql", 10_000_000, "2026-11-26T09:00:00Z")
        return Listing((big,), ("logs/",), "" if following else "more")

    async def beginning(self, bucket: str, key: str, most: int) -> Beginning:
        data = b"x" * 10_000_000 if key == "dump.sql" else f"{MARKUP}\x1b[2J".encode()
        return Beginning(data[:most], len(data), {"content-type": "text/html"})

    def _GetQueueAttributes(self, _: Any) -> Mapping[str, Any]:  # noqa: N802 - AWS's name
        return {"Attributes": {"ApproximateNumberOfMessages": "20"}}

    def _DescribeBonkeiMessages(self, given: Any) -> Mapping[str, Any]:  # noqa: N802 - as above
        first = given["First"]
        return {"Total": len(_MESSAGES), "Messages": _MESSAGES[first : first + 25]}

    def _DescribeTable(self, _: Any) -> Mapping[str, Any]:  # noqa: N802 - as above
        return {"Table": {"ItemCount": 2}}

    def _Scan(self, given: Any) -> Mapping[str, Any]:  # noqa: N802 - as above
        item = {"id": {"S": MARKUP}, "big": {"S": "x" * 300_000}, "n": {"N": "7"}}
        last = {} if "ExclusiveStartKey" in given else {"LastEvaluatedKey": {"id": {"S": MARKUP}}}
        return {"Items": [item], **last}

    def _DescribeParameters(self, _: Any) -> Mapping[str, Any]:  # noqa: N802 - as above
        return {"Parameters": [{"Name": "/shop/greeting", "Type": "SecureString", "Version": 3}]}

    def _ListSecrets(self, _: Any) -> Mapping[str, Any]:  # noqa: N802 - as above
        one = {"Name": f"db/{MARKUP}", "ARN": "a", "SecretVersionsToStages": {"v": ["AWSCURRENT"]}}
        return {"SecretList": [one, {"Name": "empty", "ARN": "b"}]}

    def _GetSecretValue(self, _: Any) -> Mapping[str, Any]:  # noqa: N802 - as above
        return {"SecretString": PASSWORD}

    def _GetParameter(self, given: Any) -> Mapping[str, Any]:  # noqa: N802 - as above
        raise AwsServiceError("ParameterNotFound", f"{given['Name']} has gone")


COLUMNS = (Column("id", "integer", 0, True), Column(MARKUP, "text"))


class Base:
    """As `bonkei.services.rds.reading.reader.Reader`."""

    async def relations(self) -> tuple[Relation, ...]:
        return (
            Relation("public", "components", "table", 120, 81_920),
            Relation("public", MARKUP, "view", -1, 0),
        )

    async def rows(self, table: Named, offset: int = 0) -> Rows:
        lines = tuple(
            (Value(str(i), 1), Value(None) if i % 2 else Value(f"{i} {MARKUP}", 10_000_000))
            for i in range(offset, min(offset + 50, 70))
        )
        return Rows(COLUMNS, lines, offset + 50 < 70, 0.012)

    async def query(self, statement: str) -> Rows:
        if "delete" in statement.lower():
            raise ReadingError(
                "cannot execute DELETE in a read-only transaction", remedy="the console only reads"
            )
        return Rows((Column("answer", ""),), ((Value(MARKUP, 54),),), False, 0.002)


def offer(console: Console, done: Done, _home: Path) -> None:
    store, base = Store(), Base()
    cluster = DatabaseSnapshot(
        "statuspage", "available", "127.0.0.1:5432", "status", "PostgreSQL 18.6", 1, "", "", 0.0, 0,
        (),
    )  # fmt: skip
    sources = DataSources(
        lambda: DECLARED,
        lambda: store,  # type: ignore[arg-type,return-value]
        lambda: [cluster],
        lambda name: base,  # type: ignore[arg-type,return-value]
        lambda kind, name: done.append(("revealed", kind, name)),
    )
    offer_data(console, sources)
