"""S3's limits that can be checked in a call's head. The call is refused before its body is read.

Source: "Amazon S3 multipart upload limits" and "Creating object key names" in the Amazon S3 User
Guide; "Error responses" in the Amazon S3 API Reference for the codes and their words.
"""

from __future__ import annotations

import re
from base64 import b64decode
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from bonkei.services.endpoint.calls.request import Call, Request, repeated, s3_resource
from bonkei.services.endpoint.calls.s3_operations import is_operation
from bonkei.services.endpoint.errors import ApiError

LARGEST = 5 * 1024**3
"""Bytes of one PUT, one part, or the source of one copy."""
PARTS = 10_000
_KEY = 1_024  # bytes of UTF-8
_METADATA = 2_048  # bytes of all names and values of a user's metadata
_META = "x-amz-meta-"
_LENGTH = "x-amz-decoded-content-length"
_DELETED = 1_000  # objects of one call
LISTED = 1_000
_PAGE = re.compile(r"(?<![^&])(max-keys|max-parts|max-uploads)=(\d{4,18})(?=&|$)")
_ONE_KEY = re.compile(rb"<(?:\w+:)?Key[\s/>]")
MALFORMED = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)
TOO_LONG = ApiError("MaxMessageLengthExceeded", "Your request was too large.")
"""For a document that is longer than any setting."""
_IMPLIES = "A header you provided implies functionality that is not implemented"
SYSTEM_TAG = "Your TagKey cannot be prefixed with aws:"
_SYSTEM_TAG_OF_BUCKET = "System tags cannot be added/updated by requester"
_HOME = re.compile(rb"<(?:\w+:)?LocationConstraint>us-east-1<")
_CHECKSUMS = {
    "x-amz-checksum-crc32": 4, "x-amz-checksum-crc32c": 4, "x-amz-checksum-crc64nvme": 8,
    "x-amz-checksum-sha1": 20, "x-amz-checksum-sha256": 32,
}  # fmt: skip
"""Bytes of each."""
_SEVERAL = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
_WITH_BODY = frozenset({"PutObject", "UploadPart"})
_WITH_PART = frozenset({"UploadPart", "UploadPartCopy"})
_MISSING = frozenset({"SelectObjectContent"})
"""Refused by name, because MiniStack's answer would not explain why."""
_POLICY = "PutBucketPolicy"
_LOOKED_AT = frozenset({"DeleteObjects", "PostObject", _POLICY})
_LISTS = frozenset({"ListObjects", "ListObjectsV2", "ListObjectVersions"})
_CHANGES = (
    "x-amz-storage-class", "x-amz-server-side-encryption", "x-amz-website-redirect-location",
    "x-amz-server-side-encryption-customer-algorithm", "x-amz-checksum-algorithm",
)  # fmt: skip
"""With these headers, copying an object to itself changes something."""
_SAME = (
    "This copy request is illegal because it is trying to copy an object to itself without "
    "changing the object's metadata, storage class, website redirect location or encryption "
    "attributes."
)
_NEW = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})


def _is_in_chunks(request: Request) -> bool:
    """Such a body is an object's. The store would decode it after the decision about it."""
    header = request.header
    return (
        "aws-chunked" in header.get("content-encoding", "").lower()
        or header.get("x-amz-content-sha256", "").startswith("STREAMING-")
        or _LENGTH in header
    )


def check_known(call: Call, request: Request) -> None:
    """Raises ApiError if S3 has no such operation, cannot have such a bucket, or gets two values of
    one parameter."""
    if call.service != "s3":
        return
    if not is_operation(call.operation) and request.method != "OPTIONS":
        message = "The specified method is not allowed against this resource."
        raise ApiError("MethodNotAllowed", message, 405)
    if name := repeated(request.query):
        raise ApiError("InvalidArgument", f"The query parameter {name} is given twice.", 400)
    if call.operation in _LOOKED_AT and _is_in_chunks(request):
        raise ApiError("NotImplemented", _IMPLIES, 501)
    # "General purpose bucket naming rules". The store has pages of its own below `/_`.
    if s3_resource(request)[0].startswith("_"):
        raise ApiError("InvalidBucketName", "The specified bucket is not valid.", 400)


def check(call: Call, request: Request, body: bytes = b"") -> None:
    """Raises ApiError if the call exceeds S3's limits. `body`: that of a call with the objects'
    names in its body."""
    if call.service != "s3":
        return
    if call.operation in _MISSING:
        message = f"The miniature does not answer s3:{call.operation}."
        raise ApiError("NotImplemented", message, 501)
    _, key = s3_resource(request)
    if len(unquote(key).encode("utf-8", "surrogateescape")) > _KEY:
        size = {"Size": len(key.encode("utf-8", "surrogateescape")), "MaxSizeAllowed": _KEY}
        raise ApiError("KeyTooLongError", "Your key is too long", 400, size)
    if call.operation in _WITH_PART:
        _check_part(request.parameters.get("partNumber", ""))
    if call.operation in _NEW:
        _check_metadata(request)
    if call.operation in _WITH_BODY:
        _check_length(request)
        _check_checksum(request)
    if call.operation in _LISTS:
        _check_page(request.parameters.get("max-keys"))
    if call.operation == "CopyObject":
        _check_copy(request)
    if body and not _is_in_chunks(request):
        _check_document(call, body)


def capped(query: str) -> str:
    """The query of a listing. A page has at most 1,000 items, whatever the client requests
    ("ListObjectsV2", "ListParts", "ListMultipartUploads")."""
    return _PAGE.sub(lambda found: f"{found[1]}={min(int(found[2]), LISTED)}", query)


def check_arrived(size: int, request: Request) -> None:
    """Raises ApiError if a body that is still arriving is too large. The framing of its chunks does
    not count."""
    check_size(size if _LENGTH not in request.header else size - size // 32 - 65_536)


def check_size(size: int) -> None:
    """Raises ApiError if an object of `size` bytes is too large for one upload."""
    if size > LARGEST:
        members = {"ProposedSize": size, "MaxSizeAllowed": LARGEST}
        message = "Your proposed upload exceeds the maximum allowed size"
        raise ApiError("EntityTooLarge", message, 400, members)


def _check_length(request: Request) -> None:
    """ "Common request headers": a PUT must declare its length. Chunks of HTTP are allowed only for
    S3's own framing."""
    length = request.header.get(_LENGTH) or request.header.get("content-length")
    if length is not None and length.isdecimal():
        check_size(int(length))
    elif "transfer-encoding" in request.header:
        header = {"Header": "Transfer-Encoding"}
        raise ApiError("NotImplemented", _IMPLIES, 501, header)
    else:
        raise ApiError(
            "MissingContentLength", "You must provide the Content-Length HTTP header.", 411
        )


def _check_document(call: Call, body: bytes) -> None:
    """MiniStack would take any text for a setting."""
    if call.operation == "DeleteObjects" and len(_ONE_KEY.findall(body)) > _DELETED:
        raise ApiError("MalformedXML", MALFORMED, 400)
    if call.operation.startswith("Put") and call.operation not in ("PutObject", _POLICY):
        try:
            ET.fromstring(body)  # noqa: S314 - expat bounds what entities may become
        except ET.ParseError:
            raise ApiError("MalformedXML", MALFORMED) from None
    if call.operation in ("PutBucketTagging", "PutObjectTagging"):
        _check_tags(call, body)
    if call.operation == "CreateBucket" and call.region != "us-east-1" and _HOME.search(body):
        message = (
            "The us-east-1 location constraint is incompatible for the region specific endpoint "
            "this request was sent to."
        )
        raise ApiError("IllegalLocationConstraintException", message)


def _check_tags(call: Call, body: bytes) -> None:
    """ "PutBucketTagging" and "PutObjectTagging", section "Errors": InvalidTag."""
    elements = ET.fromstring(body).iter()  # noqa: S314 - expat bounds what entities may become
    keys = [each.text or "" for each in elements if each.tag.rpartition("}")[2] == "Key"]
    if len(set(keys)) < len(keys):
        raise ApiError("InvalidTag", "Cannot provide multiple Tags with the same key")
    if any(key.startswith("aws:") for key in keys):
        is_bucket = call.operation == "PutBucketTagging"
        raise ApiError("InvalidTag", _SYSTEM_TAG_OF_BUCKET if is_bucket else SYSTEM_TAG)


def _check_checksum(request: Request) -> None:
    """ "Checking object integrity in Amazon S3": one checksum, in base 64."""
    sent = {name: value for name, value in request.header.items() if name in _CHECKSUMS}
    if len(sent) > 1:
        raise ApiError("InvalidRequest", _SEVERAL, 400)
    for name, value in sent.items():
        try:
            size = len(b64decode(value, validate=True))
        except ValueError:
            size = 0
        if size != _CHECKSUMS[name]:
            raise ApiError("InvalidRequest", f"Value for {name} header is invalid.", 400)


def _check_page(text: str | None) -> None:
    if text is not None and not text.isdecimal():
        members = {"ArgumentName": "max-keys", "ArgumentValue": text}
        message = "Provided max-keys not an integer or within integer range"
        raise ApiError("InvalidArgument", message, 400, members)


def _check_copy(request: Request) -> None:
    bucket, key = s3_resource(request)
    source = unquote(request.header.get("x-amz-copy-source", "")).removeprefix("/")
    replaces = "replace" in (
        request.header.get(f"x-amz-{what}-directive", "").lower()
        for what in ("metadata", "tagging")
    )
    changes = replaces or any(name in request.header for name in _CHANGES)
    if source == f"{bucket}/{key}" and not changes:
        raise ApiError("InvalidRequest", _SAME, 400)


def _check_part(text: str) -> None:
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= PARTS:
        members = {"ArgumentName": "partNumber", "ArgumentValue": text}
        message = f"Part number must be an integer between 1 and {PARTS}, inclusive"
        raise ApiError("InvalidArgument", message, 400, members)


def _check_metadata(request: Request) -> None:
    size = sum(
        len(name) - len(_META) + len(value.encode("utf-8", "surrogateescape"))
        for name, value in request.headers
        if name.startswith(_META)
    )
    if size > _METADATA:
        members = {"Size": size, "MaxSizeAllowed": _METADATA}
        message = "Your metadata headers exceed the maximum allowed metadata size"
        raise ApiError("MetadataTooLarge", message, 400, members)
