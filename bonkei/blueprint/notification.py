"""SNS topics with their subscriptions, and EventBridge rules with their targets.

Read from aws_sns_topic with its subscriptions, aws_cloudwatch_event_rule with its targets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.blueprint.role import PolicyStatement, read_policy_document
from bonkei.blueprint.state import Resource, State


@dataclass(frozen=True, slots=True)
class Subscription:
    address: str
    protocol: str
    endpoint: str
    attributes: tuple[tuple[str, str], ...] = ()  # as SNS names them


@dataclass(frozen=True, slots=True)
class Topic:
    address: str
    arn: str
    name: str
    kms_key_id: str = ""
    policy: tuple[PolicyStatement, ...] = ()  # empty: SNS's own, which lets the account in
    subscriptions: tuple[Subscription, ...] = ()


@dataclass(frozen=True, slots=True)
class EventRule:
    """`pattern` is JSON text, or `schedule` an expression; `targets` are ARNs."""

    address: str
    arn: str
    name: str
    pattern: str = ""
    schedule: str = ""
    targets: tuple[str, ...] = ()


# Terraform's argument -> SNS's attribute.
_SUBSCRIPTION = {
    "delivery_policy": "DeliveryPolicy",
    "filter_policy": "FilterPolicy",
    "filter_policy_scope": "FilterPolicyScope",
    "raw_message_delivery": "RawMessageDelivery",
    "redrive_policy": "RedrivePolicy",
}


def read_topics(state: State) -> tuple[Topic, ...]:
    """Every topic."""
    return tuple(
        Topic(
            address=block.address,
            arn=block.text("arn"),
            name=block.text("name"),
            kms_key_id=block.text("kms_master_key_id", ""),
            policy=_policy(block, state),
            subscriptions=tuple(
                Subscription(
                    found.address,
                    found.text("protocol"),
                    found.text("endpoint"),
                    tuple(_attributes(found)),
                )
                for found in state.managed("aws_sns_topic_subscription")
                if found.text("topic_arn") == block.text("arn")
            ),
        )
        for block in state.managed("aws_sns_topic")
    )


def _policy(topic: Resource, state: State) -> tuple[PolicyStatement, ...]:
    policies = state.managed("aws_sns_topic_policy")
    own = [policy for policy in policies if policy.text("arn") == topic.text("arn")]
    return read_policy_document(own[0] if own else topic, "policy")


def _attributes(block: Resource) -> Iterator[tuple[str, str]]:
    for argument, attribute in _SUBSCRIPTION.items():
        value = block.values.get(argument)
        if value is not None and value is not False and value != "":
            yield attribute, "true" if value is True else str(value)


def read_event_rules(state: State) -> tuple[EventRule, ...]:
    """Every rule; a target names its rule by name."""
    return tuple(
        EventRule(
            address=block.address,
            arn=block.text("arn"),
            name=block.text("name"),
            pattern=block.text("event_pattern", ""),
            schedule=block.text("schedule_expression", ""),
            targets=tuple(
                sorted(
                    found.text("arn")
                    for found in state.managed("aws_cloudwatch_event_target")
                    if found.text("rule") == block.text("name")
                )
            ),
        )
        for block in state.managed("aws_cloudwatch_event_rule")
    )
