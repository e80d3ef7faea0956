"""Layers and event sources of functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.base.arn import Arn
from bonkei.blueprint.state import Resource, State


@dataclass(frozen=True, slots=True)
class Layer:
    """A version of a layer. On AWS its package is unpacked below `/opt`."""

    address: str
    arn: str
    filename: str = ""
    code_sha256: str = ""


@dataclass(frozen=True, slots=True)
class EventSource:
    """A function's event source: a queue, or a table's stream. Times are in seconds; -1 means
    forever.

    `function` is the function's ARN. `source` is the ARN of the queue or the stream.
    """

    address: str
    uuid: str
    function: str
    source: str
    enabled: bool = True
    batch_size: int = 10
    batching_window: float = 0.0
    reports_failures: bool = False  # ReportBatchItemFailures
    filters: tuple[str, ...] = ()  # JSON patterns; a record passes if it matches any of them
    starting_position: str = ""
    retries: int = -1
    record_age: float = -1.0
    bisects: bool = False
    on_failure: str = ""  # ARN


def read_layers(state: State) -> tuple[Layer, ...]:
    """Every version of a layer."""
    return tuple(block.read(Layer) for block in state.managed("aws_lambda_layer_version"))


def read_event_sources(state: State) -> tuple[EventSource, ...]:
    """Every event source mapping of a queue or a stream. `coverage` lists the others."""
    return tuple(
        _event_source(block)
        for block in state.managed("aws_lambda_event_source_mapping")
        if Arn.of(block.text("event_source_arn", "")).service in ("sqs", "dynamodb")
    )


def _event_source(block: Resource) -> EventSource:
    source = block.text("event_source_arn")
    usual = 10 if Arn.of(source).service == "sqs" else 100
    return block.read(
        EventSource,
        uuid=block.text("uuid", ""),
        function=block.text("function_arn", "") or block.text("function_name"),
        source=source,
        batch_size=block.integer("batch_size", usual) or usual,
        batching_window=block.number("maximum_batching_window_in_seconds", 0),
        reports_failures="ReportBatchItemFailures" in block.texts("function_response_types"),
        filters=tuple(_filters(block)),
        # In Terraform, 0 means unset. AWS's default is "forever".
        retries=block.integer("maximum_retry_attempts", 0) or -1,
        record_age=block.number("maximum_record_age_in_seconds", 0) or -1.0,
        bisects=block.flag("bisect_batch_on_function_error"),
        on_failure=next(
            (
                failure.text("destination_arn", "")
                for config in block.blocks("destination_config")
                for failure in config.blocks("on_failure")
            ),
            "",
        ),
    )


def _filters(block: Resource) -> Iterator[str]:
    for criteria in block.blocks("filter_criteria"):
        for one in criteria.blocks("filter"):
            yield one.text("pattern", "")
