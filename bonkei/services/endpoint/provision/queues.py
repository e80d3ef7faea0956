"""Queues of SQS."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.base.aws_service import queue_url
from bonkei.blueprint.storage import Queue
from bonkei.services.endpoint.provision.step import JsonStep, Thing, calls_of

_call = calls_of("sqs", "AmazonSQS")
_FIXED = frozenset({"FifoQueue"})  # cannot be changed later
_CLEARED = {
    **dict.fromkeys(("RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"), ""),
    "DelaySeconds": "0",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
}
"""What an attribute becomes that is declared no longer. An empty text removes one."""
_GONE = frozenset(
    {
        "QueueDoesNotExist",
        "com.amazonaws.sqs#QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
    }
)
_THERE = frozenset({"QueueNameExists", "com.amazonaws.sqs#QueueNameExists"})


def queues(found: tuple[Queue, ...]) -> Iterator[Thing]:
    """A queue's redrive policy names another queue, so all queues are created before the
    policies."""
    yield from map(_queue, found)
    for queue in found:
        yield from _attributes(queue)
        yield from _policy(queue)
        yield from _tags(queue)


def _queue(queue: Queue) -> Thing:
    fixed = {name: value for name, value in queue.attributes.items() if name in _FIXED}
    make = _call("CreateQueue", {"QueueName": queue.name, "Attributes": fixed}, _THERE)
    end = _call("DeleteQueue", {"QueueUrl": queue_url(queue.arn)}, _GONE)
    return Thing.of("queue", queue.name, queue, make, end=(end,))


def _attributes(queue: Queue) -> Iterator[Thing]:
    apart = _FIXED | {"Policy"}
    rest = {name: value for name, value in queue.attributes.items() if name not in apart}
    cleared = {name: value for name, value in _CLEARED.items() if name not in rest}
    if rest:
        changes = (_set(queue, cleared),) if cleared else ()
        yield Thing.of("queue-attributes", queue.name, queue, _set(queue, rest), changes=changes)


def _policy(queue: Queue) -> Iterator[Thing]:
    """A policy that a call has written stays until another one is declared."""
    if policy := queue.attributes.get("Policy"):
        make, end = _set(queue, {"Policy": policy}), _set(queue, {"Policy": ""}, _GONE)
        yield Thing.of("queue-policy", queue.name, queue, make, end=(end,))


def _set(
    queue: Queue, attributes: dict[str, str], accepted: frozenset[str] = frozenset()
) -> JsonStep:
    content = {"QueueUrl": queue_url(queue.arn), "Attributes": attributes}
    return _call("SetQueueAttributes", content, accepted)


def _tags(queue: Queue) -> Iterator[Thing]:
    if queue.tags:
        url = queue_url(queue.arn)
        make = _call("TagQueue", {"QueueUrl": url, "Tags": dict(queue.tags)})
        end = _call("UntagQueue", {"QueueUrl": url, "TagKeys": sorted(queue.tags)}, _GONE)
        yield Thing.of("queue-tags", queue.name, queue, make, end=(end,), anew=True)
