"""Objects in S3 for the miniature's own parts. They are put and got through the endpoint like all
others, with a role. Their content is a file, so its size does not matter.

A call that S3 cannot answer for the moment is made again, as AWS's own services and SDKs do."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import aiohttp
from yarl import URL

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.endpoint.identity.credentials import Credentials
from bonkei.services.endpoint.json_calls import Address, signed_head

_CHUNK = 1 << 18
_SILENCE = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=120.0)
_CODE = re.compile(r"<Code>([^<]*)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")
_MOST_SAID = 8_192  # bytes of an error
# "Retry behavior", AWS SDKs and Tools Reference Guide: three attempts (the standard mode), after
# these statuses and codes.
_WAITS = (0.5, 1.0)  # seconds before the second and the third
_PASSING = frozenset({429, 500, 502, 503, 504})
_PASSING_CODES = frozenset({"RequestTimeout", "SlowDown"})

Named = Callable[[str, str], Credentials]
"""The credentials of a role's session."""


class Objects:
    """`url` and `region`: those of the endpoint at the time of the call. `waits`: the seconds
    before each further attempt."""

    def __init__(
        self,
        credentials: Named,
        url: Callable[[], str],
        region: Callable[[], str],
        waits: Sequence[float] = _WAITS,
    ) -> None:
        self._credentials = credentials
        self._url = url
        self._region = region
        self._waits = waits

    async def put(
        self, role: str, session: str, place: tuple[str, str], file: Path, key_arn: str = ""
    ) -> str:
        """Put the file's content at (bucket, key), encrypted with a KMS key if one is given.
        Returns the version from S3, or an empty text. Raises AwsServiceError."""
        size, digest = await asyncio.to_thread(_measure, file)
        headers = {"content-length": str(size), "x-amz-content-sha256": digest}
        if key_arn:
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = key_arn

        async def once() -> str:
            url, signed = self._signed(role, session, "PUT", place, "", headers)
            async with (
                _session() as http,
                http.put(url, data=_content(file), headers=signed) as answer,
            ):
                await require_success(answer)
                return _version(answer.headers)

        return await self._tried(once)

    async def get(
        self, role: str, session: str, place: tuple[str, str], to: Path, version: str = ""
    ) -> str:
        """Get the object at (bucket, key) into a file. Returns its version. Raises
        AwsServiceError."""
        query = f"versionId={quote(version, safe='')}" if version else ""
        headers = {"x-amz-content-sha256": hashlib.sha256(b"").hexdigest()}

        async def once() -> str:
            url, signed = self._signed(role, session, "GET", place, query, headers)
            async with _session() as http, http.get(url, headers=signed) as answer:
                await require_success(answer)
                with await asyncio.to_thread(to.open, "wb") as file:
                    async for chunk in answer.content.iter_chunked(_CHUNK):
                        await asyncio.to_thread(file.write, chunk)
                return _version(answer.headers)

        return await self._tried(once)

    @asynccontextmanager
    async def ask(
        self, place: tuple[str, str], method: str, headers: Mapping[str, str], query: str = ""
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """S3's own answer, whatever its status. Raises OSError without one."""
        more = {"x-amz-content-sha256": hashlib.sha256(b"").hexdigest(), **headers}
        url, signed = self._signed("", "", method, place, query, more)
        try:
            async with (
                aiohttp.ClientSession(timeout=_SILENCE, auto_decompress=False) as http,
                http.request(method, URL(url, encoded=True), headers=signed) as answer,
            ):
                yield answer
        except aiohttp.ClientError as error:
            raise OSError(str(error)) from None

    async def policy(self, bucket: str) -> str:
        """The bucket's policy. Raises AwsServiceError."""
        async with self.ask((bucket, ""), "GET", {}, "policy") as answer:
            await require_success(answer)
            return await answer.text()

    async def _tried(self, once: Callable[[], Awaitable[str]]) -> str:
        """Each attempt is signed anew. Without an answer, the error's status is 503."""
        for wait in self._waits:
            try:
                return await _answered(once)
            except AwsServiceError as error:
                if error.status not in _PASSING and error.code not in _PASSING_CODES:
                    raise
                await asyncio.sleep(wait)
        return await _answered(once)

    def _signed(
        self, role: str, session: str, method: str, place: tuple[str, str], query: str,
        more: Mapping[str, str],
    ) -> tuple[URL, dict[str, str]]:  # fmt: skip
        """The URL, exactly as it is signed, and the headers of a request."""
        credentials, url = self._credentials(role, session), self._url()
        bucket, key = place
        path = f"/{quote(bucket, safe='')}/{quote(key, safe='/-_.~')}"
        address = Address(url, "s3", self._region())
        headers = signed_head(credentials, address, method, path, more, query=query)
        return URL(f"{url}{path}{'?' + query if query else ''}", encoded=True), headers


async def _answered(once: Callable[[], Awaitable[str]]) -> str:
    try:
        return await once()
    except (aiohttp.ClientError, TimeoutError) as error:
        said = f"no answer: {type(error).__name__}"
        raise AwsServiceError("ServiceUnavailable", said, 503) from None


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=_SILENCE, trust_env=False)


def _version(headers: Mapping[str, str]) -> str:
    version = headers.get("x-amz-version-id", "")
    return "" if version == "null" else version


async def require_success(answer: aiohttp.ClientResponse) -> None:
    """Raises AwsServiceError if the answer is an error of S3."""
    if answer.status < 300:
        return
    said = b""
    while len(said) < _MOST_SAID and (piece := await answer.content.read(_MOST_SAID)):
        said += piece
    text = said.decode("utf-8", "replace")
    code, message = _CODE.search(text), _MESSAGE.search(text)
    raise AwsServiceError(
        code[1] if code else f"HTTP {answer.status}",
        message[1] if message else f"S3 answers {answer.status}",
        answer.status,
    )


def _measure(file: Path) -> tuple[int, str]:
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return opened.tell(), digest


async def _content(file: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(file.open, "rb") as opened:
        while chunk := await asyncio.to_thread(opened.read, _CHUNK):
            yield chunk
