"""S3 and DynamoDB, from the calls that the AWS endpoint has answered.

"Amazon S3 CloudWatch request metrics",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
"DynamoDB metrics and dimensions",
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bonkei.blueprint import Blueprint
from bonkei.services.cloudwatch.metric.bucket import Bucket
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id
from bonkei.services.endpoint.calls.record import Record

_KINDS = ("Delete", "Get", "Head", "List", "Post", "Put")
NAMES = frozenset(
    {
        *(("AWS/S3", f"{kind}Requests") for kind in _KINDS),
        *(
            ("AWS/S3", name)
            for name in ("4xxErrors", "5xxErrors", "AllRequests", "TotalRequestLatency")
        ),
        *(
            ("AWS/DynamoDB", name)
            for name in (
                "ConditionalCheckFailedRequests",
                "SuccessfulRequestLatency",
                "SystemErrors",
                "UserErrors",
            )
        ),
    }
)
"""Consumed capacity, bytes and the latency of the first byte are not measured."""
# S3 counts a copy as the PUT that it is. It counts a POST of a form or of several keys as a POST.
_VERBS = {
    "CopyObject": "Put", "CreateMultipartUpload": "Post", "CompleteMultipartUpload": "Post",
    "AbortMultipartUpload": "Delete", "UploadPart": "Put", "UploadPartCopy": "Put",
    "DeleteObjects": "Post", "RestoreObject": "Post", "SelectObjectContent": "Post",
}  # fmt: skip
_TABLES = frozenset(
    {"PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem",
     "BatchWriteItem", "TransactGetItems", "TransactWriteItems"}
)  # fmt: skip
_MOST = 5_000  # metrics between two minutes


class Calls:
    """`called` with every call that is over."""

    def __init__(self) -> None:
        self._filters: dict[str, tuple[tuple[str, str], ...]] = {}
        self._tables: frozenset[str] = frozenset()
        self._counts: dict[tuple[str, str, tuple[tuple[str, str], ...]], int] = defaultdict(int)
        self._times: dict[tuple[str, str, tuple[tuple[str, str], ...]], Bucket] = {}

    def follow(self, blueprint: Blueprint) -> None:
        """As on AWS, S3 measures only buckets with a metrics configuration."""
        self._filters = {one.name: one.request_metrics for one in blueprint.buckets}
        self._tables = frozenset(one.name for one in blueprint.tables)

    def called(self, record: Record) -> None:
        """One call of anybody."""
        if record.service == "s3":
            self._of_bucket(record)
        elif record.service == "dynamodb" and record.operation in _TABLES:
            self._of_table(record)

    def _of_bucket(self, record: Record) -> None:
        bucket, _, key = record.resource.partition("/")
        for name, prefix in self._filters.get(bucket, ()):
            if not key.startswith(prefix):
                continue
            where = (("BucketName", bucket), ("FilterId", name))
            names = ["AllRequests"]
            verb = _verb(record.operation)
            names += [f"{verb}Requests"] if verb else []
            names += [f"{record.status // 100}xxErrors"] if record.status >= 400 else []
            for metric in names:
                self._count("AWS/S3", metric, where)
            self._time("AWS/S3", "TotalRequestLatency", where, record.milliseconds)

    def _of_table(self, record: Record) -> None:
        table = record.resource.rpartition("/")[2]
        operation = ("Operation", record.operation)
        where = (operation, ("TableName", table))
        if record.status < 400:
            if table in self._tables:
                self._time("AWS/DynamoDB", "SuccessfulRequestLatency", where, record.milliseconds)
        elif record.error == "ConditionalCheckFailedException":
            name = (("TableName", table),)
            self._count("AWS/DynamoDB", "ConditionalCheckFailedRequests", name)
        elif record.status >= 500:
            self._count("AWS/DynamoDB", "SystemErrors", where)
        else:
            # "… for the current AWS Region and the current AWS account": it has no dimension.
            self._count("AWS/DynamoDB", "UserErrors", ())

    def _count(self, namespace: str, name: str, where: tuple[tuple[str, str], ...]) -> None:
        key = (namespace, name, where)
        if key in self._counts or len(self._counts) < _MOST:
            self._counts[key] += 1

    def _time(
        self, namespace: str, name: str, where: tuple[tuple[str, str], ...], milliseconds: float
    ) -> None:
        key = (namespace, name, where)
        if key not in self._times and len(self._times) >= _MOST:
            return
        bucket = self._times.setdefault(key, Bucket())
        bucket.add(datum(metric_id(namespace, name), 0, milliseconds, "Milliseconds"))

    def minute(self, now: float) -> Iterator[Datum]:
        """The counts since the last minute. Zeros are not reported."""
        for (namespace, name, where), count in self._counts.items():
            metric = metric_id(namespace, name, dict(where))
            yield Datum(metric, now, ((1.0, float(count)),), unit="Count")
        for (namespace, name, where), times in self._times.items():
            if times.values:
                metric = metric_id(namespace, name, dict(where))
                yield Datum(metric, now, tuple(times.values.items()), unit="Milliseconds")
        self._counts.clear()
        self._times.clear()


def _verb(operation: str) -> str:
    if operation in _VERBS:
        return _VERBS[operation]
    return next((kind for kind in _KINDS if operation.startswith(kind)), "")
