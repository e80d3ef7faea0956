"""AWS Lambda: who may call a function, and what calls it.

https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.checks import at, between, conflicts, length, matches, one_of
from bonkei.provider.aws.formats import arn
from bonkei.provider.aws.import_ids import parts_of
from bonkei.provider.aws.naming import Mint, resource
from bonkei.provider.aws.seeds import LOWER
from bonkei.provider.behaviour import Context, ResourceBehaviour
from bonkei.provider.values import Object, Value


def _permission(mint: Mint) -> Mapping[str, Value]:
    statement = mint.name("statement_id")
    return {
        "id": statement,
        "statement_id": statement,
        "statement_id_prefix": mint.given("statement_id_prefix") or "",
    }


def _import_permission(identifier: str, _: Context) -> Object:
    function, statement = parts_of(identifier, "FUNCTION/STATEMENT")
    return {"id": statement, "function_name": function, "statement_id": statement}


def _mapping(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.uuid()
    function = str(mint.given("function_name"))
    return {
        "id": identifier,
        "uuid": identifier,
        "arn": mint.arn("lambda", f"event-source-mapping:{identifier}"),
        "function_arn": function
        if function.startswith("arn:")
        else mint.arn("lambda", f"function:{function}"),
        "state": "Enabled",
        "state_transition_reason": "USER_INITIATED",
        "last_modified": mint.context.now,
        "last_processing_result": "",
    }


def _url(mint: Mint) -> Mapping[str, Value]:
    function = str(mint.given("function_name")).rpartition(":")[2]
    host = mint.random(32, LOWER)
    return {
        "id": function,
        "function_arn": mint.arn("lambda", f"function:{function}"),
        "function_url": f"https://{host}.lambda-url.{mint.region}.on.aws/",
        "url_id": host,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_lambda_permission": resource(
        _permission,
        at("action", matches(r"lambda:[*]|lambda:[a-zA-Z]+", "lambda:…")),
        at("function_name", length(1, 170)),
        at("principal", length(1, 256)),
        at("source_account", matches(r"\d{12}", "an account's twelve digits")),
        at("source_arn", arn()),
        at("statement_id", length(1, 100), matches(r"[\w-]+", "letters, digits, - and _")),
        conflicts("statement_id", "statement_id_prefix"),
        force_new="action event_source_token function_name function_url_auth_type principal"
        " principal_org_id qualifier source_account source_arn statement_id statement_id_prefix"
        " invoked_via_function_url",
        import_=_import_permission,
    ),
    "aws_lambda_event_source_mapping": resource(
        _mapping,
        at("starting_position", one_of("AT_TIMESTAMP", "LATEST", "TRIM_HORIZON")),
        at("batch_size", between(1, 10000)),
        force_new="event_source_arn queues topics starting_position starting_position_timestamp"
        " self_managed_event_source amazon_managed_kafka_event_source_config"
        " self_managed_kafka_event_source_config",
        arguments={"enabled": True},
        recomputed={"last_modified": "*"},
    ),
    "aws_lambda_function_event_invoke_config": resource(
        lambda mint: {"id": mint.given("function_name")},
        at("maximum_event_age_in_seconds", between(60, 21600)),
        at("maximum_retry_attempts", between(0, 2)),
        force_new="function_name qualifier",
        arguments={"maximum_retry_attempts": 2},
    ),
    "aws_lambda_function_url": resource(
        _url,
        at("authorization_type", one_of("NONE", "AWS_IAM")),
        at("invoke_mode", one_of("BUFFERED", "RESPONSE_STREAM")),
        force_new="function_name qualifier",
        arguments={"invoke_mode": "BUFFERED"},
    ),
}
