"""Keys must allow the services that encrypt with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.resource_policy import lets_in
from bonkei.analysis.check.subject import Subject, error
from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm
from bonkei.blueprint.kms import Key

_FOR_LOGS = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:DescribeKey",
)
_FOR_TOPICS = ("kms:Decrypt", "kms:GenerateDataKey")


@error(
    "A key that encrypts a log group lets CloudWatch Logs use it for that group",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
def key_lets_log_groups_in(subject: Subject) -> Iterator[Problem]:
    """Without this, the group cannot be created: "not allowed to be used with log group"."""
    for group in subject.blueprint.log_groups:
        key = _key(group.kms_key_id, subject.blueprint)
        if key is None:
            continue
        arn = group.arn.removesuffix(":*")
        region = Arn.of(arn).region
        services = (f"logs.{region}.amazonaws.com", "logs.amazonaws.com")
        context = {"kms:EncryptionContext:aws:logs:arn": arn}
        missing = [
            action
            for action in _FOR_LOGS
            if not lets_in(key.policy, services, action, key.arn, context)
        ]
        if missing:
            yield Problem(
                key.address,
                f"{services[0]} may not {', '.join(missing)} with it for {group.name}",
                f"allow it in the key's policy, for the encryption context {arn}",
                "policy",
            )


@error(
    "A key that encrypts a topic lets those who publish to it use it",
    "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
def key_lets_alarms_and_events_in(subject: Subject) -> Iterator[Problem]:
    """Keys of topics: a service that cannot encrypt its message cannot publish it."""
    blueprint = subject.blueprint
    for topic in blueprint.topics:
        key = _key(topic.kms_key_id, blueprint)
        if key is not None:
            then = f"publish to {topic.name}"
            yield from _kept_out(key, publishers(topic.arn, blueprint), then)


@error(
    "A key that encrypts a queue of dead letters lets those who send them use it",
    "https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html",
)
def key_lets_dead_letters_in(subject: Subject) -> Iterator[Problem]:
    """A message that cannot be delivered is then lost, and nothing reports it."""
    blueprint = subject.blueprint
    for queue in blueprint.queues:
        key = _key(queue.attributes.get("KmsMasterKeyId", ""), blueprint)
        if key is not None:
            then = f"leave dead letters in {queue.name}"
            yield from _kept_out(key, _leaving(queue.arn, blueprint), then)


def _kept_out(key: Key, services: Iterable[str], then: str) -> Iterator[Problem]:
    """The services that cannot encrypt with a key, and what they cannot do then."""
    for service in services:
        missing = [
            action
            for action in _FOR_TOPICS
            if not lets_in(key.policy, (service,), action, key.arn, {})
        ]
        if missing:
            yield Problem(
                key.address,
                f"{service} may not {', '.join(missing)} with it, so it cannot {then}",
                "allow it in the key's policy",
                "policy",
            )


def _leaving(queue_arn: str, blueprint: Blueprint) -> Iterator[str]:
    """The services that leave dead letters in a queue by its policy. (Lambda has a role.)"""
    subscriptions = (each for topic in blueprint.topics for each in topic.subscriptions)
    if any(queue_arn in dict(each.attributes).get("RedrivePolicy", "") for each in subscriptions):
        yield "sns.amazonaws.com"
    deliveries = (each for rule in blueprint.event_rules for each in rule.deliveries)
    if any(each.dead_letters == queue_arn for each in deliveries):
        yield "events.amazonaws.com"


def publishers(topic_arn: str, blueprint: Blueprint) -> Iterator[str]:
    """The services that the definitions let publish to a topic."""
    if any(topic_arn in (*a.alarm_actions, *a.ok_actions) for a in alarms(blueprint)):
        yield "cloudwatch.amazonaws.com"
    if any(topic_arn in rule.targets for rule in blueprint.event_rules):
        yield "events.amazonaws.com"


def alarms(blueprint: Blueprint) -> tuple[Alarm | CompositeAlarm, ...]:
    """Metric alarms and composite alarms."""
    return (*blueprint.alarms, *blueprint.composite_alarms)


def _key(name: str, blueprint: Blueprint) -> Key | None:
    """A key by ARN, id or alias; None for AWS's own keys and for keys outside the definitions."""
    for key in blueprint.keys:
        if name and name in (key.arn, key.id, *key.aliases):
            return key
    return None
