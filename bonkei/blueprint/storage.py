"""Storage for programs, other than buckets and databases: queues, tables, parameters.

Read from aws_sqs_queue and the resources that configure it, aws_dynamodb_table, aws_ssm_parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.tags import read_tags

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Queue:
    """An SQS queue. `attributes` have the names and values of CreateQueue. All are text."""

    address: str
    arn: str
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A DynamoDB table. `definition` is in CreateTable's form. `stream_arn` is the ARN of its
    stream."""

    address: str
    arn: str
    name: str
    definition: Mapping[str, Any]
    ttl_attribute: str = ""
    stream_arn: str = ""
    recovery: bool = False  # to a point in time


@dataclass(frozen=True, slots=True)
class Parameter:
    """An SSM parameter: String, StringList or SecureString. Its repr does not show the value.
    `version`: Terraform's; another one means that it has written the value, maybe an earlier one
    over a program's."""

    address: str
    arn: str
    name: str
    type: str
    value: str = field(repr=False)
    key_id: str = ""
    description: str = ""
    allowed_pattern: str = ""
    tier: str = ""
    data_type: str = ""
    version: int = 0
    tags: Tags = field(default_factory=dict)


# Terraform's argument -> SQS's attribute.
_QUEUE = {
    "content_based_deduplication": "ContentBasedDeduplication",
    "deduplication_scope": "DeduplicationScope",
    "delay_seconds": "DelaySeconds",
    "fifo_queue": "FifoQueue",
    "fifo_throughput_limit": "FifoThroughputLimit",
    "kms_data_key_reuse_period_seconds": "KmsDataKeyReusePeriodSeconds",
    "kms_master_key_id": "KmsMasterKeyId",
    "max_message_size": "MaximumMessageSize",
    "message_retention_seconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receive_wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
    "redrive_allow_policy": "RedriveAllowPolicy",
    "redrive_policy": "RedrivePolicy",
    "sqs_managed_sse_enabled": "SqsManagedSseEnabled",
    "visibility_timeout_seconds": "VisibilityTimeout",
}
_SATELLITES = {
    "aws_sqs_queue_policy": "policy",
    "aws_sqs_queue_redrive_allow_policy": "redrive_allow_policy",
    "aws_sqs_queue_redrive_policy": "redrive_policy",
}


def read_queues(state: State) -> tuple[Queue, ...]:
    """Every queue."""
    return tuple(
        block.read(Queue, attributes=dict(_attributes(block, state)), tags=read_tags(block))
        for block in state.present("aws_sqs_queue")
    )


def _attributes(block: Resource, state: State) -> Iterator[tuple[str, str]]:
    url = block.text("url", "") or block.text("id", "")
    # A data source does not say whether a queue is FIFO; its name does.
    values = {"fifo_queue": block.text("name").endswith(".fifo"), **block.values}
    for kind, argument in _SATELLITES.items():
        for found in state.managed(kind):
            if found.text("queue_url") == url:
                values[argument] = found.text(argument)
    for argument, attribute in _QUEUE.items():
        value = values.get(argument)
        if value is None or value is False or value == "":
            continue  # a queue that is not FIFO refuses even "false"
        yield attribute, "true" if value is True else str(value)


def read_tables(state: State) -> tuple[Table, ...]:
    """Every table."""
    return tuple(
        block.read(
            Table,
            definition=_definition(block),
            ttl_attribute=_ttl(block),
            stream_arn=block.text("stream_arn", "") if block.flag("stream_enabled") else "",
            recovery=any(each.flag("enabled") for each in block.blocks("point_in_time_recovery")),
        )
        for block in state.managed("aws_dynamodb_table")
    )


def _definition(block: Resource) -> dict[str, Any]:
    name, mode = block.text("name"), block.text("billing_mode", "PROVISIONED")
    definition: dict[str, Any] = {
        "TableName": name,
        "BillingMode": mode,
        "KeySchema": _key_schema(block),
        "AttributeDefinitions": [
            {"AttributeName": each.text("name"), "AttributeType": each.text("type")}
            for each in block.blocks("attribute")
        ],
    }
    if mode == "PROVISIONED":
        definition["ProvisionedThroughput"] = _throughput(block)
    if everywhere := [_index(each, mode) for each in block.blocks("global_secondary_index")]:
        definition["GlobalSecondaryIndexes"] = everywhere
    if beside := [_local_index(block, each) for each in block.blocks("local_secondary_index")]:
        definition["LocalSecondaryIndexes"] = beside
    if block.flag("stream_enabled"):
        definition["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": block.text("stream_view_type", "NEW_AND_OLD_IMAGES"),
        }
    if block.text("table_class", ""):
        definition["TableClass"] = block.text("table_class")
    if block.flag("deletion_protection_enabled"):
        definition["DeletionProtectionEnabled"] = True
    for each in block.blocks("server_side_encryption"):
        if each.flag("enabled"):
            key = each.text("kms_key_arn", "")
            definition["SSESpecification"] = {
                "Enabled": True, "SSEType": "KMS", **({"KMSMasterKeyId": key} if key else {}),
            }  # fmt: skip
    if tags := read_tags(block):
        definition["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return definition


def _key_schema(block: Block) -> list[dict[str, str]]:
    if listed := block.blocks("key_schema"):
        return [
            {"AttributeName": each.text("attribute_name"), "KeyType": each.text("key_type")}
            for each in listed
        ]
    keys = ((block.text("hash_key", ""), "HASH"), (block.text("range_key", ""), "RANGE"))
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys if name]


def _throughput(block: Block) -> dict[str, int]:
    return {
        "ReadCapacityUnits": int(block.number("read_capacity", 1)) or 1,
        "WriteCapacityUnits": int(block.number("write_capacity", 1)) or 1,
    }


def _projection(block: Block) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": block.text("projection_type", "ALL")}
    if names := block.texts("non_key_attributes"):
        projection["NonKeyAttributes"] = sorted(names)
    return projection


def _index(block: Block, mode: str) -> dict[str, Any]:
    index: dict[str, Any] = {
        "IndexName": block.text("name"),
        "KeySchema": _key_schema(block),
        "Projection": _projection(block),
    }
    if mode == "PROVISIONED":
        index["ProvisionedThroughput"] = _throughput(block)
    return index


def _local_index(table: Block, block: Block) -> dict[str, Any]:
    return {
        "IndexName": block.text("name"),
        "KeySchema": [
            {"AttributeName": table.text("hash_key"), "KeyType": "HASH"},
            {"AttributeName": block.text("range_key"), "KeyType": "RANGE"},
        ],
        "Projection": _projection(block),
    }


def _ttl(block: Resource) -> str:
    for each in block.blocks("ttl"):
        if each.flag("enabled"):
            return each.text("attribute_name", "")
    return ""


def read_parameters(state: State) -> tuple[Parameter, ...]:
    """Every parameter with its value in the state."""
    return tuple(
        block.read(
            Parameter,
            value=block.text("value", "") or block.text("insecure_value", ""),
            tags=read_tags(block),
        )
        for block in state.managed("aws_ssm_parameter")
    )
