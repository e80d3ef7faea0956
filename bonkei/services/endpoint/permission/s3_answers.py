"""Answers of S3 that depend on the caller's permissions in more ways than yes and no.

DeleteObjects treats each key separately: "the action returns the result of each key" (Amazon S3 API
Reference). A missing object is a 404 only for a caller that may list the bucket; others get a 403:
GetObject, HeadObject and CopyObject, section "Permissions".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from xml.etree import ElementTree as ET

from bonkei.base.aws_service import Caller
from bonkei.services.endpoint.calls.request import Call, Request, s3_resource
from bonkei.services.endpoint.calls.s3_limits import MALFORMED
from bonkei.services.endpoint.errors import Answer, ApiError, render
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.network import UNKNOWN, Via
from bonkei.services.endpoint.permission.requirement import Requirement
from bonkei.services.endpoint.permission.s3 import deletion

READS = frozenset({"GetObject", "HeadObject", "GetObjectAttributes"})
_SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
ET.register_namespace("", _SPACE)
Keys = tuple[tuple[str, str], ...]
"""(key, version or an empty text) of each object."""


_OF_BODY = ("content-length", "content-md5", "x-amz-checksum", "x-amz-content-sha256",
            "x-amz-sdk-checksum", "x-amz-trailer")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decided:
    """The call in the form to pass on, or `answer` in its place. `alterations`: status -> the
    function that changes S3's answer."""

    request: Request
    body: bytes | None
    alterations: Mapping[int, Callable[[bytes], Answer | None]] = field(default_factory=dict)
    answer: Answer | None = None


class S3Rights:
    """The effect of the caller's permissions on a call and on its answer."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def decide(
        self, call: Call, caller: Caller, request: Request, body: bytes | None, now: float,
        via: Via = UNKNOWN,
    ) -> Decided:  # fmt: skip
        if self._authorizer.estate is None:
            return Decided(request, body)
        if call.operation == "DeleteObjects" and body:
            return self._deletion(caller, request, body, now, via)
        if call.operation in READS:
            missing = partial(self._missing, call, caller, request, now, via)
            return Decided(request, body, {404: missing})
        return Decided(request, body)

    def _deletion(
        self, caller: Caller, request: Request, body: bytes, now: float, via: Via
    ) -> Decided:
        estate = self._authorizer.estate
        assert estate is not None  # noqa: S101 - `decide` has seen it
        bucket, _ = s3_resource(request)
        if not is_deletion(body):
            raise ApiError("MalformedXML", MALFORMED)
        objects = deleted_objects(body)
        needed = [deletion(bucket, *each, estate.names) for each in objects]
        messages = self._authorizer.denials(caller, needed, now, via)
        denied = {
            each: message for each, message in zip(objects, messages, strict=False) if message
        }
        if not denied:
            return Decided(request, body)
        left = without(body, denied)
        if not left:
            kind = (("content-type", "application/xml"),)
            return Decided(request, body, answer=Answer(200, with_errors(b"", denied), kind))
        headers = tuple(each for each in request.headers if not each[0].startswith(_OF_BODY))
        length = (("content-length", str(len(left))),)
        altered = replace(request, headers=headers + length)
        return Decided(altered, left, {200: partial(_joined, denied)})

    def _missing(
        self, call: Call, caller: Caller, request: Request, now: float, via: Via, body: bytes
    ) -> Answer | None:
        """For a missing bucket, the answer stays a 404."""
        estate = self._authorizer.estate
        if estate is None or b"<Code>NoSuchBucket</Code>" in body:
            return None
        bucket, _ = s3_resource(request)
        arn = f"arn:{estate.names.place.partition}:s3:::{bucket}"
        listing = [Requirement("s3:ListBucket", arn)]
        message = next(filter(None, self._authorizer.denials(caller, listing, now, via)), "")
        if not message:
            return None
        answer = render(ApiError("AccessDenied", message, 403), call.protocol, "")
        return replace(answer, body=b"") if request.method == "HEAD" else answer


def _joined(denied: Mapping[tuple[str, str], str], body: bytes) -> Answer:
    return Answer(200, with_errors(body, denied), (("content-type", "application/xml"),))


def is_deletion(body: bytes) -> bool:
    """Whether it is a DeleteObjects document, with one key in each object. Of two keys, the store
    takes the first one."""
    root = _parse(body)
    return root is not None and all(
        [part.tag.rpartition("}")[2] for part in each].count(name) <= 1
        for each in _objects(root)
        for name in ("Key", "VersionId")
    )


def deleted_objects(body: bytes) -> Keys:
    """The keys in a DeleteObjects document."""
    root = _parse(body)
    return () if root is None else tuple(map(_named, _objects(root)))


def without(body: bytes, denied: Mapping[tuple[str, str], str]) -> bytes:
    """The call for only those objects that may be deleted; empty if there are none."""
    root = _parse(body)
    if root is None:
        return body
    for each in _objects(root):
        if _named(each) in denied:
            root.remove(each)
    return ET.tostring(root, encoding="utf-8") if _objects(root) else b""


def with_errors(body: bytes, denied: Mapping[tuple[str, str], str]) -> bytes:
    """The answer, with an Error for each object that may not be deleted. `body` may be empty."""
    root = _parse(body) if body else None
    if root is None:
        root = ET.Element(f"{{{_SPACE}}}DeleteResult")
    space = root.tag.rpartition("}")[0] + "}" if "}" in root.tag else ""
    for (key, version), message in denied.items():
        error = ET.SubElement(root, f"{space}Error")
        said = {"Key": key, "VersionId": version, "Code": "AccessDenied", "Message": message}
        for name, value in said.items():
            if value:
                ET.SubElement(error, f"{space}{name}").text = value
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def _parse(body: bytes) -> ET.Element | None:
    try:
        return ET.fromstring(body)  # noqa: S314 - expat bounds what entities may become
    except ET.ParseError:
        return None


def _objects(root: ET.Element) -> list[ET.Element]:
    return [each for each in root if each.tag.rpartition("}")[2] == "Object"]


def _named(element: ET.Element) -> tuple[str, str]:
    parts = {each.tag.rpartition("}")[2]: each.text or "" for each in element}
    return parts.get("Key", ""), parts.get("VersionId", "")
