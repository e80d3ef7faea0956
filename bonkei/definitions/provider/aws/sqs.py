"""Amazon SQS: queues.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, between, length
from bonkei.definitions.provider.aws.shared.documents import (
    RESOURCE,
    json_object,
    policy,
)
from bonkei.definitions.provider.aws.shared.fifo import NAME, name_shows_order
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _queue(mint: Mint) -> Mapping[str, Value]:
    name = mint.name()
    fifo = ".fifo" if mint.given("fifo_queue") is True and not name.endswith(".fifo") else ""
    name += fifo
    url = f"https://sqs.{mint.region}.{mint.suffix}/{mint.account}/{name}"
    return {
        "id": url,
        "url": url,
        "arn": mint.arn("sqs", name),
        "name": name,
        "kms_data_key_reuse_period_seconds": 300,
        "sqs_managed_sse_enabled": not mint.given("kms_master_key_id"),
        "deduplication_scope": "queue" if name.endswith(".fifo") else "",
        "fifo_throughput_limit": "perQueue" if name.endswith(".fifo") else "",
    }


def _redrive(value: Value) -> str | None:
    wrong = json_object(value)
    if wrong:
        return wrong
    document = json.loads(value)
    target, count = document.get("deadLetterTargetArn"), document.get("maxReceiveCount")
    if not isinstance(target, str) or not isinstance(count, int | str):
        return "Expected deadLetterTargetArn and maxReceiveCount (a whole number from 1)."
    return None if str(count).isdigit() and 1 <= int(count) <= 1000 else "maxReceiveCount: 1-1000."


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_sqs_queue": resource(
        _queue,
        at("name", length(1, 80), NAME),
        at("receive_wait_time_seconds", between(0, 20)),
        name_shows_order("queue"),
        policies={"policy": policy(RESOURCE)},
        documents={"redrive_policy": _redrive, "redrive_allow_policy": json_object},
    ),
    "aws_sqs_queue_policy": resource(
        lambda mint: {"id": mint.given("queue_url")},
        policies={"policy": policy(RESOURCE)},
    ),
    "aws_sqs_queue_redrive_policy": resource(
        lambda mint: {"id": mint.given("queue_url")},
        documents={"redrive_policy": _redrive},
    ),
    "aws_sqs_queue_redrive_allow_policy": resource(
        lambda mint: {"id": mint.given("queue_url")},
        documents={"redrive_allow_policy": json_object},
    ),
}

DATA_SOURCES = by_own_names("aws_sqs_queue")
