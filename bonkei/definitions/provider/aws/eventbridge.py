"""Amazon EventBridge: rules, targets, buses, archives.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.checks import at, between, matches
from bonkei.definitions.provider.aws.shared.documents import json_document, parse
from bonkei.definitions.provider.aws.shared.formats import arn, rule_schedule
from bonkei.definitions.provider.aws.shared.import_ids import unexpected
from bonkei.definitions.provider.aws.shared.lookups import none_found
from bonkei.definitions.provider.aws.shared.naming import Mint, name_as_id
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Context, DataSource, Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given
from bonkei.grammar.event_pattern import EventPatternError, parse_pattern

_NAME = matches(r"[.\-_A-Za-z0-9]{1,64}", "letters, digits and .-_, at most 64")


def pattern(value: Value) -> str | None:
    """An event pattern that EventBridge accepts.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
    """
    document, wrong = parse(value)
    if wrong:
        return wrong
    if len(value) > 4096:
        return f"An event pattern has at most 4096 characters, here are {len(value)}."
    try:
        parse_pattern(document)
    except EventPatternError as error:
        return error.message
    return None


def _bus(mint: Mint) -> str:
    """A bus is given by name or ARN. The default is the account's default bus."""
    return str(mint.given("event_bus_name") or "default").rpartition("/")[2]


def _rule(mint: Mint) -> Mapping[str, Value]:
    name, bus = mint.name(), _bus(mint)
    path = name if bus == "default" else f"{bus}/{name}"
    return {
        "id": path,
        "arn": mint.arn("events", f"rule/{path}"),
        "name": name,
    }


def _target(mint: Mint) -> Mapping[str, Value]:
    target = mint.name("target_id", "terraform-")
    bus = _bus(mint)
    path = f"{mint.given('rule')}-{target}"
    return {"id": path if bus == "default" else f"{bus}-{path}", "target_id": target}


def _bus_rule(config: Object) -> Iterator[Problem]:
    """Only the default bus has schedules."""
    bus = config.get("event_bus_name")
    if given(bus) and bus != "default" and config.get("schedule_expression") is not None:
        detail = "Only a rule on the default event bus has a schedule_expression."
        yield Problem(("schedule_expression",), "Conflicting arguments", detail)


def _import_permission(identifier: str, _: Context) -> Object:
    return {"id": identifier, "statement_id": identifier.rpartition("/")[2]}


def _import_target(identifier: str, _: Context) -> Object:
    parts = identifier.split("/")
    if len(parts) not in (2, 3):
        raise unexpected("[BUS/]RULE/TARGET")
    bus, rule, target = ["default", *parts][-3:]
    return {
        "id": f"{rule}-{target}",
        "event_bus_name": bus,
        "rule": rule,
        "target_id": target,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cloudwatch_event_rule": resource(
        _rule,
        at("name", _NAME),
        at("schedule_expression", rule_schedule),
        at("role_arn", arn("iam")),
        _bus_rule,
        arguments={"state": "ENABLED"},
        documents={"event_pattern": pattern},
    ),
    "aws_cloudwatch_event_target": resource(
        _target,
        at("arn", arn()),
        at("rule", _NAME),
        at("target_id", _NAME),
        at("role_arn", arn("iam")),
        at("dead_letter_config.arn", arn("sqs")),
        at("retry_policy.maximum_event_age_in_seconds", between(60, 86400)),
        at("ecs_target.task_definition_arn", arn("ecs")),
        documents={"input": json_document},
        import_=_import_target,
    ),
    "aws_cloudwatch_event_bus": resource(
        name_as_id("events", "event-bus/"),
        at("name", matches(r"(?!default$)[/.\-_A-Za-z0-9]{1,256}", "a name other than default")),
    ),
    "aws_cloudwatch_event_permission": resource(
        lambda mint: {"id": f"{_bus(mint)}/{mint.given('statement_id')}"},
        import_=_import_permission,
    ),
    "aws_cloudwatch_event_archive": resource(
        name_as_id("events", "archive/"),
        at("event_pattern", pattern),
    ),
}


def _event_bus(config: Object, context: Context) -> Object:
    name = config.get("name")
    for bus in context.peers("aws_cloudwatch_event_bus"):
        if bus.get("name") == name:
            return bus
    if name != "default":
        raise none_found("aws_cloudwatch_event_bus", config)
    place = f"arn:{context.partition}:events:{context.region}:{context.account_id}"
    return {"id": name, "name": name, "arn": f"{place}:event-bus/default", "description": ""}


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_cloudwatch_event_bus": DataSource(read=_event_bus),
}
