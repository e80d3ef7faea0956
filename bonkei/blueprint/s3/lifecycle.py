"""aws_s3_bucket_lifecycle_configuration, as PutBucketLifecycleConfiguration has it."""

from __future__ import annotations

from typing import Any

from bonkei.blueprint.s3 import BucketSetting, Document
from bonkei.blueprint.state import Resource
from bonkei.blueprint.state.block import Block


def lifecycle(block: Resource) -> BucketSetting:
    """Translate every rule, including those that are switched off."""
    rules = [_rule(rule) for rule in block.blocks("rule")]
    return BucketSetting("lifecycle", "LifecycleConfiguration", {"Rule": rules})


def _rule(rule: Block) -> Document:
    abort = rule.block("abort_incomplete_multipart_upload")
    return {
        "ID": rule.text("id"),
        "Filter": _filter(rule),
        "Status": rule.text("status"),
        "Expiration": _expiration(rule.block("expiration")),
        "Transition": [
            {"Date": each.values.get("date") or None, "Days": _days(each),
             "StorageClass": each.text("storage_class")}
            for each in rule.blocks("transition")
        ],
        "NoncurrentVersionExpiration": [
            _noncurrent(each) for each in rule.blocks("noncurrent_version_expiration")
        ],
        "NoncurrentVersionTransition": [
            {**_noncurrent(each), "StorageClass": each.text("storage_class")}
            for each in rule.blocks("noncurrent_version_transition")
        ],
        "AbortIncompleteMultipartUpload": abort
        and {"DaysAfterInitiation": abort.integer("days_after_initiation")},
    }  # fmt: skip


def _filter(rule: Block) -> Document:
    """A rule in the form from before 2016 has its prefix beside the filter. The meaning is the
    same."""
    found = rule.block("filter")
    if found is None:
        return {"Prefix": rule.text("prefix", "")}
    if (several := found.block("and")) is not None:
        tags = [{"Key": key, "Value": value} for key, value in several.pairs("tags")]
        return {"And": {**_conditions(several), "Tag": tags}}
    if (tag := found.block("tag")) is not None:
        return {"Tag": {"Key": tag.text("key"), "Value": tag.text("value")}}
    return _conditions(found) or {"Prefix": ""}


def _conditions(block: Block) -> dict[str, Any]:
    conditions = {
        "Prefix": block.text("prefix", "") or None,
        "ObjectSizeGreaterThan": block.values.get("object_size_greater_than") or None,
        "ObjectSizeLessThan": block.values.get("object_size_less_than") or None,
    }
    return {name: value for name, value in conditions.items() if value is not None}


def _expiration(block: Block | None) -> Document | None:
    if block is None:
        return None
    marker = True if block.flag("expired_object_delete_marker") else None
    return {
        "Date": block.values.get("date") or None,
        "Days": _days(block),
        "ExpiredObjectDeleteMarker": marker,
    }


def _noncurrent(block: Block) -> dict[str, Any]:
    return {
        "NoncurrentDays": block.integer("noncurrent_days"),
        "NewerNoncurrentVersions": block.values.get("newer_noncurrent_versions") or None,
    }


def _days(block: Block) -> int | None:
    """A transition may have 0 days. For an expiration, 0 in the state means that none is set."""
    days = block.values.get("days")
    if days is None or block.values.get("date") or (days == 0 and not block.has("storage_class")):
        return None
    return int(days)
