"""Completes a multipart upload as strictly as S3 does. MiniStack itself allows more.

Source: "CompleteMultipartUpload" in the Amazon S3 API Reference, section "Errors".
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from operator import xor
from typing import NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree as ET

from bonkei.services.endpoint.backing.dialects.s3 import encoded_listing, whole_checksum
from bonkei.services.endpoint.calls.request import Request
from bonkei.services.endpoint.calls.s3_limits import LISTED, MALFORMED
from bonkei.services.endpoint.errors import ApiError

SMALLEST = 5 * 1024 * 1024
"""The least bytes of each part, except for the last one."""
_ORDER = (
    "The list of parts was not in ascending order. The parts list must be specified in order by "
    "part number."
)
_SMALL = "Your proposed upload is smaller than the minimum allowed size"

_POLYNOMIALS = {
    "crc32": (32, 0xEDB88320),
    "crc32c": (32, 0x82F63B78),
    "crc64nvme": (64, 0x9A6C9329AC4BC9B5),
}
"""Width and reflected polynomial of each checksum that a whole object may have."""
Ask = Callable[[Request], Awaitable[tuple[int, bytes]]]
"""MiniStack's answer to a short call."""


class _Part(NamedTuple):
    number: int
    size: int
    etag: str
    checksums: Mapping[str, str]


async def require_complete(ask: Ask, request: Request, body: bytes) -> None:
    """Raises ApiError if the parts that a CompleteMultipartUpload names make no object. Parts and
    uploads that do not exist are left to MiniStack. A part that is listed twice would be in the
    object twice: one part and a short list would fill the disk."""
    if not (numbers := _named(body)):
        raise ApiError("MalformedXML", MALFORMED)
    if any(later <= number for number, later in pairwise(numbers)):
        raise ApiError("InvalidPartOrder", _ORDER)
    wanted = whole_checksum(request)
    if len(numbers) == 1 and not wanted:
        return
    uploaded = {each.number: each for each in await _uploaded(ask, request)}
    _require_sizes([uploaded[each] for each in numbers[:-1] if each in uploaded])
    if wanted and all(each in uploaded for each in numbers):
        _require_whole(*wanted, [uploaded[each] for each in numbers])


def _require_whole(kind: str, wanted: str, parts: Sequence[_Part]) -> None:
    """Compare it with those of the parts, which MiniStack has compared with their bodies."""
    if not all(each.checksums.get(kind) for each in parts):
        return
    width, polynomial = _POLYNOMIALS[kind]
    whole = 0
    for each in parts:
        own = int.from_bytes(b64decode(each.checksums[kind]))
        whole = _shifted(whole, each.size, width, polynomial) ^ own
    if wanted != b64encode(whole.to_bytes(width // 8)).decode():
        message = f"The {kind.upper()} you specified did not match the calculated checksum."
        raise ApiError("BadDigest", message)


def _shifted(value: int, size: int, width: int, polynomial: int) -> int:
    """A CRC as if `size` zero bytes followed: zlib's `crc32_combine`, by squares of the matrix that
    adds one bit."""

    def product(matrix: Sequence[int], vector: int) -> int:
        rows = (row for place, row in enumerate(matrix) if vector >> place & 1)
        return reduce(xor, rows, 0)

    matrix = [polynomial, *(1 << place for place in range(width - 1))]
    bits = 8 * size
    while bits:
        if bits & 1:
            value = product(matrix, value)
        matrix = [product(matrix, row) for row in matrix]
        bits >>= 1
    return value


def _require_sizes(parts: Sequence[_Part]) -> None:
    """ "Your proposed upload is smaller than the minimum allowed object size"."""
    for part in parts:
        if part.size < SMALLEST:
            members = {
                "ProposedSize": part.size, "MinSizeAllowed": SMALLEST, "PartNumber": part.number,
                "ETag": part.etag,
            }  # fmt: skip
            raise ApiError("EntityTooSmall", _SMALL, 400, members)


async def _uploaded(ask: Ask, request: Request) -> list[_Part]:
    """The upload's parts, page by page."""
    found = list[_Part]()
    upload = quote(request.parameters.get("uploadId", ""), safe="")
    headers = tuple(each for each in request.headers if not each[0].startswith("content-"))
    while True:
        last = found[-1].number if found else 0
        query = f"uploadId={upload}&max-parts={LISTED}&part-number-marker={last}"
        page = replace(request, method="GET", query=query, headers=headers)
        status, body = await ask(page)
        text = encoded_listing(body)
        root = ET.fromstring(text) if status == 200 else None  # noqa: S314 - MiniStack's own
        each = [] if root is None else [_part(one) for one in root.iter() if _name(one) == "Part"]
        found += each
        if len(each) < LISTED:
            return found


def _part(element: ET.Element) -> _Part:
    text = {_name(each): each.text or "" for each in element}
    sums = {name[8:].lower(): one for name, one in text.items() if name.startswith("Checksum")}
    return _Part(int(text["PartNumber"]), int(text["Size"]), text["ETag"].strip('"'), sums)


def _named(body: bytes) -> list[int]:
    """The numbers of the parts, in the client's order; empty if the body is not such a list."""
    if b"<!DOCTYPE" in body:
        return []
    try:
        root = ET.fromstring(body)  # noqa: S314 - expat bounds what entities may become
        parts = [each for each in root.iter() if _name(each) == "Part"]
        named = [{_name(one): one.text or "" for one in part} for part in parts]
        numbers = [int(each["PartNumber"]) for each in named]
        return numbers if all(each["ETag"] for each in named) else []
    except (ET.ParseError, ValueError, KeyError):
        return []


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
