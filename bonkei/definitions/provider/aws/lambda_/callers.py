"""AWS Lambda: permissions to call a function, and its event sources.

https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, length, matches
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.import_ids import parts_of
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER
from bonkei.definitions.provider.behaviour import Context, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value


def _permission(mint: Mint) -> Mapping[str, Value]:
    statement = mint.name("statement_id")
    return {"id": statement, "statement_id": statement}


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
        at("principal", length(1, 256)),
        at("source_account", matches(r"\d{12}", "an account's twelve digits")),
        at("source_arn", arn()),
        import_=_import_permission,
    ),
    "aws_lambda_event_source_mapping": resource(
        _mapping,
        recomputed={"last_modified": "*"},
    ),
    "aws_lambda_function_event_invoke_config": resource(
        lambda mint: {"id": mint.given("function_name")},
    ),
    "aws_lambda_function_url": resource(_url),
}
