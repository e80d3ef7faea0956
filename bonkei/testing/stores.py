"""What buckets, queues and tables hold, kept in memory and put back, through boto3."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_BATCH = 1000  # keys of a DeleteObjects


@dataclass
class Stores:
    """`objects` by bucket and key, with their tag and body; `items` by table."""

    s3: Any
    sqs: Any
    dynamodb: Any
    objects: Mapping[str, Mapping[str, tuple[str, bytes]]]
    items: Mapping[str, list[Any]]

    @classmethod
    def of(cls, client: Callable[[str], Any]) -> Stores | None:
        """What there is now. None without boto3."""
        if importlib.util.find_spec("boto3") is None:
            return None
        s3, sqs, dynamodb = (client(name) for name in ("s3", "sqs", "dynamodb"))
        objects = {
            bucket: {
                key: (tag, s3.get_object(Bucket=bucket, Key=key)["Body"].read())
                for key, tag in _keys(s3, bucket)
            }
            for bucket in _buckets(s3)
        }
        items = {name: list(_items(dynamodb, name)) for name in _tables(dynamodb)}
        return cls(s3, sqs, dynamodb, objects, items)

    def put_back(self) -> None:
        """Only what differs is written."""
        for bucket in _buckets(self.s3):
            self._put_back_objects(bucket, self.objects.get(bucket, {}))
        for queue in self.sqs.list_queues().get("QueueUrls", ()):
            self.sqs.purge_queue(QueueUrl=queue)
        for table in _tables(self.dynamodb):
            self._put_back_items(table, self.items.get(table, []))

    def _put_back_objects(self, bucket: str, kept: Mapping[str, tuple[str, bytes]]) -> None:
        now = dict(_keys(self.s3, bucket))
        added = [{"Key": key} for key in now if key not in kept]
        for first in range(0, len(added), _BATCH):
            batch = {"Objects": added[first : first + _BATCH], "Quiet": True}
            self.s3.delete_objects(Bucket=bucket, Delete=batch)
        for key, (tag, body) in kept.items():
            if now.get(key) != tag:
                self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def _put_back_items(self, table: str, kept: list[Any]) -> None:
        schema = self.dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
        names = [each["AttributeName"] for each in schema]
        now = list(_items(self.dynamodb, table))
        keys = [{name: each[name] for name in names} for each in kept]
        for item in now:
            if (key := {name: item[name] for name in names}) not in keys:
                self.dynamodb.delete_item(TableName=table, Key=key)
        for item in kept:
            if item not in now:
                self.dynamodb.put_item(TableName=table, Item=item)


def _buckets(s3: Any) -> list[str]:
    return [each["Name"] for each in s3.list_buckets()["Buckets"]]


def _keys(s3: Any, bucket: str) -> Iterator[tuple[str, str]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", ()):
            yield each["Key"], each["ETag"]


def _tables(dynamodb: Any) -> list[str]:
    pages = dynamodb.get_paginator("list_tables").paginate()
    return [name for page in pages for name in page["TableNames"]]


def _items(dynamodb: Any, table: str) -> Iterator[Any]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]
