"""Deliveries of CloudWatch Logs: from an AWS service's log to a destination.

Read from aws_cloudwatch_log_delivery, with its aws_cloudwatch_log_delivery_source and
aws_cloudwatch_log_delivery_destination.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.blueprint.state import Resource, State


@dataclass(frozen=True, slots=True)
class LogDelivery:
    """Delivers the log `log_type` (`ACCESS_LOGS`) of a resource to the ARN of a log group, a bucket
    (with a prefix) or a Firehose stream. Empty values mean AWS's default. `source` is the delivery
    source's ARN."""

    address: str
    source: str
    resource_arn: str
    log_type: str
    destination: str
    output_format: str = ""
    fields: tuple[str, ...] = ()
    delimiter: str = ""
    suffix_path: str = ""
    hive: bool = False


def read_log_deliveries(state: State) -> tuple[LogDelivery, ...]:
    """Read the deliveries whose source and destination are declared as well."""
    return tuple(_deliveries(state))


def _deliveries(state: State) -> Iterator[LogDelivery]:
    sources = {each.text("name"): each for each in _all(state, "source")}
    destinations = {each.text("arn"): each for each in _all(state, "destination")}
    for block in state.managed("aws_cloudwatch_log_delivery"):
        source = sources.get(block.text("delivery_source_name"))
        destination = destinations.get(block.text("delivery_destination_arn"))
        if source is None or destination is None:
            continue
        target = destination.part("delivery_destination_configuration")
        objects = block.part("s3_delivery_configuration")
        yield LogDelivery(
            block.address,
            source.text("arn"),
            source.text("resource_arn"),
            source.text("log_type"),
            target.text("destination_resource_arn", ""),
            destination.text("output_format", ""),
            block.texts("record_fields"),
            block.text("field_delimiter", ""),
            objects.text("suffix_path", ""),
            objects.flag("enable_hive_compatible_path"),
        )


def _all(state: State, kind: str) -> tuple[Resource, ...]:
    return state.managed(f"aws_cloudwatch_log_delivery_{kind}")
