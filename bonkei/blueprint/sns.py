"""SNS topics and their subscriptions; EventBridge rules and their targets.

Read from aws_sns_topic with its subscriptions, aws_cloudwatch_event_rule with its targets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bonkei.blueprint.iam import PolicyStatement, read_policy_document
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.tags import read_tags


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription. `arn` ends in an id, and is empty before an apply."""

    address: str
    protocol: str
    endpoint: str
    attributes: tuple[tuple[str, str], ...] = ()  # as SNS names them
    arn: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic. `attributes` have the names and values of SetTopicAttributes. All are text."""

    address: str
    arn: str
    name: str
    kms_key_id: str = ""
    policy: tuple[PolicyStatement, ...] = ()  # empty: SNS's default, for the account
    subscriptions: tuple[Subscription, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventTarget:
    """The target of a rule. Its input is `input`, `input_path`, or `template` with `input_paths`;
    without these, it is the whole event. `dead_letters` is a queue's ARN. `ecs`: the EcsParameters
    of a task in a cluster. `rule_arn`: of the rule or schedule, once there is something to
    deliver."""

    address: str
    arn: str
    role_arn: str = ""
    input: str = ""
    input_path: str = ""
    input_paths: tuple[tuple[str, str], ...] = ()
    template: str = ""
    dead_letters: str = ""
    id: str = ""
    retries: int = -1  # further tries; -1: as many as there are
    event_age: int = -1  # seconds; -1: of any age
    rule_arn: str = ""
    message_group: str = ""  # for a FIFO queue
    ecs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventRule:
    """A rule. `pattern` is JSON text; `schedule` is an expression. A rule has one of them.
    `targets` are ARNs; `deliveries` have the details. `time_zone` belongs to a schedule of
    EventBridge Scheduler."""

    address: str
    arn: str
    name: str
    pattern: str = ""
    schedule: str = ""
    targets: tuple[str, ...] = ()
    deliveries: tuple[EventTarget, ...] = ()
    enabled: bool = True
    time_zone: str = ""
    begins: float = 0.0  # of a schedule, in Unix seconds; 0: no limit
    ends: float = 0.0
    is_deleted_after: bool = False  # once nothing of a schedule is left
    group: str = ""
    description: str = ""
    window: int = 0  # minutes within which a schedule may fire; it fires at their beginning


# Terraform's argument -> SNS's attribute.
_TOPIC = {
    "archive_policy": "ArchivePolicy",
    "content_based_deduplication": "ContentBasedDeduplication",
    "delivery_policy": "DeliveryPolicy",
    "display_name": "DisplayName",
    "fifo_throughput_scope": "FifoThroughputScope",
    "fifo_topic": "FifoTopic",
    "kms_master_key_id": "KmsMasterKeyId",
    "policy": "Policy",
    "signature_version": "SignatureVersion",
    "tracing_config": "TracingConfig",
}
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
        block.read(
            Topic,
            kms_key_id=block.text("kms_master_key_id", ""),
            policy=_policy(block, state),
            subscriptions=tuple(
                Subscription(
                    found.address,
                    found.text("protocol"),
                    found.text("endpoint"),
                    tuple(_attributes(found, _SUBSCRIPTION)),
                    found.text("arn", "") or found.text("id", ""),
                )
                for found in state.managed("aws_sns_topic_subscription")
                if found.text("topic_arn") == block.text("arn")
            ),
            attributes=dict(_topic_attributes(block, state)),
            tags=read_tags(block),
        )
        for block in state.present("aws_sns_topic")
    )


def _policy(topic: Resource, state: State) -> tuple[PolicyStatement, ...]:
    return read_policy_document(_has_policy(topic, state), "policy")


def _has_policy(topic: Resource, state: State) -> Resource:
    policies = state.managed("aws_sns_topic_policy")
    own = [policy for policy in policies if policy.text("arn") == topic.text("arn")]
    return own[0] if own else topic


def _topic_attributes(topic: Resource, state: State) -> Iterator[tuple[str, str]]:
    yield from _attributes(topic, _TOPIC)
    if policy := _has_policy(topic, state).text("policy", ""):
        yield "Policy", policy


def _attributes(block: Resource, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for argument, attribute in names.items():
        value = block.values.get(argument)
        if value is not None and value is not False and value != "":
            yield attribute, "true" if value is True else str(value)


def read_event_rules(state: State) -> tuple[EventRule, ...]:
    """Every rule; a target names its rule by name."""
    targets = state.managed("aws_cloudwatch_event_target")
    return tuple(
        _rule(block, [found for found in targets if found.text("rule") == block.text("name")])
        for block in state.managed("aws_cloudwatch_event_rule")
    )


def read_schedules(state: State) -> tuple[EventRule, ...]:
    """Every schedule of EventBridge Scheduler: a rule with one target."""
    return tuple(
        block.read(
            EventRule,
            schedule=block.text("schedule_expression", ""),
            targets=tuple(target.text("arn") for target in block.blocks("target")),
            deliveries=tuple(_target(target, block.address) for target in block.blocks("target")),
            enabled=block.text("state", "ENABLED") == "ENABLED",
            time_zone=block.text("schedule_expression_timezone", "UTC"),
            begins=_moment(block.text("start_date", "")),
            ends=_moment(block.text("end_date", "")),
            is_deleted_after=block.text("action_after_completion", "NONE") == "DELETE",
            group=block.text("group_name", "default"),
        )
        for block in state.managed("aws_scheduler_schedule")
    )


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp() if text else 0.0
    except ValueError:
        return 0.0


def _rule(block: Resource, targets: list[Resource]) -> EventRule:
    return block.read(
        EventRule,
        pattern=block.text("event_pattern", ""),
        schedule=block.text("schedule_expression", ""),
        targets=tuple(sorted(found.text("arn") for found in targets)),
        deliveries=tuple(_target(found, found.address) for found in targets),
        enabled=block.text("state", "") != "DISABLED" and block.flag("is_enabled", True),
    )


def _target(block: Block, address: str) -> EventTarget:
    transformer, policy = block.part("input_transformer"), block.block("retry_policy")
    task = block.block("ecs_target") or block.block("ecs_parameters")
    queue = block.block("sqs_target") or block.part("sqs_parameters")
    return block.read(
        EventTarget,
        address=address,
        input_path=block.text("input_path", "") if block.has("input_path") else "",
        input_paths=transformer.pairs("input_paths"),
        template=transformer.text("input_template", ""),
        dead_letters=block.part("dead_letter_config").text("arn", ""),
        id=block.text("target_id", ""),
        retries=policy.integer("maximum_retry_attempts", 185) if policy else -1,
        event_age=policy.integer("maximum_event_age_in_seconds", 86_400) if policy else -1,
        message_group=queue.text("message_group_id", ""),
        ecs=_ecs_parameters(task) if task else {},
    )


# Terraform's argument -> EcsParameters' member.
_TASK = {
    "task_definition_arn": "TaskDefinitionArn",
    "task_count": "TaskCount",
    "launch_type": "LaunchType",
    "platform_version": "PlatformVersion",
    "group": "Group",
    "propagate_tags": "PropagateTags",
    "reference_id": "ReferenceId",
    "enable_ecs_managed_tags": "EnableECSManagedTags",
    "enable_execute_command": "EnableExecuteCommand",
}
_PROVIDER = {"capacity_provider": "capacityProvider", "base": "base", "weight": "weight"}


def _ecs_parameters(task: Block) -> dict[str, Any]:
    """As PutTargets has them.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EcsParameters.html
    """
    found = _renamed(task, _TASK)
    if network := task.block("network_configuration"):
        placed = {
            "Subnets": list(network.texts("subnets")),
            "SecurityGroups": list(network.texts("security_groups")),
            "AssignPublicIp": "ENABLED" if network.flag("assign_public_ip") else "DISABLED",
        }
        found["NetworkConfiguration"] = {"awsvpcConfiguration": placed}
    if providers := task.blocks("capacity_provider_strategy"):
        found["CapacityProviderStrategy"] = [_renamed(each, _PROVIDER) for each in providers]
    if tags := task.pairs("tags"):
        found["Tags"] = [{"Key": key, "Value": value} for key, value in tags]
    return found


def _renamed(block: Block, names: Mapping[str, str]) -> dict[str, Any]:
    return {new: block.values[old] for old, new in names.items() if block.values.get(old)}
