"""AWS Lambda: functions, their aliases, and layers.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from bonkei.definitions.provider.aws.shared.blocks import each, same_shape
from bonkei.definitions.provider.aws.shared.checks import at, between, length, matches
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

_RESERVED_NAMES = (
    *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
    *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_SESSION_TOKEN"),
    *("AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_ACCESS_KEY"),
    *("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY_ID"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT"),
    "LAMBDA_RUNTIME_DIR",
)
_CODE = "filename image_uri s3_bucket s3_key s3_object_version source_code_hash publish"
_NAME = matches(
    r"(arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:)?[a-zA-Z0-9_-]{1,64}(:[\w$-]+)?",
    "letters, digits, - and _, at most 64",
)


def _function(mint: Mint) -> Mapping[str, Value]:
    name = str(mint.given("function_name")).rpartition(":")[2]
    identifier = mint.arn("lambda", f"function:{name}")
    version = str(mint.context.generation) if mint.given("publish") is True else "$LATEST"
    digest, size = _code(mint)
    return {
        "id": name,
        "arn": identifier,
        "invoke_arn": _invocation(mint, identifier),
        "response_streaming_invoke_arn": _invocation(mint, identifier)
        .replace("2015-03-31", "2021-11-15")
        .replace("/invocations", "/response-streaming-invocations"),
        "qualified_arn": f"{identifier}:{version}",
        "qualified_invoke_arn": _invocation(mint, f"{identifier}:{version}"),
        "version": version,
        "last_modified": mint.context.now.replace("Z", ".000+0000"),
        "code_sha256": digest,
        "source_code_hash": digest,
        "source_code_size": size,
        "architectures": ["x86_64"],
        "ephemeral_storage": [{"size": 512}],
        "logging_config": same_shape(
            mint.planned.get("logging_config"),
            lambda _index, _block: {"log_group": f"/aws/lambda/{name}"},
        ),
        "vpc_config": same_shape(
            mint.planned.get("vpc_config"), lambda _index, block: {"vpc_id": _vpc(mint, block)}
        ),
        "snap_start": same_shape(
            mint.planned.get("snap_start"), lambda _index, _block: {"optimization_status": "Off"}
        ),
    }


def _invocation(mint: Mint, function: str) -> str:
    """The address under which API Gateway calls a function."""
    path = f"path/2015-03-31/functions/{function}/invocations"
    return mint.arn("apigateway", path, account="lambda")


def _code(mint: Mint) -> tuple[str, int]:
    """The package's digest and size. For a package in S3 or ECR, the configuration's values."""
    filename = mint.given("filename")
    try:
        content = Path(str(filename)).read_bytes() if filename else b""
    except OSError:
        content = b""
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return str(mint.given("source_code_hash") or digest), len(content)


def _vpc(mint: Mint, block: Mapping[str, Value]) -> Value:
    subnets = block.get("subnet_ids")
    for subnet in mint.context.peers("aws_subnet"):
        if isinstance(subnets, list) and subnet.get("id") in subnets:
            return subnet.get("vpc_id")
    return ""


def _package(config: Object) -> Iterator[Problem]:
    kind = config.get("package_type")
    image = config.get("image_uri")
    if kind is None:
        kind = "Zip"
    for name in ("handler", "runtime"):
        value = config.get(name)
        if kind == "Zip" and value is None and image is None:
            yield Problem((), "Missing argument", f'A function of package_type Zip needs "{name}".')
        if kind == "Image" and value is not None:
            detail = f'A function of package_type Image has no "{name}".'
            yield Problem((name,), "Conflicting arguments", detail)
    if kind == "Zip" and image is not None:
        detail = 'An image needs package_type = "Image".'
        yield Problem(("image_uri",), "Conflicting arguments", detail)
    if config.get("s3_bucket") is not None and config.get("s3_key") is None:
        yield Problem(("s3_bucket",), "Missing argument", '"s3_key" is needed.')


def _variables(config: Object) -> Iterator[Problem]:
    for index, block in enumerate(each(config.get("environment"))):
        variables = block.get("variables")
        if not isinstance(variables, Mapping):
            continue
        for name in variables:
            path = ("environment", index, "variables", name)
            if name in _RESERVED_NAMES:
                yield Problem(path, "Reserved name", f'Lambda itself sets "{name}".')
            elif not str(name).replace("_", "a").isalnum() or not str(name)[0].isalpha():
                detail = f'"{name}": a letter, then letters, digits and _.'
                yield Problem(path, "Invalid name", detail)
        size = sum(
            len(str(name)) + len(str(value)) for name, value in variables.items() if given(value)
        )
        if size > 4096:
            detail = f"All variables together have at most 4 KB, here are {size} bytes."
            yield Problem(("environment", index, "variables"), "Too large", detail)


def _alias(mint: Mint) -> Mapping[str, Value]:
    function = str(mint.given("function_name")).rpartition(":")[2]
    identifier = mint.arn("lambda", f"function:{function}:{mint.given('name')}")
    return {"id": identifier, "arn": identifier, "invoke_arn": _invocation(mint, identifier)}


def _layer(mint: Mint) -> Mapping[str, Value]:
    name = str(mint.given("layer_name"))
    version = mint.context.sequence(f"lambda/layer/{mint.region}/{name}")
    identifier = mint.arn("lambda", f"layer:{name}")
    return {
        "id": f"{identifier}:{version}",
        "arn": f"{identifier}:{version}",
        "layer_arn": identifier,
        "version": str(version),
        "created_date": mint.context.now,
        "source_code_size": _code(mint)[1],
        "code_sha256": _code(mint)[0],
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_lambda_function": resource(
        _function,
        at("function_name", _NAME),
        at("role", arn("iam")),
        at("handler", matches(r"\S+", "a handler without blanks")),
        at("reserved_concurrent_executions", between(-1, 1000000)),
        at("dead_letter_config.target_arn", arn("sns", "sqs")),
        at("layers", arn("lambda")),
        at("kms_key_arn", arn("kms")),
        _package,
        _variables,
        recomputed={
            "last_modified": "*",
            "code_sha256": _CODE,
            "source_code_size": _CODE,
            "version": _CODE,
            "qualified_arn": _CODE,
            "qualified_invoke_arn": _CODE,
        },
    ),
    "aws_lambda_alias": resource(_alias),
    "aws_lambda_layer_version": resource(
        _layer,
        at("layer_name", length(1, 140)),
    ),
}

DATA_SOURCES = by_own_names("aws_lambda_alias aws_lambda_function")
