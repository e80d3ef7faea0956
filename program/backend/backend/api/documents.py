"""Documents: cacheable and conditional answers, and the conditions of changes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from backend.domain.errors import ChangedMeanwhileError
from backend.store.connection import Connection
from backend.store.database import Database

PUBLIC = "public, max-age=5, stale-if-error=60"
PRIVATE = "no-store"

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


async def respond(
    request: Request, database: Database, build: Callable[[Connection], Awaitable[BaseModel]]
) -> Response:
    """What `build` reads from one snapshot of the database, or 304 if the client has it already.

    An answer to a request with credentials is stored nowhere, so a client reads its own changes.
    """
    async with database.snapshot() as connection:
        document = Document.of(await build(connection))
    has_credentials = not {"authorization", "cookie"}.isdisjoint(request.headers)
    headers = {"ETag": document.etag, "Cache-Control": PRIVATE if has_credentials else PUBLIC}
    if is_named(document, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type="application/json")


def changed(model: BaseModel, status: int = 200, *, location: str | None = None) -> Response:
    """The answer to a change: the new state with its ETag, for the next If-Match."""
    document = Document.of(model)
    headers = {"ETag": document.etag, "Cache-Control": PRIVATE}
    if location is not None:
        headers["Location"] = location
    return Response(document.body, status, headers, media_type="application/json")


def check_precondition(
    request: Request, current: BaseModel, at_other_times: Iterable[BaseModel] = ()
) -> None:
    """Raise `ChangedMeanwhileError` if If-Match does not name `current`.

    `at_other_times`: what it was or will be while no one changes it. That time has passed is no
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
