"""Keys of KMS, with their aliases."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint.kms import Key
from bonkei.services.endpoint.provision.step import Step, Thing, Unless, calls_of

KEY_ID = "bonkei:key-id"
_call = calls_of("kms", "TrentService")
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
    once = Unless(_call("DescribeKey", {"KeyId": key.id}), make)
    return Thing.of("key", key.id, key, once, *_settings(key), end=(end,))


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
        yield Thing.of("key-tags", key.id, key, make, end=(end,), anew=True)


def _alias(key: Key, alias: str) -> Thing:
    named = {"AliasName": alias, "TargetKeyId": key.id}
    return Thing.of(
        "alias",
        alias,
        key,
        _call("CreateAlias", named, _THERE),
        changes=(_call("UpdateAlias", named),),
        end=(_call("DeleteAlias", {"AliasName": alias}, _GONE),),
    )
