"""The name of an S3 operation, derived from method, resource and parameters, because requests do
not contain it.

Source: the request syntax of each operation in the Amazon S3 API Reference.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

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
_DELETABLE = frozenset(
    {
        "cors", "encryption", "lifecycle", "ownershipControls", "policy", "publicAccessBlock",
        "replication", "tagging", "website",
    }
)  # fmt: skip
_READ_ONLY = frozenset({"attributes", "location", "policyStatus"})
_VERBS = {"GET": "Get", "HEAD": "Head", "PUT": "Put", "DELETE": "Delete", "POST": "Post"}
_DELETED_WHOLE = {"lifecycle": "DeleteBucketLifecycle"}  # without "Configuration"


def is_operation(operation: str) -> bool:
    """Whether S3 has it: the name of what it does not have begins with the method."""
    return " " not in operation


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
    if named := [name for name in _OBJECT_PARTS if name in parameters]:
        return _of_part(method, named, _OBJECT_PARTS, {"tagging"})
    if method == "PUT":
        return "CopyObject" if copies else "PutObject"
    return f"{_VERBS[method]}Object" if method in _VERBS else f"{method} object"


def _of_part(
    method: str, named: list[str], parts: Mapping[str, str], deletable: Collection[str]
) -> str:
    """S3 refuses a method that the part does not have, and two parts at once. It never takes such a
    call for one about the whole resource."""
    name = named[0]
    known = {"GET": True, "PUT": name not in _READ_ONLY, "DELETE": name in deletable}
    if len(named) > 1 or not known.get(method):
        return f"{method} ?{'&'.join(named)}"
    if method == "DELETE" and name in _DELETED_WHOLE:
        return _DELETED_WHOLE[name]
    return f"{_VERBS[method]}{parts[name]}"


def _bucket_operation(method: str, parameters: Mapping[str, str]) -> str:
    if method == "POST":
        return "DeleteObjects" if "delete" in parameters else "PostObject"
    if named := [name for name in _BUCKET_PARTS if name in parameters]:
        return _of_part(method, named, _BUCKET_PARTS, _DELETABLE)
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
