"""The content of the store, for a person who looks at it. It comes from AWS calls, with bounded
answers.

Each call goes through the endpoint in the person's name, so it is in the record of calls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_plus, urlencode
from xml.etree import ElementTree as ET

import aiohttp
from yarl import URL

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.endpoint.client import JsonClient
from bonkei.services.endpoint.identity.credentials import Credentials
from bonkei.services.endpoint.json_calls import Address, signed_head
from bonkei.services.endpoint.objects import require_success

MOST = 4 * 1024 * 1024
"""Bytes of an answer."""
PAGE = 100
"""Objects, and prefixes, of one listing."""
_PATIENCE = aiohttp.ClientTimeout(total=15.0)


@dataclass(frozen=True, slots=True)
class StoredBucket:
    name: str
    created: str  # as S3 writes it


@dataclass(frozen=True, slots=True)
class StoredObject:
    """`size` is in bytes. `changed` is in S3's form."""

    key: str
    size: int
    changed: str


@dataclass(frozen=True, slots=True)
class Listing:
    """`prefixes`: folders with more objects, up to the next `/`. `following`: continues the list;
    empty at the end."""

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...]
    following: str


@dataclass(frozen=True, slots=True)
class Beginning:
    """The beginning of an object: its first bytes, its whole size, and its headers in lower
    case.
    """

    data: bytes
    size: int
    headers: Mapping[str, str]


class Looking:
    """`person`: the caller. `url` and `region`: those of the endpoint at the time of the call."""

    def __init__(
        self,
        client: JsonClient,
        person: Callable[[], Credentials],
        url: Callable[[], str],
        region: Callable[[], str],
    ) -> None:
        self._client = client
        self._person = person
        self._url = url
        self._region = region

    async def call(
        self, service: str, target: str, content: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """A call of a JSON protocol. Raises AwsServiceError, with `TooLarge` if the answer is
        longer than `MOST`."""
        address = Address(self._url(), service, self._region())
        return await self._client.call(self._person(), address, target, content, most=MOST)

    async def buckets(self) -> tuple[StoredBucket, ...]:
        """All there are. AwsServiceError."""
        root = _parsed(await self._read("/"))
        return tuple(
            StoredBucket(_text(each, "Name"), _text(each, "CreationDate"))
            for each in _all(root, "Bucket")
        )

    async def objects(self, bucket: str, prefix: str = "", following: str = "") -> Listing:
        """A page of the objects below a prefix. Raises AwsServiceError."""
        given = {
            "list-type": "2",
            "delimiter": "/",
            "encoding-type": "url",  # a key may contain characters that XML cannot have
            "max-keys": str(PAGE),
            "prefix": prefix,
        }
        if following:
            given["continuation-token"] = following
        root = _parsed(await self._read(f"/{_quoted(bucket)}", given))
        found = tuple(
            StoredObject(
                unquote_plus(_text(each, "Key")),
                int(_text(each, "Size") or 0),
                _text(each, "LastModified"),
            )
            for each in _all(root, "Contents")
        )
        prefixes = tuple(
            unquote_plus(_text(each, "Prefix")) for each in _all(root, "CommonPrefixes")
        )
        return Listing(found, prefixes, _text(root, "NextContinuationToken"))

    async def beginning(self, bucket: str, key: str, most: int) -> Beginning:
        """The first `most` bytes of an object. Raises AwsServiceError."""
        answer = await self._send(f"/{_quoted(bucket)}/{_quoted(key)}", {}, most)
        length = answer.headers.get("content-length", "")
        size = int(length) if length.isdigit() else len(answer.data)
        return Beginning(answer.data, size, answer.headers)

    async def _read(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        answer = await self._send(path, query or {}, MOST + 1)
        if len(answer.data) > MOST:
            raise AwsServiceError("TooLarge", f"the answer has more than {MOST >> 20} MB")
        return answer.data

    async def _send(self, path: str, query: Mapping[str, str], most: int) -> Beginning:
        """Bytes beyond the first `most` are not read: the connection is closed."""
        person, url = self._person(), self._url()
        text = urlencode(sorted(query.items()), quote_via=quote)
        more = {"x-amz-content-sha256": hashlib.sha256(b"").hexdigest()}
        address = Address(url, "s3", self._region())
        headers = signed_head(person, address, "GET", path, more, query=text)
        # It is already encoded: a key with `..` in it stays that key.
        where = URL(f"{url}{path}{'?' + text if text else ''}", encoded=True)
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=_PATIENCE, trust_env=False, auto_decompress=False
                ) as http,
                http.get(where, headers=headers, allow_redirects=False) as answer,
            ):
                await require_success(answer)
                data = bytearray()
                while len(data) < most and (piece := await answer.content.read(most - len(data))):
                    data += piece
                answer.close()
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Beginning(bytes(data), len(data), headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AwsServiceError(
                "ServiceUnavailable", f"no answer: {type(error).__name__}", 503
            ) from None


def _quoted(name: str) -> str:
    return quote(name, safe="/-_.~")


def _parsed(text: bytes) -> ET.Element:
    try:
        return ET.fromstring(text)  # noqa: S314 - it is the store's own, and bounded
    except ET.ParseError as error:
        raise AwsServiceError("InternalError", f"S3's answer is no XML: {error}") from None


def _all(root: ET.Element, name: str) -> list[ET.Element]:
    return [each for each in root.iter() if each.tag.rpartition("}")[2] == name]


def _text(element: ET.Element, name: str) -> str:
    found = next((each for each in element if each.tag.rpartition("}")[2] == name), None)
    return (found.text or "") if found is not None else ""
