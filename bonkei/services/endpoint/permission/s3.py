"""The permissions of S3's operations. Their names differ from those of the operations.

"Required permissions for Amazon S3 API operations",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import unquote

from bonkei.services.endpoint.calls.request import Request, s3_resource
from bonkei.services.endpoint.permission.names import Names
from bonkei.services.endpoint.permission.requirement import Requirement

Context = Mapping[str, tuple[str, ...]]
_OF_OBJECT = {
    **{
        name: name
        for name in (
            "GetObject", "GetObjectAttributes", "GetObjectAcl", "PutObjectAcl", "GetObjectTagging",
            "PutObjectTagging", "DeleteObjectTagging", "GetObjectRetention", "PutObjectRetention",
            "GetObjectLegalHold", "PutObjectLegalHold", "DeleteObject", "RestoreObject",
            "PutObject", "AbortMultipartUpload",
        )
    },
    **dict.fromkeys(("HeadObject", "SelectObjectContent"), "GetObject"),
    **dict.fromkeys(
        ("CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy",
         "CompleteMultipartUpload", "PostObject"),
        "PutObject",
    ),
    "ListParts": "ListMultipartUploadParts",
}  # fmt: skip
_WITH_VERSION = {
    name: name.replace("Object", "ObjectVersion")
    for name in (
        "GetObject", "DeleteObject", "GetObjectAcl", "PutObjectAcl", "GetObjectAttributes",
        "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging",
    )
}  # fmt: skip
_OF_BUCKET = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    **{
        name: name
        for name in (
            "CreateBucket", "DeleteBucket", "GetBucketAcl", "PutBucketAcl", "GetBucketLocation",
            "GetBucketLogging", "PutBucketLogging", "GetBucketOwnershipControls",
            "PutBucketOwnershipControls", "GetBucketPolicy", "PutBucketPolicy",
            "DeleteBucketPolicy", "GetBucketPolicyStatus", "GetBucketRequestPayment",
            "PutBucketRequestPayment", "GetBucketTagging", "PutBucketTagging",
            "GetBucketVersioning", "PutBucketVersioning", "GetBucketWebsite", "PutBucketWebsite",
            "DeleteBucketWebsite",
        )
    },
}  # fmt: skip
_WITH_HEADER = {
    "x-amz-tagging": "PutObjectTagging",
    "x-amz-acl": "PutObjectAcl",
    "x-amz-object-lock-mode": "PutObjectRetention",
    "x-amz-object-lock-legal-hold": "PutObjectLegalHold",
}
_ENCRYPTION = "x-amz-server-side-encryption"
_SIGNATURE = "AWS4-HMAC-SHA256"
_READS = frozenset({"GetObject", "GetObjectVersion"})


def required(
    operation: str, request: Request, names: Names, posted: str = "", now: float = 0.0
) -> tuple[Requirement, ...] | None:
    """The permissions; None for an unknown operation.

    DeleteObjects has none: `deletion` is asked for each of its objects. `posted`: the key in a
    browser's form. `now`: seconds since the epoch.
    """
    bucket, key = s3_resource(request)
    key = posted or key
    context = _context(request, now)
    root = f"arn:{names.place.partition}:s3:::"
    if operation == "ListBuckets":
        return (Requirement("s3:ListAllMyBuckets", alternative=f"{root}*", context=context),)
    if operation == "DeleteObjects":
        return ()
    if operation in _OF_BUCKET:
        return (Requirement(f"s3:{_OF_BUCKET[operation]}", f"{root}{bucket}", context=context),)
    if operation not in _OF_OBJECT:
        return None
    action = _OF_OBJECT[operation]
    if "versionId" in request.parameters:
        action = _WITH_VERSION.get(action, action)
    found = [Requirement(f"s3:{action}", f"{root}{bucket}/{key}", context=context)]
    is_new = operation in ("PutObject", "CopyObject", "CreateMultipartUpload")
    if is_new:
        found += [
            Requirement(f"s3:{more}", f"{root}{bucket}/{key}", context=context)
            for more in _more(request)
        ]
    found += _of_source(operation, request, names, root, context)
    if not is_new or _ENCRYPTION not in request.header:
        found += _of_key(bucket, action, names)
    elif own := names.keys.get(request.header.get(f"{_ENCRYPTION}-aws-kms-key-id", "")):
        found.append(_using("GenerateDataKey", own, names))  # in the place of the bucket's
    return tuple(found)


def deletion(bucket: str, key: str, version: str, names: Names) -> Requirement:
    """The requirements for one object of DeleteObjects."""
    action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
    return Requirement(action, f"arn:{names.place.partition}:s3:::{bucket}/{key}")


def _of_source(
    operation: str, request: Request, names: Names, root: str, context: Context
) -> Iterator[Requirement]:
    """A copy reads its source."""
    if operation not in ("CopyObject", "UploadPartCopy"):
        return
    source, _, version = request.header.get("x-amz-copy-source", "").partition("?versionId=")
    path = unquote(source).removeprefix("/")
    action = "GetObjectVersion" if version else "GetObject"
    yield Requirement(f"s3:{action}", f"{root}{path}", context=context)
    yield from _of_key(path.partition("/")[0], action, names)


def _of_key(bucket: str, action: str, names: Names) -> Iterator[Requirement]:
    """If a customer's key encrypts the bucket, the caller needs the key as well.

    "Using server-side encryption with AWS KMS keys", section "Permissions": a multipart upload also
    needs kms:Decrypt.
    """
    if not (key := names.bucket_keys.get(bucket)):
        return
    if action in _READS:
        yield _using("Decrypt", key, names)
    elif action == "PutObject":
        yield _using("GenerateDataKey", key, names)


def _using(action: str, key: str, names: Names) -> Requirement:
    via = {"kms:viaservice": (names.place.service("s3"),)}
    return Requirement(f"kms:{action}", key, context=via)


def _more(request: Request) -> Iterator[str]:
    """The actions that headers of a new object need."""
    for header, action in _WITH_HEADER.items():
        if header in request.header:
            yield action
    if any(header.startswith("x-amz-grant-") for header in request.header):
        yield "PutObjectAcl"


def _context(request: Request, now: float) -> Context:
    """ "Condition keys for Amazon S3": those from parameters and headers, and those of "Amazon S3
    Signature Version 4 Authentication Specific Policy Keys". The endpoint counts as AWS's, with
    TLS."""
    said = {f"s3:{name}": request.parameters.get(name) for name in ("prefix", "delimiter")}
    said["s3:max-keys"] = request.parameters.get("max-keys")
    said["s3:versionid"] = request.parameters.get("versionId")
    for name in (
        "x-amz-acl", "x-amz-server-side-encryption", "x-amz-storage-class", "x-amz-copy-source",
        "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-content-sha256",
    ):  # fmt: skip
        said[f"s3:{name}"] = request.header.get(name)
    said["s3:tlsversion"] = "1.3"
    said["s3:authtype"], said["s3:signatureversion"] = "REST-HEADER", _SIGNATURE
    if "authorization" not in request.header:
        is_query = "X-Amz-Signature" in request.parameters or "Signature" in request.parameters
        said["s3:authtype"] = "REST-QUERY-STRING" if is_query else "POST"
    if "AWSAccessKeyId" in request.parameters:
        said["s3:signatureversion"] = "AWS"
    if began := request.parameters.get("X-Amz-Date"):
        at = datetime.strptime(began, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        said["s3:signatureage"] = str(max(0, int((now - at) * 1_000)))
    return {name: (value,) for name, value in said.items() if value is not None}
