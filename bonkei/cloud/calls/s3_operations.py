"""The name of an S3 operation, derived from method, resource and parameters, because requests do
not contain it.

Source: the request syntax of each operation in the Amazon S3 API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping

_BUCKET_PARTS = {
    "accelerate": "BucketAccelerateConfiguration",
    "acl": "BucketAcl",
    "cors": "BucketCors",
    "encryption": "BucketEncryption",
    "lifecycle": "BucketLifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "notification": "BucketNotificationConfiguration",
    "object-lock": "ObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "PublicAccessBlock",
    "replication": "BucketReplication",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
_OBJECT_PARTS = {
    "acl": "ObjectAcl",
    "attributes": "ObjectAttributes",
    "legal-hold": "ObjectLegalHold",
    "retention": "ObjectRetention",
    "tagging": "ObjectTagging",
}
_VERBS = {"GET": "Get", "HEAD": "Head", "PUT": "Put", "DELETE": "Delete", "POST": "Post"}
_DELETED_WHOLE = {"lifecycle": "DeleteBucketLifecycle"}  # without "Configuration"


def s3_operation(
    method: str,
    resource: tuple[str, str],
    parameters: Mapping[str, str],
    headers: Mapping[str, str],
) -> str:
    """`resource`: bucket and key. Either may be empty."""
    bucket, key = resource
    if not bucket:
        return "ListBuckets" if method == "GET" else f"{method} /"
    if key:
        return _object_operation(method, parameters, headers)
    return _bucket_operation(method, parameters)


def _object_operation(
    method: str, parameters: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    copies = "x-amz-copy-source" in headers
    if "uploadId" in parameters:
        upload = {
            "PUT": "UploadPartCopy" if copies else "UploadPart",
            "POST": "CompleteMultipartUpload",
            "DELETE": "AbortMultipartUpload",
            "GET": "ListParts",
        }
        return upload.get(method, f"{method} ?uploadId")
    if method == "POST":
        for name, operation in (
            ("uploads", "CreateMultipartUpload"),
            ("select", "SelectObjectContent"),
            ("restore", "RestoreObject"),
        ):
            if name in parameters:
                return operation
    for name, part in _OBJECT_PARTS.items():
        if name in parameters:
            return f"{_VERBS.get(method, method)}{part}"
    if method == "PUT":
        return "CopyObject" if copies else "PutObject"
    return f"{_VERBS[method]}Object" if method in _VERBS else f"{method} object"


def _bucket_operation(method: str, parameters: Mapping[str, str]) -> str:
    if method == "POST":
        return "DeleteObjects" if "delete" in parameters else "PostObject"
    for name, part in _BUCKET_PARTS.items():
        if name in parameters:
            if method == "DELETE" and name in _DELETED_WHOLE:
                return _DELETED_WHOLE[name]
            return f"{_VERBS.get(method, method)}{part}"
    if method == "GET":
        for name, operation in (
            ("uploads", "ListMultipartUploads"),
            ("versions", "ListObjectVersions"),
        ):
            if name in parameters:
                return operation
        return "ListObjectsV2" if parameters.get("list-type") == "2" else "ListObjects"
    whole = {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket"}
    return whole.get(method, f"{method} bucket")
