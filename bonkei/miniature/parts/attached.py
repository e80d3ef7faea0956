"""What stacks add to topics and queues that calls have made: subscriptions and policies.

The definitions do not have such a topic or queue. So these are calls, as CloudFormation's own are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from bonkei.base.aws_service import ADMINISTRATOR, Aws, AwsServiceError, queue_url
from bonkei.blueprint.state import Resource
from bonkei.definitions.cloudformation.stacks.engine import Failed

Key = tuple[str, ...]
_OWNERS = {
    "aws_sns_topic_subscription": "topic_arn",
    "aws_sns_topic_policy": "arn",
    "aws_sqs_queue_policy": "queue_url",
}
_SUBSCRIPTION = {
    "filter_policy": "FilterPolicy",
    "filter_policy_scope": "FilterPolicyScope",
    "delivery_policy": "DeliveryPolicy",
    "redrive_policy": "RedrivePolicy",
    "raw_message_delivery": "RawMessageDelivery",
    "subscription_role_arn": "SubscriptionRoleArn",
}


def attached(own: Iterable[Resource], declared: Iterable[Resource]) -> dict[Key, Resource]:
    """Their own subscriptions and policies whose topic or queue is not declared."""
    there = {
        str(each.values.get(name, ""))
        for each in declared
        if each.type in ("aws_sns_topic", "aws_sqs_queue")
        for name in ("arn", "id", "url")
    }
    return {
        (each.type, owner, str(each.values.get("protocol")), str(each.values.get("endpoint"))): each
        for each in own
        if each.type in _OWNERS and (owner := str(each.values[_OWNERS[each.type]])) not in there
    }


class Attached:
    """`aws`: once the endpoint runs. `earlier`: those of an earlier process."""

    def __init__(self, aws: Callable[[], Aws], earlier: Iterable[Resource]) -> None:
        self._aws = aws
        self._now = attached(earlier, ())

    async def follow(self, wanted: Mapping[Key, Resource]) -> list[Failed]:
        """Remove what is no longer wanted, then add what is new or otherwise."""
        failed = []
        for key, one in list(self._now.items()):
            if key not in wanted or wanted[key].values != one.values:
                with suppress(AwsServiceError):  # its topic or queue may be gone
                    await self._remove(key)
                del self._now[key]
        for key, one in wanted.items():
            if key not in self._now:
                try:
                    await self._add(key, one)
                except AwsServiceError as error:
                    failed.append(Failed(one.address, str(error)))
                else:
                    self._now[key] = one
        return failed

    async def _add(self, key: Key, one: Resource) -> None:
        kind, owner, protocol, endpoint = key
        if kind != "aws_sns_topic_subscription":
            await self._put_policy(kind, owner, str(one.values["policy"]))
            return
        attributes = {
            attribute: "true" if value is True else str(value)
            for name, attribute in _SUBSCRIPTION.items()
            if (value := one.values.get(name))
        }
        given = {"TopicArn": owner, "Protocol": protocol, "Endpoint": endpoint}
        await self._call("sns", "Subscribe", given | {"Attributes": attributes})

    async def _remove(self, key: Key) -> None:
        kind, owner, protocol, endpoint = key
        if kind != "aws_sns_topic_subscription":
            await self._put_policy(kind, owner, "")
            return
        answer = await self._call("sns", "ListSubscriptionsByTopic", {"TopicArn": owner})
        for each in answer["Subscriptions"]:
            if (each["Protocol"], each["Endpoint"]) == (protocol, endpoint):
                arn = {"SubscriptionArn": each["SubscriptionArn"]}
                await self._call("sns", "Unsubscribe", arn)

    async def _put_policy(self, kind: str, owner: str, policy: str) -> None:
        if kind == "aws_sns_topic_policy":
            named = {"TopicArn": owner, "AttributeName": "Policy", "AttributeValue": policy}
            await self._call("sns", "SetTopicAttributes", named)
        else:
            account, name = owner.split("/")[-2:]
            url = queue_url(f"arn:aws:sqs::{account}:{name}")
            attributes = {"Policy": policy}
            await self._call(
                "sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": attributes}
            )

    async def _call(
        self, service: str, operation: str, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        region = str(given.get("TopicArn") or "").split(":")[3:4]
        return await self._aws().call(ADMINISTRATOR, service, operation, given, *region)
