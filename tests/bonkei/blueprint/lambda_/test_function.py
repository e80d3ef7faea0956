"""Functions, their layers and event sources, from Terraform's state."""

from __future__ import annotations

from typing import Any

from bonkei.blueprint import read

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:mail"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:mail"


def _state(**resources: dict[str, Any]) -> dict[str, Any]:
    listed = [
        {"address": f"{kind}.x", "type": kind, "mode": "managed", "values": values}
        for kind, values in resources.items()
    ]
    return {"values": {"root_module": {"resources": listed}}}


def test_a_function_is_read_with_its_layers_and_event_sources() -> None:
    found = read(
        _state(
            aws_lambda_function={
                "function_name": "mail", "arn": FUNCTION, "role": "arn:aws:iam::1:role/mail",
                "runtime": "python3.13", "handler": "main.handler", "filename": "build/mail.zip",
                "layers": ["arn:layer:1"], "reserved_concurrent_executions": 0,
                "logging_config": [{"log_format": "JSON", "log_group": "/shop"}],
            },
            aws_lambda_function_event_invoke_config={
                "function_name": "mail", "maximum_retry_attempts": 0,
                "maximum_event_age_in_seconds": 60,
                "destination_config": [{"on_failure": [{"destination": QUEUE}], "on_success": []}],
            },
            aws_lambda_layer_version={"arn": "arn:layer:1", "filename": "layer.zip"},
            aws_lambda_event_source_mapping={
                "uuid": "u", "function_name": "mail", "function_arn": FUNCTION,
                "event_source_arn": QUEUE, "batch_size": None,
                "function_response_types": ["ReportBatchItemFailures"],
                "filter_criteria": [{"filter": [{"pattern": '{"body": {"a": [1]}}'}]}],
                "scaling_config": [{"maximum_concurrency": 2}],
            },
        )
    )  # fmt: skip
    (function,), (layer,), (source,) = found.functions, found.layers, found.event_sources
    assert (function.reserved_concurrency, function.layers) == (0, ("arn:layer:1",))
    assert (function.log_format, function.log_group) == ("JSON", "/shop")
    asynchronous = function.asynchronous
    assert (asynchronous.retries, asynchronous.event_age) == (0, 60)
    assert (asynchronous.on_failure, asynchronous.on_success) == (QUEUE, "")
    assert layer.filename == "layer.zip"
    assert (source.function, source.source, source.batch_size) == (FUNCTION, QUEUE, 10)
    assert source.reports_failures is True
    assert source.filters == ('{"body": {"a": [1]}}',)


def test_a_function_with_few_arguments_gets_the_defaults() -> None:
    values = {"function_name": "mail", "arn": FUNCTION, "role": "r",
              "reserved_concurrent_executions": -1}  # fmt: skip
    (function,) = read(_state(aws_lambda_function=values)).functions
    assert function.reserved_concurrency is None
    assert (function.timeout, function.memory, function.log_group) == (3, 128, "/aws/lambda/mail")
    assert (function.asynchronous.retries, function.asynchronous.event_age) == (2, 21600)
