"""Signing in and out, and one's own password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from backend.api import models, sign_in
from backend.api.identity import SignedIn
from backend.api.state import Own
from backend.store import sessions

router = APIRouter(tags=["sessions"])


@router.post("/sessions", status_code=201)
async def create_session(
    own: Own,
    request: Request,
    response: Response,
    asked: models.Credentials,
    x_device: Annotated[
        str, Header(max_length=200, description="The `device` of an earlier sign-in.")
    ] = "",
) -> models.NewSession:
    """Signs in. Neither the answer nor its time shows whether the name or the password is wrong."""
    response.headers["Cache-Control"] = "no-store"
    address = sign_in.client_address(request, own.trusted_proxies)
    with own.passwords.present():
        return await sign_in.sign_in(own, asked, address, x_device)


@router.get("/sessions/current")
async def get_session(who: SignedIn, response: Response) -> models.CurrentSession:
    response.headers["Cache-Control"] = "no-store"
    return models.CurrentSession(username=who.username, expires_at=who.expires_at)


@router.delete("/sessions/current", status_code=204)
async def delete_session(own: Own, who: SignedIn) -> None:
    """Signs out."""
    async with own.database.transaction() as connection:
        await sessions.close_session(connection, who.token_hash)


@router.put("/administrators/me/password", status_code=204)
async def put_password(own: Own, who: SignedIn, asked: models.PasswordChange) -> None:
    """Changes one's password; all one's other sessions end."""
    with own.passwords.present():
        await sign_in.change_password(own, who, asked)
