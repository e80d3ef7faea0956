"""The settings of an aws_s3_bucket, translated from Terraform's form to S3's API.

Source: the request of each `PutBucket...` operation in the Amazon S3 API Reference; the AWS
provider's documentation of each `aws_s3_bucket_...` resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bonkei.blueprint.s3 import BucketSetting, Document
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.tags import read_tags


def read_settings(bucket: Resource, state: State) -> tuple[BucketSetting, ...]:
    """The settings, in an order that S3 accepts."""
    name = bucket.text("bucket")
    found = []
    if tags := read_tags(bucket):
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        found.append(BucketSetting("tagging", "Tagging", {"TagSet": {"Tag": listed}}))
    found += [
        setting
        for kind, read in _READERS.items()
        for satellite in state.managed(kind)
        if satellite.text("bucket") == name and (setting := read(satellite)) is not None
    ]
    return tuple(found)


def _versioning(block: Resource) -> BucketSetting | None:
    for each in block.blocks("versioning_configuration"):
        status = each.text("status", "")
        if status in ("Enabled", "Suspended"):  # "Disabled": never begun
            return BucketSetting("versioning", "VersioningConfiguration", {"Status": status})
    return None


def _encryption(block: Resource) -> BucketSetting:
    rules = []
    for rule in block.blocks("rule"):
        default = rule.block("apply_server_side_encryption_by_default")
        rules.append(
            {
                "ApplyServerSideEncryptionByDefault": default
                and {
                    "SSEAlgorithm": default.text("sse_algorithm"),
                    "KMSMasterKeyID": default.text("kms_master_key_id", "") or None,
                },
                "BucketKeyEnabled": rule.values.get("bucket_key_enabled"),
            }
        )
    return BucketSetting("encryption", "ServerSideEncryptionConfiguration", {"Rule": rules})


def _public_access(block: Resource) -> BucketSetting:
    document = {
        "BlockPublicAcls": block.flag("block_public_acls"),
        "IgnorePublicAcls": block.flag("ignore_public_acls"),
        "BlockPublicPolicy": block.flag("block_public_policy"),
        "RestrictPublicBuckets": block.flag("restrict_public_buckets"),
    }
    return BucketSetting("publicAccessBlock", "PublicAccessBlockConfiguration", document)


def _ownership(block: Resource) -> BucketSetting:
    rules = [{"ObjectOwnership": rule.text("object_ownership")} for rule in block.blocks("rule")]
    return BucketSetting("ownershipControls", "OwnershipControls", {"Rule": rules})


def _cors(block: Resource) -> BucketSetting:
    rules = [
        {
            "ID": rule.text("id", "") or None,
            "AllowedHeader": list(rule.texts("allowed_headers")),
            "AllowedMethod": list(rule.texts("allowed_methods")),
            "AllowedOrigin": list(rule.texts("allowed_origins")),
            "ExposeHeader": list(rule.texts("expose_headers")),
            "MaxAgeSeconds": rule.values.get("max_age_seconds"),
        }
        for rule in block.blocks("cors_rule")
    ]
    return BucketSetting("cors", "CORSConfiguration", {"CORSRule": rules})


def _policy(block: Resource) -> BucketSetting:
    return BucketSetting("policy", text=block.text("policy"))


def _acl(block: Resource) -> BucketSetting | None:
    if acl := block.text("acl", ""):
        return BucketSetting("acl", headers=(("x-amz-acl", acl),))
    policy = block.block("access_control_policy")
    if policy is None:
        return None
    grants = [
        {"Grantee": dict(_grantee(grantee)), "Permission": grant.text("permission")}
        for grant in policy.blocks("grant")
        for grantee in grant.blocks("grantee")
    ]
    owner = {"ID": policy.required_block("owner").text("id")}
    document = {"Owner": owner, "AccessControlList": {"Grant": grants}}
    return BucketSetting("acl", "AccessControlPolicy", document)


def _grantee(block: Block) -> Iterator[tuple[str, Any]]:
    yield "@xsi:type", block.text("type")
    yield "ID", block.text("id", "") or None
    yield "URI", block.text("uri", "") or None
    yield "EmailAddress", block.text("email_address", "") or None


def _logging(block: Resource) -> BucketSetting:
    enabled = {
        "TargetBucket": block.text("target_bucket"),
        "TargetPrefix": block.text("target_prefix", ""),
    }
    return BucketSetting("logging", "BucketLoggingStatus", {"LoggingEnabled": enabled})


def _object_lock(block: Resource) -> BucketSetting:
    rule = None
    for each in block.blocks("rule"):
        for default in each.blocks("default_retention"):
            retention = {
                "Mode": default.text("mode", "") or None,
                "Days": default.values.get("days") or None,
                "Years": default.values.get("years") or None,
            }
            rule = {"DefaultRetention": retention}
    document = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    return BucketSetting("object-lock", "ObjectLockConfiguration", document)


def _website(block: Resource) -> BucketSetting:
    index, error = block.block("index_document"), block.block("error_document")
    other = block.block("redirect_all_requests_to")
    rules = [
        {
            "Condition": _renamed(rule.part("condition")) or None,
            "Redirect": _renamed(rule.part("redirect")),
        }
        for rule in block.blocks("routing_rule")
    ]
    document = {
        "IndexDocument": index and {"Suffix": index.text("suffix")},
        "ErrorDocument": error and {"Key": error.text("key")},
        "RedirectAllRequestsTo": other
        and {"HostName": other.text("host_name"), "Protocol": other.text("protocol", "") or None},
        "RoutingRules": rules and {"RoutingRule": rules},
    }
    return BucketSetting("website", "WebsiteConfiguration", document)


def _renamed(block: Block) -> dict[str, Any]:
    """The texts that it has, by S3's names: `key_prefix_equals` -> `KeyPrefixEquals`."""
    return {name.title().replace("_", ""): value for name, value in block.values.items() if value}


_TARGETS = (
    ("topic", "TopicConfiguration", "Topic", "topic_arn"),
    ("queue", "QueueConfiguration", "Queue", "queue_arn"),
    ("lambda_function", "CloudFunctionConfiguration", "CloudFunction", "lambda_function_arn"),
)


def _notification(block: Resource) -> BucketSetting:
    document: dict[str, Any] = {}
    for name, element, target, argument in _TARGETS:
        document[element] = [
            {
                "Id": each.text("id", "") or None,
                target: each.text(argument),
                "Event": sorted(each.texts("events")),
                "Filter": _key_filter(each),
            }
            for each in block.blocks(name)
        ]
    document["EventBridgeConfiguration"] = {} if block.flag("eventbridge") else None
    return BucketSetting("notification", "NotificationConfiguration", document)


def _key_filter(block: Block) -> Document | None:
    rules = [
        {"Name": name, "Value": value}
        for name in ("prefix", "suffix")
        if (value := block.text(f"filter_{name}", ""))
    ]
    return {"S3Key": {"FilterRule": rules}} if rules else None


def _lifecycle(block: Resource) -> BucketSetting:
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


_READERS: Mapping[str, Callable[[Resource], BucketSetting | None]] = {
    "aws_s3_bucket_versioning": _versioning,
    "aws_s3_bucket_server_side_encryption_configuration": _encryption,
    "aws_s3_bucket_ownership_controls": _ownership,
    "aws_s3_bucket_public_access_block": _public_access,
    "aws_s3_bucket_acl": _acl,
    "aws_s3_bucket_object_lock_configuration": _object_lock,
    "aws_s3_bucket_lifecycle_configuration": _lifecycle,
    "aws_s3_bucket_cors_configuration": _cors,
    "aws_s3_bucket_policy": _policy,
    "aws_s3_bucket_logging": _logging,
    "aws_s3_bucket_website_configuration": _website,
    "aws_s3_bucket_notification": _notification,
}
