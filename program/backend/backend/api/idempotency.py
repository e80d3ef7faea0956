"""`Idempotency-Key`: a request that is sent twice takes effect once, and gets the same answer
twice.

Source: draft-ietf-httpapi-idempotency-key-header. The client chooses a key for each operation; the
same key with another request is a 422.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from backend.api.documents import etag_of
from backend.domain.errors import InvalidError
from backend.domain.people import Actor
from backend.store import idempotency
from backend.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Once:
    """One request's key; does nothing if the request has none."""

    key: str
    target: str

    async def earlier(
        self, connection: Connection, actor: Actor, asked: BaseModel
    ) -> Response | None:
        """The earlier answer to the same request. None: do the work, then `keep` the answer.

        Raises `InvalidError` if the key came with another request.
        """
        if not self.key:
            return None
        request = hashlib.sha256(f"{self.target}\0{asked.model_dump_json()}".encode()).digest()
        found = await idempotency.begin(connection, self._hash(actor), request)
        if found is None:
            return None
        if found.request != request:
            raise InvalidError(
                "the key came with another request before",
                pointer="#/header/Idempotency-Key",
                kind="idempotency-key-reused",
            )
        headers = {
            "ETag": etag_of(found.answer.body.encode()),
            "Cache-Control": "no-store",
            "Idempotency-Replayed": "true",
        }
        if found.answer.location:
            headers["Location"] = found.answer.location
        return Response(
            found.answer.body, found.answer.status, headers, media_type="application/json"
        )

    async def keep(self, connection: Connection, actor: Actor, response: Response) -> Response:
        if self.key:
            body = bytes(response.body).decode()
            answer = idempotency.Answer(
                response.status_code, body, response.headers.get("location")
            )
            await idempotency.keep(connection, self._hash(actor), answer)
        return response

    def _hash(self, actor: Actor) -> bytes:
        return hashlib.sha256(f"{actor.kind}\0{actor.name}\0{self.key}".encode()).digest()


async def _once(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            max_length=200,
            pattern=r"^[!-~]+$",
            description="With the same key and body the answer is the first one's, for a day.",
        ),
    ] = None,
) -> Once:
    return Once(key or "", f"{request.method} {request.url.path}")


OnlyOnce = Annotated[Once, Depends(_once)]
