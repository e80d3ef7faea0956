"""Completes a multipart upload as strictly as S3 does. MiniStack itself allows more.

Source: "CompleteMultipartUpload" in the Amazon S3 API Reference, section "Errors".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree as ET

from bonkei.services.endpoint.backing.s3_dialect import encoded_listing
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

Ask = Callable[[Request], Awaitable[tuple[int, bytes]]]
"""MiniStack's answer to a short call."""


class _Part(NamedTuple):
    number: int
    size: int
    etag: str


async def require_complete(ask: Ask, request: Request, body: bytes) -> None:
    """Raises ApiError if the parts that a CompleteMultipartUpload names make no object. What is not
    XML, and parts and uploads that do not exist, are left to MiniStack."""
    if (numbers := _named(body)) is None:
        return
    if not numbers:
        raise ApiError("MalformedXML", MALFORMED)
    if any(later < number for number, later in pairwise(numbers)):
        raise ApiError("InvalidPartOrder", _ORDER)
    if len(numbers) > 1:
        _require_sizes(numbers[:-1], await _uploaded(ask, request))


def _require_sizes(numbers: Sequence[int], uploaded: Sequence[_Part]) -> None:
    """ "Your proposed upload is smaller than the minimum allowed object size"."""
    by_number = {each.number: each for each in uploaded}
    for number in numbers:
        part = by_number.get(number)
        if part is not None and part.size < SMALLEST:
            members = {
                "ProposedSize": part.size, "MinSizeAllowed": SMALLEST, "PartNumber": number,
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
    return _Part(int(text["PartNumber"]), int(text["Size"]), text["ETag"].strip('"'))


def _named(body: bytes) -> list[int] | None:
    """The numbers of the parts, in the client's order. None: the body is not XML."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - expat bounds what entities may become
        return [int(each.text or "") for each in root.iter() if _name(each) == "PartNumber"]
    except (ET.ParseError, ValueError):
        return None


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
