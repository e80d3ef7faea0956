"""What a bucket's origin asks of S3, and what it passes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bonkei.services.edge.cloudfront.bucket_origin import BucketOrigin
from bonkei.services.edge.http.message import Headers, Request, value_of
from bonkei.services.edge.objects import ObjectAnswer, ObjectRequest, Objects


class Sink:
    """Remembers a response."""

    def __init__(self) -> None:
        self.status, self.headers, self.data = 0, [], b""  # type: int, Headers, bytes
        self.over = asyncio.Event()
        self.is_cut = False

    def head(self, status: int, _reason: bytes, headers: Headers, _length: int | None) -> None:
        self.status, self.headers = status, headers

    def body(self, data: bytes) -> None:
        self.data += data

    def flush(self) -> None:
        """Nothing is held back."""

    def end(self) -> None:
        self.over.set()

    def abort(self) -> None:
        self.is_cut = True
        self.over.set()


def request(method: bytes = b"GET", path: bytes = b"/a%20b/c", **fields: bytes) -> Request:
    named = {name.replace("_", "-").encode(): value for name, value in fields.items()}
    return Request(method, path, path, b"", b"1.1", [], named, "127.0.0.1")


async def answered(fetch: Any, asked: Request) -> Sink:
    objects = Objects()
    if fetch is not None:
        objects.fetch = fetch
    sink = Sink()
    BucketOrigin(objects, "pages", "arn:d", "").onward(asked)(None, sink)  # type: ignore[arg-type]
    async with asyncio.timeout(60):
        await sink.over.wait()
    return sink


async def test_it_asks_for_the_key_and_tells_what_the_viewer_may_know() -> None:
    seen: list[ObjectRequest] = []

    @asynccontextmanager
    async def fetch(asked: ObjectRequest) -> AsyncIterator[ObjectAnswer]:
        seen.append(asked)

        async def body() -> AsyncIterator[bytes]:
            yield b"one "
            yield b"two"

        told = {"ETag": '"1"', "Content-Type": "text/plain", "Connection": "close"}
        yield ObjectAnswer(206, told, 7, body())

    found = await answered(fetch, request(range=b"bytes=0-6", cookie=b"secret"))
    assert (found.status, found.data) == (206, b"one two")
    assert value_of(found.headers, b"etag") == b'"1"'
    assert value_of(found.headers, b"connection") is None
    [asked] = seen
    assert (asked.bucket, asked.key, asked.distribution) == ("pages", "a b/c", "arn:d")
    assert asked.headers == {"range": "bytes=0-6"}


@pytest.mark.parametrize(("method", "status"), [(b"GET", 503), (b"POST", 405)])
async def test_without_s3_and_for_other_methods_it_answers_itself(
    method: bytes, status: int
) -> None:
    assert (await answered(None, request(method))).status == status


async def test_an_object_that_breaks_off_is_cut() -> None:
    @asynccontextmanager
    async def fetch(_asked: ObjectRequest) -> AsyncIterator[ObjectAnswer]:
        async def body() -> AsyncIterator[bytes]:
            yield b"one"
            raise OSError("gone")

        yield ObjectAnswer(200, {}, 7, body())

    found = await answered(fetch, request())
    assert (found.status, found.data, found.is_cut) == (200, b"one", True)
