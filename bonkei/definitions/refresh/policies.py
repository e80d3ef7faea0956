"""The policies of topics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bonkei.base.aws_service import AwsServiceError
from bonkei.definitions.refresh.values import Ask, Changed, Json, Reader, differences

_GONE = "NotFound"
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


READERS: Mapping[str, Reader] = {"aws_sns_topic_policy": _topics}
