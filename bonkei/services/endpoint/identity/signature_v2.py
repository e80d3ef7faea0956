"""Presigned URLs of Signature Version 2: SDKs still create them for S3 by default.

Source: "Signing and authenticating REST requests (AWS signature version 2)" in the Amazon S3 User
Guide. Only URLs are supported. A header of version 2 is refused, as in regions from after 2014.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from bonkei.base.aws_service import Caller
from bonkei.services.endpoint.calls.request import Request
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.identity.signature import DIFFERS, Secrets, iso

_PARTS = frozenset(
    {
        "acl", "cors", "delete", "lifecycle", "location", "logging", "notification", "partNumber",
        "policy", "requestPayment", "response-cache-control", "response-content-disposition",
        "response-content-encoding", "response-content-language", "response-content-type",
        "response-expires", "restore", "tagging", "torrent", "uploadId", "uploads", "versionId",
        "versioning", "versions", "website",
    }
)  # fmt: skip
"""The parameters that are signed."""
_DIGITS = 18  # of a time in seconds: no client needs more


def is_signed(request: Request) -> bool:
    """Whether it is such a URL."""
    return {"AWSAccessKeyId", "Signature", "Expires"} <= request.parameters.keys()


def verify(request: Request, secrets: Secrets, *, now: float) -> Caller:
    """The signer of the URL. Raises ApiError with the code of S3 and the query protocol."""
    query = request.parameters
    expires = query["Expires"]
    if not expires.isdecimal() or len(expires) > _DIGITS:
        message = "Invalid date (should be seconds since epoch): " + expires[:_DIGITS]
        raise ApiError("AccessDenied", message, 403)
    if now > int(expires):
        members = {"Expires": iso(int(expires)), "ServerTime": iso(now)}
        raise ApiError("AccessDenied", "Request has expired", 403, members)
    secret, caller = secrets(query["AWSAccessKeyId"], query.get("x-amz-security-token", ""))
    text = _string_to_sign(request).encode("utf-8", "surrogateescape")
    digest = hmac.digest(secret.encode(), text, hashlib.sha1)
    expected = base64.b64encode(digest).decode()
    if not hmac.compare_digest(expected.encode(), query["Signature"].encode()):
        message = f"{DIFFERS} Check your key and signing method."
        raise ApiError("SignatureDoesNotMatch", message, 403)
    return caller


def _string_to_sign(request: Request) -> str:
    header, query = request.header, request.parameters
    amazon = {name: value for name, value in header.items() if name.startswith("x-amz-")}
    amazon |= {name: value for name, value in query.items() if name.startswith("x-amz-")}
    return "\n".join(
        (
            request.method,
            header.get("content-md5", ""),
            header.get("content-type", ""),
            query["Expires"],
            *(f"{name}:{value.strip()}" for name, value in sorted(amazon.items())),
            _resource(request),
        )
    )


def _resource(request: Request) -> str:
    """The path with the bucket, as sent, and the parameters that name a part of it."""
    bucket = request.bucket_in_host
    path = f"/{bucket}{request.path}" if bucket else request.path
    parts = [
        f"{name}={value}" if value else name
        for name, value in sorted(request.parameters.items())
        if name in _PARTS
    ]
    return path + ("?" + "&".join(parts) if parts else "")
