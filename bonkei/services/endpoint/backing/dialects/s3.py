"""What S3 answers where MiniStack answers otherwise, and what MiniStack is asked for that.

As AWS's answers are in the Amazon S3 API Reference ("GetObject", "HeadObject", "PutObject",
"CopyObject") and in the recorded ones of LocalStack's tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from html import escape, unescape
from urllib.parse import parse_qsl, quote, unquote

from multidict import CIMultiDict

from bonkei.services.endpoint.calls.request import Call, Request, s3_resource
from bonkei.services.endpoint.calls.s3_limits import SYSTEM_TAG
from bonkei.services.endpoint.errors import Answer, ApiError

TRAILER = 512
"""Bytes at the end of a body that have the checksum after its chunks."""
Amend = Callable[[int, CIMultiDict[str]], int]
"""From an answer's status and its headers, which may be changed, to the status for the client."""

_NEW = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})
_READS = frozenset({"GetObject", "HeadObject"})
_ENCRYPTED = _NEW | _READS | {"UploadPart", "UploadPartCopy", "CompleteMultipartUpload"}
_ENCRYPTION = "x-amz-server-side-encryption"
_CHECKSUM = "x-amz-checksum-"
_OF_BODY = re.compile(rf"{_CHECKSUM}(crc32|crc32c|crc64nvme|sha1|sha256)", re.IGNORECASE)
_IN_TRAILER = re.compile(rb"(x-amz-checksum-\w+):([A-Za-z0-9+/=]+)")
_ALGORITHM = f"{_CHECKSUM}algorithm"
_WHOLE = ("crc32", "crc32c", "crc64nvme")
_UNFIT = {("COMPOSITE", "crc64nvme"), ("FULL_OBJECT", "sha1"), ("FULL_OBJECT", "sha256")}
_EARLIER = re.compile(rb"<Checksum([A-Z0-9]+)>[^<]*</Checksum\1>(?=<Checksum[A-Z0-9]+>)")
"""A copy may have another checksum than its source, and MiniStack keeps both: the last one is its
own."""
_UNTIL = "x-amz-object-lock-retain-until-date"
_WHOLE_SECOND = re.compile(r"(T\d\d:\d\d:\d\d)Z")
_RANGE = re.compile(r"bytes=(\d{1,19})-(\d{1,19})", re.ASCII)
_META = "x-amz-meta-"
_TAGS = "x-amz-tagging"
_PLAIN = re.compile(rb"[^A-Za-z0-9%!*+/.,:;()<>@&$#'\"^`{|}~\[\]\\-]")
_LISTS = frozenset({"ListObjectVersions", "ListMultipartUploads"})
_ROOT = re.compile(rb"(<List\w+Result[^>]*>)")
_NAMES = re.compile(rb"<(Key|Prefix|KeyMarker|NextKeyMarker|Delimiter)>([^<]*)</\1>")
_FAILURES = (400, 403, 404, 405, 409, 412, 416)
_CODE = re.compile(rb"<Error><Code>(\w+)</Code>")
_RESOURCE = re.compile(rb"<Resource>[^<]*</Resource>|<Resource ?/>")
_MEMBERS = {
    "NoSuchKey": "Key",
    "NoSuchUpload": "UploadId",
    "NoSuchVersion": "Key VersionId",
    **dict.fromkeys(
        (
            "BucketAlreadyExists", "BucketAlreadyOwnedByYou", "BucketNotEmpty", "NoSuchBucket",
            "NoSuchBucketPolicy", "NoSuchCORSConfiguration", "NoSuchLifecycleConfiguration",
            "NoSuchPublicAccessBlockConfiguration", "NoSuchTagSet", "NoSuchWebsiteConfiguration",
            "ObjectLockConfigurationNotFoundError", "OwnershipControlsNotFoundError",
            "ReplicationConfigurationNotFoundError",
        ),
        "BucketName",
    ),
}  # fmt: skip
"""What S3's errors name."""
_NO_PART = "The requested partnumber is not satisfiable"


def UNCHANGED(status: int, _: CIMultiDict[str]) -> int:  # noqa: N802 - a constant of type Amend
    return status


def asked(call: Call, request: Request) -> Request:
    """The request for MiniStack. Its HEAD knows neither a range nor a part, and its usual type of
    content is another one. Raises ApiError."""
    if call.operation in _NEW:
        _require_fitting_type(request)
        if any(key.startswith("aws:") for key, _ in parse_qsl(request.header.get(_TAGS, ""))):
            raise ApiError("InvalidTag", SYSTEM_TAG)
        return replace(request, headers=tuple(_of_new_object(request)))
    if call.operation == "CompleteMultipartUpload" and (whole := whole_checksum(request)):
        own = f"{_CHECKSUM}{whole[0]}"  # it is compared here, and MiniStack would refuse it
        return replace(request, headers=tuple(each for each in request.headers if each[0] != own))
    if call.operation not in _READS:
        return request
    of_range, of_part = "range" in request.header, "partNumber" in request.parameters
    if of_range and of_part:
        message = "Cannot specify both Range header and partNumber query parameter"
        raise ApiError("InvalidRequest", message)
    if of_range and _is_backwards(request.header["range"]):
        return replace(request, headers=tuple(one for one in request.headers if one[0] != "range"))
    return replace(request, method="GET") if of_range or of_part else request


def _is_backwards(text: str) -> bool:
    """A range that ends before it begins is ignored (RFC 9110, sections 14.1.1 and 14.2)."""
    found = _RANGE.fullmatch(text)
    return found is not None and int(found[2]) < int(found[1])


def whole_checksum(request: Request) -> tuple[str, str] | None:
    """The checksum of the whole object that a CompleteMultipartUpload has: its kind and value.
    MiniStack knows only those of the parts together."""
    if request.header.get(f"{_CHECKSUM}type", "").upper() != "FULL_OBJECT":
        return None
    found = ((kind, request.header.get(f"{_CHECKSUM}{kind}", "")) for kind in _WHOLE)
    return next((each for each in found if each[1]), None)


def _of_new_object(request: Request) -> Iterator[tuple[str, str]]:
    for name, value in request.headers:
        if name == _UNTIL:  # MiniStack compares texts: `07Z` would come after `07.500Z`
            yield name, _WHOLE_SECOND.sub(r"\1.000Z", value)
            continue
        is_plain = value.isascii() or not name.startswith(_META)
        yield name, (value if is_plain else encoded_word(value))
    if "content-type" not in request.header:
        yield "content-type", "binary/octet-stream"
    if "x-amz-copy-source" in request.header and (kind := request.header.get(_ALGORITHM)):
        yield "x-amz-sdk-checksum-algorithm", kind


def _require_fitting_type(request: Request) -> None:
    kind = request.header.get(f"{_CHECKSUM}type", "").upper()
    algorithm = request.header.get(_ALGORITHM, "").lower()
    if (kind, algorithm) in _UNFIT:
        raise ApiError(
            "InvalidRequest",
            f"The {kind} checksum type cannot be used with the {algorithm} checksum algorithm.",
        )


def answered(
    call: Call, request: Request, tail: bytearray, status: int, headers: CIMultiDict[str]
) -> int:
    """An `Amend`, with the call and the end of its body. Raises ApiError in place of an answer."""
    if status == 301 and "X-Amz-Credential" in request.parameters:
        raise _wrong_region(call.region, headers.get("x-amz-bucket-region", ""))
    if status not in (200, 206):
        return status
    if call.operation in _ENCRYPTED and not any(name.startswith(_ENCRYPTION) for name in headers):
        headers[_ENCRYPTION] = "AES256"
    if call.operation == "PutObject":
        headers.update(_sent_checksum(request, tail))
    if call.operation not in _READS:
        return status
    for earlier in [name for name in headers if _OF_BODY.fullmatch(name)][:-1]:
        del headers[earlier]
    return _status_of_part(request, status, headers)


def _wrong_region(signed: str, home: str) -> ApiError:
    message = (
        f"Error parsing the X-Amz-Credential parameter; the region '{signed}' is wrong; expecting "
        f"'{home}'"
    )
    return ApiError("AuthorizationQueryParametersError", message, 400, {"Region": home})


def _sent_checksum(request: Request, tail: bytearray) -> dict[str, str]:
    """The one that MiniStack has compared, from the head or from the end of the body."""
    sent = {name: value for name, value in request.header.items() if _OF_BODY.fullmatch(name)}
    if not sent and "x-amz-trailer" in request.header:
        found = _IN_TRAILER.findall(bytes(tail))
        sent = {name.decode().lower(): value.decode() for name, value in found}
    return {**sent, f"{_CHECKSUM}type": "FULL_OBJECT"} if sent else {}


def _status_of_part(request: Request, status: int, headers: CIMultiDict[str]) -> int:
    """An object that was not uploaded in parts is its own first part."""
    part, size = request.parameters.get("partNumber", ""), headers.get("content-length", "0")
    if status != 200 or not part:
        return status
    _, in_parts, count = headers.get("etag", "").strip('"').partition("-")
    if part != "1" or in_parts:
        members = {"ActualPartCount": count or "1", "PartNumberRequested": part}
        raise ApiError("InvalidPartNumber", _NO_PART, 416, members)
    if size == "0":
        return status
    headers["content-range"] = f"bytes 0-{int(size) - 1}/{size}"
    return 206


def encoded_word(value: str) -> str:
    """A value of metadata as RFC 2047 encodes it: so S3 shows letters beyond ASCII."""
    data = value.encode("utf-8", "surrogateescape")
    text = _PLAIN.sub(lambda each: b"_" if each[0] == b" " else b"=%02X" % each[0][0], data)
    return f"=?UTF-8?Q?{text.decode('ascii')}?="


def alterations(call: Call, request: Request) -> Mapping[int, Callable[[bytes], Answer | None]]:
    """The answers that are other ones, as `Passing` takes them."""
    altered: dict[int, Callable[[bytes], Answer | None]] = {
        status: partial(_error, status, request) for status in _FAILURES
    }
    if call.operation in _LISTS and request.parameters.get("encoding-type") == "url":
        altered[200] = lambda body: Answer(200, encoded_listing(body))
    if call.operation == "GetObjectAttributes":
        altered[200] = lambda body: Answer(200, _EARLIER.sub(b"", body))
    return altered


def _error(status: int, request: Request, body: bytes) -> Answer | None:
    """MiniStack's errors name a `Resource`. S3's name the bucket, the key or the upload."""
    if (code := _CODE.search(body)) is None:
        return None
    bucket, key = s3_resource(request)
    if code[1] == b"NoSuchKey" and (source := request.header.get("x-amz-copy-source")):
        key = unquote(source).partition("?")[0].removeprefix("/").partition("/")[2]
    members = {"UploadId": request.parameters.get("uploadId", "")}
    members |= {"Key": key, "VersionId": request.parameters.get("versionId", "")}
    members["BucketName"] = bucket
    named = _MEMBERS.get(code[1].decode(), "").split()
    added = "".join(f"<{name}>{escape(members[name])}</{name}>" for name in named)
    found, count = _RESOURCE.subn(lambda _: added.encode(), body, count=1)
    return Answer(status, found) if count else None


def encoded_listing(body: bytes) -> bytes:
    """A listing with its names as in URLs, so that they may have what XML cannot have."""

    def encoded(found: re.Match[bytes]) -> bytes:
        name, text = found[1], unescape(found[2].decode("utf-8", "replace"))
        return b"<%b>%b</%b>" % (name, quote(text, safe="/").encode(), name)

    return _ROOT.sub(rb"\1<EncodingType>url</EncodingType>", _NAMES.sub(encoded, body), count=1)


def looking_at(request: Request) -> Request:
    """The question for the head of the object that a call has written, with its checksum."""
    host = tuple(each for each in request.headers if each[0] == "host")
    return Request("HEAD", request.path, "", (*host, (f"{_CHECKSUM}mode", "ENABLED")))


def with_checksum(body: bytes, headers: Iterable[tuple[str, str]]) -> bytes:
    """CopyObject's answer with the checksum of the new object."""
    found = [(name[len(_CHECKSUM) :], one) for name, one in headers if _OF_BODY.fullmatch(name)]
    if not found:
        return body
    kind, value = found[-1]
    name = f"Checksum{kind.upper()}"
    added = f"<{name}>{value}</{name}><ChecksumType>FULL_OBJECT</ChecksumType>"
    return body.replace(b"</CopyObjectResult>", added.encode() + b"</CopyObjectResult>")
