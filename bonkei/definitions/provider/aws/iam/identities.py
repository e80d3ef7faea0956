"""AWS IAM: roles, users, groups, policies and their attachments.

Names and sizes: "IAM and AWS STS quotas",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, length, matches
from bonkei.definitions.provider.aws.shared.documents import IDENTITY, TRUST, policy
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.import_ids import parts_of, unexpected
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import ALPHANUMERIC, UPPER
from bonkei.definitions.provider.behaviour import Context, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value

_PATH = matches(r"/|/[\x21-\x7e]+/", "a path that begins and ends with /")
_USER_POLICY = policy(IDENTITY, 2048)


def _unique(mint: Mint, prefix: str) -> str:
    """`AROA…`: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
    return f"{prefix}{mint.random(17, UPPER, prefix)}"


def _global(mint: Mint, kind: str, name: str) -> str:
    path = str(mint.given("path") or "/")
    return mint.arn("iam", f"{kind}{path}{name}", region="")


def _named(mint: Mint) -> dict[str, Value]:
    name = mint.name()
    return {"id": name, "name": name, "name_prefix": mint.given("name_prefix") or ""}


def _holder(mint: Mint, kind: str, prefix: str) -> dict[str, Value]:
    """A role or an instance profile."""
    named = _named(mint)
    return {
        **named,
        "arn": _global(mint, kind, str(named["name"])),
        "unique_id": _unique(mint, prefix),
        "create_date": mint.context.now,
    }


def _role(mint: Mint) -> Mapping[str, Value]:
    return {**_holder(mint, "role", "AROA"), "managed_policy_arns": []}


def _role_policy(mint: Mint) -> Mapping[str, Value]:
    named = _named(mint)
    return {**named, "id": f"{mint.given('role')}:{named['name']}"}


def _policy(mint: Mint) -> Mapping[str, Value]:
    named = _named(mint)
    identifier = _global(mint, "policy", str(named["name"]))
    own = {"policy_id": _unique(mint, "ANPA"), "attachment_count": 0}
    return {**named, "id": identifier, "arn": identifier, **own}


def _person(mint: Mint, kind: str, prefix: str) -> Mapping[str, Value]:
    """A user or a group."""
    name = str(mint.given("name"))
    return {"id": name, "arn": _global(mint, kind, name), "unique_id": _unique(mint, prefix)}


def _service_linked_role(mint: Mint) -> Mapping[str, Value]:
    service = str(mint.given("aws_service_name"))
    title = "".join(part.capitalize() for part in service.partition(".")[0].split("-"))
    tail = mint.given("custom_suffix")
    name = f"AWSServiceRoleFor{title}" + (f"_{tail}" if tail else "")
    path = f"/aws-service-role/{service}/"
    identifier = mint.arn("iam", f"role{path}{name}", region="")
    return {
        "id": identifier,
        "arn": identifier,
        "name": name,
        "path": path,
        "unique_id": _unique(mint, "AROA"),
        "create_date": mint.context.now,
    }


def _identity_provider(mint: Mint) -> Mapping[str, Value]:
    host = str(mint.given("url")).removeprefix("https://")
    identifier = mint.arn("iam", f"oidc-provider/{host}", region="")
    return {"id": identifier, "arn": identifier, "thumbprint_list": []}


def _import_role_policy(identifier: str, _: Context) -> Object:
    role, name = parts_of(identifier, "ROLE:POLICY")
    return {"id": identifier, "role": role, "name": name}


def _import_attachment(identifier: str, _: Context) -> Object:
    role, policy_arn = parts_of(identifier, "ROLE/POLICYARN")
    if not policy_arn.startswith("arn:"):
        raise unexpected("ROLE/POLICYARN")
    return {"id": identifier, "role": role, "policy_arn": policy_arn}


def _access_key(mint: Mint) -> Mapping[str, Value]:
    return {
        "id": f"AKIA{mint.random(16, UPPER, 'key')}",
        "secret": mint.random(40, ALPHANUMERIC, "secret"),
        "ses_smtp_password_v4": mint.random(44, ALPHANUMERIC, "smtp"),
        "create_date": mint.context.now,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_iam_access_key": resource(_access_key),
    "aws_iam_role": resource(
        _role,
        at("name_prefix", length(1, 38)),
        at("path", length(1, 512), _PATH),
        at("permissions_boundary", arn("iam")),
        at("managed_policy_arns", arn("iam")),
        at("inline_policy.policy", policy(IDENTITY, 10240)),
        policies={"assume_role_policy": policy(TRUST, 2048)},
    ),
    "aws_iam_role_policy": resource(
        _role_policy,
        at("name_prefix", length(1, 102)),
        policies={"policy": policy(IDENTITY, 10240)},
        import_=_import_role_policy,
    ),
    "aws_iam_policy": resource(
        _policy,
        at("name_prefix", length(1, 102)),
        at("path", _PATH),
        policies={"policy": policy(IDENTITY, 6144)},
    ),
    "aws_iam_role_policy_attachment": resource(
        lambda mint: {"id": f"{mint.given('role')}/{mint.given('policy_arn')}"},
        at("policy_arn", arn("iam", resource="policy/")),
        import_=_import_attachment,
    ),
    "aws_iam_policy_attachment": resource(
        lambda mint: {"id": mint.given("name")},
        at("policy_arn", arn("iam", resource="policy/")),
    ),
    "aws_iam_instance_profile": resource(
        lambda mint: _holder(mint, "instance-profile", "AIPA"),
        at("path", _PATH),
    ),
    "aws_iam_user": resource(
        lambda mint: _person(mint, "user", "AIDA"),
        at("name", length(1, 64)),
        at("path", _PATH),
    ),
    "aws_iam_user_policy": resource(
        lambda mint: {
            "id": f"{mint.given('user')}:{mint.name()}",
            "name": mint.name(),
        },
        policies={"policy": _USER_POLICY},
    ),
    "aws_iam_user_policy_attachment": resource(
        lambda mint: {"id": f"{mint.given('user')}/{mint.given('policy_arn')}"},
        at("policy_arn", arn("iam", resource="policy/")),
    ),
    "aws_iam_group": resource(
        lambda mint: _person(mint, "group", "AGPA"),
        at("name", length(1, 128)),
        at("path", _PATH),
        import_="name",
    ),
    "aws_iam_group_policy_attachment": resource(
        lambda mint: {"id": f"{mint.given('group')}/{mint.given('policy_arn')}"},
        at("policy_arn", arn("iam", resource="policy/")),
    ),
    "aws_iam_service_linked_role": resource(
        _service_linked_role,
        at("aws_service_name", matches(r"[\w.-]+\.amazonaws\.com(\.cn)?", "….amazonaws.com")),
    ),
    "aws_iam_openid_connect_provider": resource(
        _identity_provider,
        at("url", matches(r"https://.+", "an address that begins with https://")),
    ),
}
