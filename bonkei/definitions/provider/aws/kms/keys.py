"""AWS KMS: keys and their aliases.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.checks import at, matches
from bonkei.definitions.provider.aws.shared.documents import RESOURCE, policy
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

_ALIAS = matches(r"alias/(?!aws/)[a-zA-Z0-9/_-]{1,250}", "alias/… with letters, digits, /, _ and -")


def _key(mint: Mint) -> Mapping[str, Value]:
    multi_region = mint.given("multi_region") is True
    identifier = f"mrk-{mint.random(32)}" if multi_region else mint.uuid("key")
    return {
        "id": identifier,
        "key_id": identifier,
        "arn": mint.arn("kms", f"key/{identifier}"),
        "policy": _default_policy(mint),
        "rotation_period_in_days": 365 if mint.given("enable_key_rotation") else 0,
    }


def _default_policy(mint: Mint) -> str:
    """The key policy that KMS gives a key without one.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    root = mint.arn("iam", "root", region="")
    statement = {
        "Action": "kms:*",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Resource": "*",
        "Sid": "Enable IAM User Permissions",
    }
    document = {"Id": "key-default-1", "Statement": [statement], "Version": "2012-10-17"}
    return json.dumps(document, separators=(",", ":"))


def _rotation(config: Object) -> Iterator[Problem]:
    """Only symmetric keys rotate by themselves."""
    spec, rotates = config.get("customer_master_key_spec"), config.get("enable_key_rotation")
    if given(spec) and spec != "SYMMETRIC_DEFAULT" and given(rotates) and rotates:
        detail = f"A key of spec {spec} has no automatic rotation."
        yield Problem(("enable_key_rotation",), "Conflicting arguments", detail)


def _alias(mint: Mint) -> Mapping[str, Value]:
    name = mint.name(prefix="alias/")
    target = str(mint.given("target_key_id"))
    key = target.rpartition("/")[2]
    return {
        "id": name,
        "name": name,
        "arn": mint.arn("kms", name),
        "target_key_arn": target if target.startswith("arn:") else mint.arn("kms", f"key/{key}"),
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_kms_key": resource(
        _key,
        _rotation,
        defaults={"multi_region": False, "description": ""},
        recomputed={"rotation_period_in_days": "enable_key_rotation"},
        policies={"policy": policy(RESOURCE, 32768)},
        import_="key_id",
    ),
    "aws_kms_alias": resource(
        _alias,
        at("name", _ALIAS),
        at("name_prefix", matches(r"alias/(?!aws/)[a-zA-Z0-9/_-]*", "alias/…")),
        recomputed={"target_key_arn": "target_key_id"},
    ),
    "aws_kms_key_policy": resource(
        lambda mint: {"id": mint.given("key_id")},
        policies={"policy": policy(RESOURCE, 32768)},
        import_="key_id",
    ),
    "aws_kms_grant": resource(
        lambda mint: {
            "id": f"{mint.given('key_id')}:{mint.random(64)}",
            "grant_id": mint.random(64),
            "grant_token": mint.random(96),
        },
    ),
}
