"""API keys: credentials for programs."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Response

from backend.api import models
from backend.api.fields import Id
from backend.api.identity import KEY_PREFIX, SignedIn
from backend.api.state import Own
from backend.store import api_keys, audit
from backend.store.sessions import token_hash

router = APIRouter(prefix="/api-keys", tags=["API keys"])


@router.get("")
async def list_api_keys(own: Own, _: SignedIn, response: Response) -> models.ApiKeyList:
    response.headers["Cache-Control"] = "no-store"
    async with own.database.query() as connection:
        found = await api_keys.list_all(connection)
    return models.ApiKeyList.model_validate({"keys": found})


@router.post("", status_code=201)
async def create_api_key(
    own: Own, who: SignedIn, response: Response, asked: models.ApiKeyCreate
) -> models.NewApiKey:
    """Creates a key. Its token is shown only here; only a hash is stored."""
    response.headers["Cache-Control"] = "no-store"
    token = KEY_PREFIX + secrets.token_urlsafe(32)
    async with own.database.transaction() as connection:
        made = await api_keys.make(
            connection, asked.name, asked.scopes, token_hash(token), who.username
        )
        deed = audit.Deed(
            "api_key.created", made.id, made.name, after={"scopes": list(made.scopes)}
        )
        await audit.record(connection, who.actor, deed)
    return models.NewApiKey(key=models.ApiKey.model_validate(made), token=token)


@router.delete("/{key_id}", status_code=204)
async def revoke_api_key(own: Own, who: SignedIn, key_id: Id) -> None:
    """Revokes the key at once; it stays in the list."""
    async with own.database.transaction() as connection:
        found, changed = await api_keys.revoke(connection, key_id)
        if changed:
            deed = audit.Deed("api_key.revoked", found.id, found.name)
            await audit.record(connection, who.actor, deed)
