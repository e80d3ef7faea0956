"""Administrators: listing, creating and disabling them, and resetting passwords."""

from __future__ import annotations

from fastapi import APIRouter, Response

from backend import passwords
from backend.api import models
from backend.api.fields import Id
from backend.api.identity import SignedIn
from backend.api.state import Own
from backend.domain.people import Administrator
from backend.store import administrators, audit, sessions

router = APIRouter(prefix="/administrators", tags=["administrators"])


@router.get("")
async def list_administrators(
    own: Own, _: SignedIn, response: Response
) -> models.AdministratorList:
    response.headers["Cache-Control"] = "no-store"
    async with own.database.query() as connection:
        found = await administrators.list_all(connection)
    return models.AdministratorList.model_validate({"administrators": found})


@router.post("", status_code=201)
async def create_administrator(
    own: Own, who: SignedIn, response: Response, asked: models.AdministratorCreate
) -> models.NewPassword:
    """Creates an administrator. The generated password is shown only here."""
    response.headers["Cache-Control"] = "no-store"
    password = passwords.generated()
    password_hash = await own.passwords.hash(password)
    async with own.database.transaction() as connection:
        made = await administrators.make(connection, asked.username, password_hash)
        deed = audit.Deed("administrator.created", made.id, made.username)
        await audit.record(connection, who.actor, deed)
    return _with_password(made, password)


@router.post("/{administrator_id}/disable")
async def disable_administrator(
    own: Own, who: SignedIn, administrator_id: Id
) -> models.Administrator:
    """Ends all sessions and refuses new ones. 409 for the last active administrator."""
    async with own.database.transaction() as connection:
        found = await administrators.disable(connection, administrator_id)
        await sessions.close_all_sessions(connection, administrator_id)
        deed = audit.Deed("administrator.disabled", found.id, found.username)
        await audit.record(connection, who.actor, deed)
    return models.Administrator.model_validate(found)


@router.post("/{administrator_id}/reset-password")
async def reset_password(
    own: Own, who: SignedIn, response: Response, administrator_id: Id
) -> models.NewPassword:
    """Sets a generated password, ends all sessions, and enables a disabled administrator."""
    response.headers["Cache-Control"] = "no-store"
    password = passwords.generated()
    password_hash = await own.passwords.hash(password)
    async with own.database.transaction() as connection:
        await administrators.get(connection, administrator_id)
        found = await administrators.reset_password(connection, administrator_id, password_hash)
        await sessions.close_all_sessions(connection, administrator_id)
        deed = audit.Deed("administrator.password_reset", found.id, found.username)
        await audit.record(connection, who.actor, deed)
    return _with_password(found, password)


def _with_password(found: Administrator, password: str) -> models.NewPassword:
    return models.NewPassword(
        administrator=models.Administrator.model_validate(found), password=password
    )
