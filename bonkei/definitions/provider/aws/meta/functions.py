"""The AWS provider's functions: `provider::aws::arn_parse("arn:…")`.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/functions
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.behaviour import Function, FunctionFailed
from bonkei.definitions.provider.values import Value

_PARTS = ("partition", "service", "region", "account_id", "resource")
_OF_ROLES = "role/"


def _arn_build(*parts: str) -> Value:
    return ":".join(("arn", *parts))


def _arn_parse(arn: str) -> dict[str, str]:
    prefix, *parts = arn.split(":", 5)
    if prefix != "arn":
        raise FunctionFailed('arn: invalid prefix: it must start with "arn:"')
    if len(parts) != len(_PARTS):
        raise FunctionFailed("arn: not enough sections: arn:partition:service:region:account:…")
    return dict(zip(_PARTS, parts, strict=True))


def _trim_iam_role_path(arn: str) -> Value:
    parts = _arn_parse(arn)
    if parts["service"] != "iam":
        raise FunctionFailed('service must be "iam"')
    if parts["region"]:
        raise FunctionFailed("region must be empty")
    if not parts["resource"].startswith(_OF_ROLES):
        raise FunctionFailed(f'resource must begin with "{_OF_ROLES}"')
    name = parts["resource"].rpartition("/")[2]
    return _arn_build(*(parts | {"resource": f"{_OF_ROLES}{name}"}).values())


def _user_agent(name: str, version: str, comment: str) -> Value:
    if not name:
        raise FunctionFailed("product_name must be set", argument=0)
    return name + (f"/{version}" if version else "") + (f" ({comment})" if comment else "")


FUNCTIONS: Mapping[str, Function] = {
    "arn_build": Function(
        _arn_build, dict.fromkeys(_PARTS, "string"), "string", "Builds an ARN from its parts"
    ),
    "arn_parse": Function(
        _arn_parse,
        {"arn": "string"},
        ["object", dict.fromkeys(_PARTS, "string")],
        "Parses an ARN into its parts",
    ),
    "trim_iam_role_path": Function(
        _trim_iam_role_path,
        {"arn": "string"},
        "string",
        "Trims the path from a role's ARN, for services that take none",
    ),
    "user_agent": Function(
        _user_agent,
        {"product_name": "string", "product_version": "string", "comment": "string"},
        "string",
        "Formats a product for the user_agent argument of the provider",
    ),
}
