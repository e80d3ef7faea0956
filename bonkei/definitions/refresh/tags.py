"""The tags of log groups, alarms, topics and queues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bonkei.base.aws_service import AwsServiceError
from bonkei.definitions.refresh.values import Ask, Json

_OF_ALARMS = ("cloudwatch", "ListTagsForResource", "ResourceARN", "arn")
_ASKED: Mapping[str, tuple[str, str, str, str]] = {
    "aws_cloudwatch_log_group": ("logs", "ListTagsForResource", "resourceArn", "arn"),
    "aws_cloudwatch_metric_alarm": _OF_ALARMS,
    "aws_cloudwatch_composite_alarm": _OF_ALARMS,
    "aws_sns_topic": ("sns", "ListTagsForResource", "ResourceArn", "arn"),
    "aws_sqs_queue": ("sqs", "ListQueueTags", "QueueUrl", "url"),
}
"""By type: the service, its operation and its parameter, and the attribute that this is."""
TYPES = tuple(_ASKED)


def changed_tags(
    kind: str, states: Sequence[Json], ask: Ask
) -> Iterator[tuple[str, dict[str, Any]]]:
    """None of a type whose tags are not read."""
    if kind not in _ASKED:
        return
    service, operation, parameter, attribute = _ASKED[kind]
    for before in states:
        try:
            found = _plain(ask(service, operation, {parameter: before[attribute]}))
        except AwsServiceError as error:
            if error.status == 403:
                raise
            continue  # a topic of another region, or none
        if found != (before.get("tags_all") or {}):
            yield before["id"], {"tags": _own(before, found), "tags_all": found}


def _plain(answer: Json) -> dict[str, str]:
    found: Any = answer.get("tags") or answer.get("Tags") or {}
    return dict(found) if isinstance(found, Mapping) else {e["Key"]: e["Value"] for e in found}


def _own(before: Json, found: Mapping[str, str]) -> dict[str, str]:
    """Those that the provider does not give to all resources (default_tags)."""
    own = before.get("tags") or {}
    of_all = {
        name: each for name, each in (before.get("tags_all") or {}).items() if name not in own
    }
    return {name: each for name, each in found.items() if of_all.get(name) != each}
