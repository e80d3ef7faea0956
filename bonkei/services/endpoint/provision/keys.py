"""Keys of KMS, with their aliases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.blueprint.kms import Key
from bonkei.services.endpoint.provision.step import JsonStep, Step, Thing, Unless

KEY_ID = "bonkei:key-id"
_STATE = frozenset({"KMSInvalidStateException"})
_GONE = frozenset({"NotFoundException"})
_THERE = frozenset({"AlreadyExistsException"})


def keys(found: tuple[Key, ...]) -> Iterator[Thing]:
    """As on AWS, a key is deleted after a waiting period. If it is declared again meanwhile, it is
    restored."""
    for key in found:
        yield _key(key)
        yield from _tags(key)
        for alias in key.aliases:
            yield _alias(key, alias)


def _key(key: Key) -> Thing:
    make = _call(
        "CreateKey",
        {
            "Tags": [{"TagKey": KEY_ID, "TagValue": key.id}],
            "Description": key.description or key.address,
            "KeySpec": key.spec,
            "KeyUsage": key.usage,
            "MultiRegion": key.multi_region,
        },
    )
    content = {"KeyId": key.id, "PendingWindowInDays": key.deletion_window}
    end = _call("ScheduleKeyDeletion", content, _GONE | _STATE)
    region = Arn.of(key.arn).region
    steps = (Unless(_call("DescribeKey", {"KeyId": key.id}), make), *_settings(key))
    return Thing("key", key.id, key.address, region, steps, end=(end,))


def _settings(key: Key) -> Iterator[Step]:
    yield _call("CancelKeyDeletion", {"KeyId": key.id}, _STATE)
    yield _call("EnableKey" if key.enabled else "DisableKey", {"KeyId": key.id})
    if key.policy_text:
        policy = {"KeyId": key.id, "PolicyName": "default", "Policy": key.policy_text}
        yield _call("PutKeyPolicy", policy)
    if key.spec == "SYMMETRIC_DEFAULT" and key.enabled:
        change = "EnableKeyRotation" if key.rotation else "DisableKeyRotation"
        yield _call(change, {"KeyId": key.id})


def _tags(key: Key) -> Iterator[Thing]:
    if key.tags:
        tags = [{"TagKey": name, "TagValue": value} for name, value in key.tags.items()]
        make = _call("TagResource", {"KeyId": key.id, "Tags": tags})
        end = _call("UntagResource", {"KeyId": key.id, "TagKeys": sorted(key.tags)}, _GONE | _STATE)
        region = Arn.of(key.arn).region
        yield Thing("key-tags", key.id, key.address, region, (make,), (), (end,), anew=True)


def _alias(key: Key, alias: str) -> Thing:
    named = {"AliasName": alias, "TargetKeyId": key.id}
    return Thing(
        "alias",
        alias,
        key.address,
        Arn.of(key.arn).region,
        (_call("CreateAlias", named, _THERE),),
        changes=(_call("UpdateAlias", named),),
        end=(_call("DeleteAlias", {"AliasName": alias}, _GONE),),
    )


def _call(
    operation: str, content: Mapping[str, Any], accepted: frozenset[str] = frozenset()
) -> JsonStep:
    return JsonStep("kms", f"TrentService.{operation}", content, accepted)
