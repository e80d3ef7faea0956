"""The default event bus, and those of this stack."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.shared.lookups import none_found
from bonkei.provider.behaviour import Context, DataSource
from bonkei.provider.values import Object


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
