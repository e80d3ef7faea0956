"""Amazon SQS: queues and queue policies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Request,
    TypedValues,
    document,
    values,
)


def _queue(request: Request) -> Made:
    given, place = request.properties, request.place
    fifo = bool(given.get("FifoQueue"))
    name = request.name("QueueName", 75 if fifo else 80)
    if fifo and not name.endswith(".fifo"):
        name += ".fifo"
    arn = place.arn("sqs", name)
    url = f"https://sqs.{place.region}.{place.suffix}/{place.account}/{name}"
    state = values(
        id=url,
        url=url,
        arn=arn,
        name=name,
        fifo_queue=fifo,
        content_based_deduplication=given.get("ContentBasedDeduplication"),
        deduplication_scope=given.get("DeduplicationScope"),
        delay_seconds=given.get("DelaySeconds"),
        fifo_throughput_limit=given.get("FifoThroughputLimit"),
        kms_data_key_reuse_period_seconds=given.get("KmsDataKeyReusePeriodSeconds"),
        kms_master_key_id=given.get("KmsMasterKeyId"),
        max_message_size=given.get("MaximumMessageSize"),
        message_retention_seconds=given.get("MessageRetentionPeriod"),
        receive_wait_time_seconds=given.get("ReceiveMessageWaitTimeSeconds"),
        redrive_allow_policy=_json(given.get("RedriveAllowPolicy")),
        redrive_policy=_json(given.get("RedrivePolicy")),
        sqs_managed_sse_enabled=given.get("SqsManagedSseEnabled"),
        visibility_timeout_seconds=given.get("VisibilityTimeout"),
        tags=request.all_tags(),
    )
    attributes = {"Arn": arn, "QueueName": name, "QueueUrl": url}
    return Made(url, attributes, (("aws_sqs_queue", state),))


def _json(value: object) -> str | None:
    return None if value is None else value if isinstance(value, str) else json.dumps(value)


def _policy(request: Request) -> Made:
    identifier = f"{request.stack_name}-{request.logical_id}-{request.random(12)}"
    return Made(identifier, {"Id": identifier}, tuple(_policies(request)))


def _policies(request: Request) -> Iterator[TypedValues]:
    policy = document(request.properties["PolicyDocument"])
    for url in request.properties["Queues"]:
        yield "aws_sqs_queue_policy", {"id": url, "queue_url": url, "policy": policy}


KINDS: Mapping[str, Kind] = {
    "AWS::SQS::Queue": Kind(_queue, named_by="QueueName"),
    "AWS::SQS::QueuePolicy": Kind(_policy),
}
