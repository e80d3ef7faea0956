"""Amazon DynamoDB: tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Request,
    Values,
    block,
    blocks,
    plain,
    values,
)


def _table(request: Request) -> Made:
    given, place = request.properties, request.place
    name = request.name("TableName", 255)
    arn = place.arn("dynamodb", f"table/{name}")
    stream = given.get("StreamSpecification")
    stream_arn = f"{arn}/stream/2025-01-01T00:00:00.000" if stream else ""
    state = values(
        id=name,
        name=name,
        arn=arn,
        **plain(given, "BillingMode TableClass DeletionProtectionEnabled"),
        **_throughput(given),
        **_keys(given),
        attribute=blocks(
            given.get("AttributeDefinitions", ()), name="AttributeName", type="AttributeType"
        ),
        global_secondary_index=[
            {**_index(each), **_keys(each), **_throughput(each)}
            for each in given.get("GlobalSecondaryIndexes", ())
        ],
        local_secondary_index=[
            {**_index(each), "range_key": _keys(each).get("range_key")}
            for each in given.get("LocalSecondaryIndexes", ())
        ],
        stream_enabled=bool(stream),
        stream_view_type=stream and stream["StreamViewType"],
        stream_arn=stream_arn,
        server_side_encryption=block(
            given.get("SSESpecification"), enabled="SSEEnabled", kms_key_arn="KMSMasterKeyId"
        ),
        point_in_time_recovery=block(
            given.get("PointInTimeRecoverySpecification"), enabled="PointInTimeRecoveryEnabled"
        ),
        ttl=block(given.get("TimeToLiveSpecification"), "Enabled AttributeName"),
        tags=request.all_tags(),
    )
    return Made(name, {"Arn": arn, "StreamArn": stream_arn}, (("aws_dynamodb_table", state),))


def _keys(given: Values) -> dict[str, Any]:
    names = {"HASH": "hash_key", "RANGE": "range_key"}
    return {names.get(each["KeyType"], ""): each["AttributeName"] for each in given["KeySchema"]}


def _throughput(given: Values) -> dict[str, Any]:
    units = given.get("ProvisionedThroughput", {})
    return plain(units, read_capacity="ReadCapacityUnits", write_capacity="WriteCapacityUnits")


def _index(given: Values) -> dict[str, Any]:
    return {
        "name": given["IndexName"],
        **plain(given["Projection"], "ProjectionType NonKeyAttributes"),
    }


KINDS: Mapping[str, Kind] = {
    "AWS::DynamoDB::Table": Kind(
        _table,
        named_by="TableName",
        unserved={
            "ContributorInsightsSpecification": "no insights are collected",
            "GlobalSecondaryIndexes.ContributorInsightsSpecification": "no insights are collected",
            "GlobalSecondaryIndexes.OnDemandThroughput": "throughput is not limited",
            "GlobalSecondaryIndexes.WarmThroughput": "throughput is not limited",
            "PointInTimeRecoverySpecification.RecoveryPeriodInDays": "no table is restored",
            "SSESpecification.SSEType": "KMS is the only one",
            "StreamSpecification.ResourcePolicy": "a stream's own policy is not asked",
            "StreamSpecification.Tags": "a stream has no tags",
            "ImportSourceSpecification": "a table begins empty",
            "KinesisStreamSpecification": "Kinesis is not in the miniature",
            "OnDemandThroughput": "throughput is not limited",
            "ResourcePolicy": "a table's own policy is not asked",
            "VectorIndexes": "a table has no vector indexes",
            "WarmThroughput": "throughput is not limited",
        },
    ),
}
