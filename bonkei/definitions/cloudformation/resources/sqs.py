"""Amazon SQS: queues and queue policies."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Request,
    attached_policy,
    documents,
    plain,
)


def _queue(request: Request) -> Made:
    given, place = request.properties, request.place
    fifo = bool(given.get("FifoQueue"))
    name = request.name("QueueName", 75 if fifo else 80)
    if fifo and not name.endswith(".fifo"):
        name += ".fifo"
    arn = place.arn("sqs", name)
    url = f"https://sqs.{place.region}.{place.suffix}/{place.account}/{name}"
    state = {
        "id": url,
        "url": url,
        "arn": arn,
        "name": name,
        "fifo_queue": fifo,
        "sqs_managed_sse_enabled": "KmsMasterKeyId" not in given,
        **plain(
            given,
            "ContentBasedDeduplication DeduplicationScope DelaySeconds FifoThroughputLimit"
            " KmsDataKeyReusePeriodSeconds KmsMasterKeyId SqsManagedSseEnabled",
            max_message_size="MaximumMessageSize",
            message_retention_seconds="MessageRetentionPeriod",
            receive_wait_time_seconds="ReceiveMessageWaitTimeSeconds",
            visibility_timeout_seconds="VisibilityTimeout",
        ),
        **documents(given, "RedriveAllowPolicy RedrivePolicy"),
        "tags": request.all_tags(),
    }
    attributes = {"Arn": arn, "QueueName": name, "QueueUrl": url}
    return Made(url, attributes, (("aws_sqs_queue", state),))


KINDS: Mapping[str, Kind] = {
    "AWS::SQS::Queue": Kind(_queue, named_by="QueueName"),
    "AWS::SQS::QueuePolicy": Kind(attached_policy("aws_sqs_queue_policy", "Queues", "queue_url")),
}
