"""A bucket's lifecycle configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.definitions.cloudformation.resources.kind import Values, blocks, values


def lifecycle(given: Values) -> Values:
    """Rules without an id get one, as in S3."""
    rules = [_rule(rule, number) for number, rule in enumerate(given["Rules"], start=1)]
    smallest = given.get("TransitionDefaultMinimumObjectSize")
    return values(rule=rules, transition_default_minimum_object_size=smallest)


def _rule(rule: Values, number: int) -> Values:
    abort = rule.get("AbortIncompleteMultipartUpload")
    transitions = [*rule.get("Transitions", ()), *_one(rule, "Transition")]
    later = [
        *rule.get("NoncurrentVersionTransitions", ()),
        *_one(rule, "NoncurrentVersionTransition"),
    ]
    return values(
        id=rule.get("Id", f"rule-{number}"),
        status=rule["Status"],
        filter=blocks(_filter(rule)),
        expiration=_expiration(rule),
        transition=[
            values(
                date=each.get("TransitionDate"),
                days=each.get("TransitionInDays"),
                storage_class=each["StorageClass"],
            )
            for each in transitions
        ],
        noncurrent_version_expiration=_noncurrent_expiration(rule),
        noncurrent_version_transition=[
            values(
                noncurrent_days=each["TransitionInDays"],
                newer_noncurrent_versions=each.get("NewerNoncurrentVersions"),
                storage_class=each["StorageClass"],
            )
            for each in later
        ],
        abort_incomplete_multipart_upload=abort
        and blocks({"days_after_initiation": abort["DaysAfterInitiation"]}),
    )


def _one(rule: Values, name: str) -> list[Any]:
    return [rule[name]] if name in rule else []


def _expiration(rule: Values) -> list[Mapping[str, Any]] | None:
    found = values(
        date=rule.get("ExpirationDate"),
        days=rule.get("ExpirationInDays"),
        expired_object_delete_marker=rule.get("ExpiredObjectDeleteMarker"),
    )
    return blocks(found) if found else None


def _noncurrent_expiration(rule: Values) -> list[Mapping[str, Any]] | None:
    given, days = (
        rule.get("NoncurrentVersionExpiration"),
        rule.get("NoncurrentVersionExpirationInDays"),
    )
    if given is not None:
        days, newer = given["NoncurrentDays"], given.get("NewerNoncurrentVersions")
        return blocks(values(noncurrent_days=days, newer_noncurrent_versions=newer))
    return None if days is None else blocks({"noncurrent_days": days})


def _filter(rule: Values) -> Values:
    conditions = values(
        prefix=rule.get("Prefix"),
        object_size_greater_than=_size(rule, "ObjectSizeGreaterThan"),
        object_size_less_than=_size(rule, "ObjectSizeLessThan"),
    )
    tags = {tag["Key"]: tag["Value"] for tag in rule.get("TagFilters", ())}
    if tags and not conditions and len(tags) == 1:
        ((key, value),) = tags.items()
        return {"tag": blocks({"key": key, "value": value})}
    if tags or len(conditions) > 1:
        return {"and": blocks({**conditions, **({"tags": tags} if tags else {})})}
    return conditions


def _size(rule: Values, name: str) -> int | None:
    return int(rule[name]) if name in rule else None
