"""The policies of topics and buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bonkei.base.aws_service import AwsServiceError
from bonkei.definitions.refresh.values import Ask, Changed, Json, Reader, differences

_GONE = "NotFound"
_GONE_IN_S3 = ("NoSuchBucket", "NoSuchBucketPolicy")
_OF_ANOTHER_REGION = "InvalidParameter"
"""SNS's answer for a topic's ARN. An asker asks in one region; such a topic is not read."""


def _topics(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        try:
            answer = ask("sns", "GetTopicAttributes", {"TopicArn": before["arn"]})
        except AwsServiceError as error:
            if error.code == _GONE:
                yield before["id"], None
            elif error.code != _OF_ANOTHER_REGION:
                raise
            continue
        if changed := differences(before, {"policy": answer["Attributes"].get("Policy", "")}):
            yield before["id"], changed


def _buckets(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        try:
            answer = ask("s3", "GetBucketPolicy", {"Bucket": before["bucket"]})
        except AwsServiceError as error:
            if error.code not in _GONE_IN_S3:
                raise
            yield before["id"], None
            continue
        if changed := differences(before, {"policy": answer["Policy"]}):
            yield before["id"], changed


OF_BUCKETS: Mapping[str, Reader] = {"aws_s3_bucket_policy": _buckets}
READERS: Mapping[str, Reader] = {"aws_sns_topic_policy": _topics, **OF_BUCKETS}
