"""Lambda's API: calls of functions, and descriptions of them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.blueprint.lambda_.function import Function
from bonkei.services.lambda_.functions import Functions


def service(functions: Functions) -> AwsService:
    """The endpoint's service `lambda`."""
    return Operations.of(_Lambda(functions))


class _Lambda:
    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    async def invoke(self, call: AwsCall) -> Mapping[str, Any]:
        function = self._functions.find(_name(call))
        payload = call.parameters.get("Payload") or b"{}"
        match call.parameters.get("InvocationType", "RequestResponse"):
            case "DryRun":
                return {"StatusCode": 204}
            case "Event":
                _require_json(payload)
                self._functions.enqueue(function.arn, payload, call.request_id)
                return {"StatusCode": 202}
            case _:
                return await _call(self._functions, function, payload, call)

    async def get_function(self, call: AwsCall) -> Mapping[str, Any]:
        function = self._functions.find(_name(call))
        answer: dict[str, Any] = {
            "Configuration": configuration(function),
            "Code": {"RepositoryType": "S3"},
        }
        if function.reserved_concurrency is not None:
            reserved = function.reserved_concurrency
            answer["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
        return answer

    async def get_function_configuration(self, call: AwsCall) -> Mapping[str, Any]:
        return configuration(self._functions.find(_name(call)))

    async def list_functions(self, _: AwsCall) -> Mapping[str, Any]:
        return {"Functions": [configuration(each) for each in self._functions.functions]}

    async def get_function_concurrency(self, call: AwsCall) -> Mapping[str, Any]:
        reserved = self._functions.find(_name(call)).reserved_concurrency
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    async def get_function_event_invoke_config(self, call: AwsCall) -> Mapping[str, Any]:
        function = self._functions.find(_name(call))
        settings = function.asynchronous
        return {
            "FunctionArn": f"{function.arn}:$LATEST",
            "MaximumRetryAttempts": settings.retries,
            "MaximumEventAgeInSeconds": int(settings.event_age),
            "DestinationConfig": {
                "OnSuccess": {"Destination": settings.on_success or None},
                "OnFailure": {"Destination": settings.on_failure or None},
            },
        }


async def _call(
    functions: Functions, function: Function, payload: bytes, call: AwsCall
) -> Mapping[str, Any]:
    _require_json(payload)
    context = _client_context(str(call.parameters.get("ClientContext") or ""))
    outcome = await functions.invoke(function.arn, payload, context, call.request_id)
    answer: dict[str, Any] = {
        "StatusCode": 200,
        "ExecutedVersion": "$LATEST",
        "Payload": outcome.payload,
    }
    if outcome.is_error:
        answer["FunctionError"] = "Unhandled"
    if call.parameters.get("LogType") == "Tail":
        answer["LogResult"] = base64.b64encode(outcome.log_tail).decode()
    return answer


def configuration(function: Function) -> dict[str, Any]:
    """A function as `GetFunctionConfiguration` describes it."""
    described: dict[str, Any] = {
        "FunctionName": function.name,
        "FunctionArn": function.arn,
        "Runtime": function.runtime or None,
        "Role": function.role_arn,
        "Handler": function.handler or None,
        "Description": function.description,
        "Timeout": int(function.timeout),
        "MemorySize": function.memory,
        "LastModified": function.last_modified,
        "CodeSha256": function.code_sha256,
        "Version": "$LATEST",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": function.package_type,
        "Architectures": list(function.architectures) or ["x86_64"],
        "LoggingConfig": {"LogFormat": function.log_format, "LogGroup": function.log_group},
        "Layers": [{"Arn": arn} for arn in function.layers],
    }
    if function.environment:
        described["Environment"] = {"Variables": dict(function.environment)}
    if function.dead_letter_arn:
        described["DeadLetterConfig"] = {"TargetArn": function.dead_letter_arn}
    return described


def _name(call: AwsCall) -> str:
    name = str(call.parameters.get("FunctionName", ""))
    qualifier = str(call.parameters.get("Qualifier") or "$LATEST")
    return name if qualifier == "$LATEST" else f"{name}:{qualifier}"


def _require_json(payload: bytes) -> None:
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise AwsServiceError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: {error}",
            400,
            {"Type": "User"},
        ) from None


def _client_context(given: str) -> str:
    """JSON text, decoded from Base64."""
    try:
        return base64.b64decode(given, validate=True).decode() if given else ""
    except (binascii.Error, UnicodeDecodeError):
        raise AwsServiceError(
            "InvalidRequestContentException", "ClientContext is not Base64.", 400, {"Type": "User"}
        ) from None
