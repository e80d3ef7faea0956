"""Documents for the public: cacheable, conditional, and made once per change.

The database counts changes (`revision`). A document is current if it was made for the current
revision in the current minute (maintenance begins and ends, downtime grows). `get` confirms the
revision with one tiny query for a burst of readers; its answer was still true when they asked.
`ready` makes no query: it returns a document that was confirmed within `FRESH_SECONDS`.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from backend.domain.errors import ChangedMeanwhileError
from backend.store.connection import Connection
from backend.store.database import Database
from backend.store.revision import Revision, RevisionReader, current_revision

CACHE_CONTROL = "public, max-age=5, stale-while-revalidate=30, stale-if-error=600"
FRESH_SECONDS = 0.5  # a tenth of what every cache on the way may add

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def etag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


@dataclass(frozen=True, slots=True)
class Document:
    body: bytes
    etag: str

    @classmethod
    def of(cls, model: BaseModel) -> Document:
        body = model.model_dump_json().encode()
        return cls(body, etag_of(body))


Build = Callable[[Connection, Revision], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True)
class _Kept:
    revision: int
    minute: int
    document: Document


class Documents:
    """Makes each document from one snapshot of the database, and keeps the last `capacity`."""

    def __init__(self, database: Database, *, capacity: int = 32) -> None:
        self.revision = RevisionReader(database)
        self._database = database
        self._capacity = capacity
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._making: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, name: str, build: Build) -> Document:
        """The document as of now; `build` makes it after a change.

        `name` is the path below the API's prefix, with the query. There are only few of them.
        """
        async with self._database.time_limit():  # includes waiting for others that make it
            return await self._get(name, build)

    def ready(self, name: str) -> Document | None:
        """The document called `name`, if it is kept and was current within `FRESH_SECONDS`."""
        if name not in self._kept:
            return None
        revision = self.revision.confirmed(FRESH_SECONDS)
        return None if revision is None else self._current(name, revision.value)

    async def _get(self, name: str, build: Build) -> Document:
        revision = (await self.revision.read()).value
        if (kept := self._current(name, revision)) is not None:
            return kept
        async with self._making[name]:  # the first reader makes it, the others wait
            if (kept := self._current(name, revision)) is not None:
                return kept
            minute = _minute()
            made, document = await self._make(build)
            self._kept[name] = _Kept(made.value, minute, document)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
            return document

    def _current(self, name: str, revision: int) -> Document | None:
        kept = self._kept.get(name)
        if kept is None or kept.revision < revision or kept.minute != _minute():
            return None
        self._kept.move_to_end(name)
        return kept.document

    async def make(self, build: Build) -> Document:
        """A document that is requested too rarely to keep it."""
        return (await self._make(build))[1]

    async def _make(self, build: Build) -> tuple[Revision, Document]:
        async with self._database.snapshot() as connection:
            revision = await current_revision(connection)
            return revision, Document.of(await build(connection, revision))


def respond(request: Request, document: Document) -> Response:
    """`document`, or 304 if the client has it already."""
    headers = {"ETag": document.etag, "Cache-Control": CACHE_CONTROL}
    if is_named(document, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type="application/json")


def changed(model: BaseModel, status: int = 200, *, location: str | None = None) -> Response:
    """The answer to a change: the new state with its ETag, for the next If-Match."""
    document = Document.of(model)
    headers = {"ETag": document.etag, "Cache-Control": "no-store"}
    if location is not None:
        headers["Location"] = location
    return Response(document.body, status, headers, media_type="application/json")


def check_precondition(
    request: Request, current: BaseModel, at_other_times: Iterable[BaseModel] = ()
) -> None:
    """Raise `ChangedMeanwhileError` if If-Match does not name `current`.

    `at_other_times`: what it was or will be while nobody changes it. That time has passed is no
    change.

    RFC 9110 asks for a strong comparison. A weakened tag is accepted all the same: compressing
    caches weaken tags, and ours are hashes of the content, so there is no risk.
    """
    condition = request.headers.get("if-match")
    if condition is None or is_named(Document.of(current), condition):
        return
    if not any(is_named(Document.of(other), condition) for other in at_other_times):
        raise ChangedMeanwhileError("it has been changed since you read it; read it again")


def is_named(document: Document, tags: str) -> bool:
    """Whether `tags`, an If-Match or If-None-Match, names the document."""
    return tags.strip() == "*" or document.etag in _TAG.findall(tags)


def _minute() -> int:
    return int(time.time() // 60)
