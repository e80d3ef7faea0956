"""The settings of an aws_s3_bucket, translated from Terraform's form to S3's API.

Source: the request of each `PutBucket...` operation in the Amazon S3 API Reference; the AWS
provider's documentation of each `aws_s3_bucket_...` resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bonkei.blueprint.s3 import BucketSetting, Document
from bonkei.blueprint.s3.lifecycle import lifecycle
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
    document = {
        "IndexDocument": index and {"Suffix": index.text("suffix")},
        "ErrorDocument": error and {"Key": error.text("key")},
        "RedirectAllRequestsTo": other
        and {"HostName": other.text("host_name"), "Protocol": other.text("protocol", "") or None},
    }
    return BucketSetting("website", "WebsiteConfiguration", document)


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


_READERS: Mapping[str, Callable[[Resource], BucketSetting | None]] = {
    "aws_s3_bucket_versioning": _versioning,
    "aws_s3_bucket_server_side_encryption_configuration": _encryption,
    "aws_s3_bucket_ownership_controls": _ownership,
    "aws_s3_bucket_public_access_block": _public_access,
    "aws_s3_bucket_acl": _acl,
    "aws_s3_bucket_object_lock_configuration": _object_lock,
    "aws_s3_bucket_lifecycle_configuration": lifecycle,
    "aws_s3_bucket_cors_configuration": _cors,
    "aws_s3_bucket_policy": _policy,
    "aws_s3_bucket_logging": _logging,
    "aws_s3_bucket_website_configuration": _website,
    "aws_s3_bucket_notification": _notification,
}
