"""Signing in, and who is signed in.

Guessing is slowed down by counting attempts in the database, for all tasks together: per name and
address, so that someone who guesses does not lock the administrator out; per name alone, higher,
against guesses from many addresses; per address alone, against trying many names. The limits are
honest ones: whoever commands many addresses can still keep an administrator from signing in for a
quarter of an hour, which is preferred to letting the guessing go on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import secrets
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from backend.api.models import Credentials, NewSession, PasswordChange
from backend.api.state import Services, services
from backend.domain.errors import NotSignedInError, ThrottledError, WrongPasswordError
from backend.domain.values import Administrator
from backend.store import administrators as store

SESSION_LIFETIME = dt.timedelta(hours=12)
WINDOW = dt.timedelta(minutes=15)
ATTEMPTS_BY_NAME_AND_ADDRESS = 5
ATTEMPTS_BY_NAME = 50
ATTEMPTS_BY_ADDRESS = 50

logger = logging.getLogger(__name__)
_bearer = HTTPBearer(auto_error=False, description="The token that POST /api/v1/sessions gave.")


async def signed_in(
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    own: Annotated[Services, Depends(services)],
) -> Administrator:
    """Who is signed in; raises `NotSignedInError`."""
    if given is None:
        raise NotSignedInError("sign in first")
    async with own.database.query() as connection:
        found = await store.find_session(connection, store.token_hash(given.credentials))
    if found is None:
        raise NotSignedInError("the session has ended, or never was; sign in again")
    return found


SignedIn = Annotated[Administrator, Depends(signed_in)]


async def sign_in(own: Services, credentials: Credentials, address: str) -> NewSession:
    username = credentials.username.strip()
    limits = _limits(username, address)
    await _count(own, limits)
    async with own.database.query() as connection:
        account = await store.find_account(connection, username)
    password = credentials.password.get_secret_value()
    right = await own.passwords.verify(account.password_hash if account else None, password)
    token = secrets.token_urlsafe(32)
    expires_at = None
    if account is not None and right:
        async with own.database.transaction() as connection:
            expires_at = await store.open_session(
                connection, account, store.token_hash(token), SESSION_LIFETIME
            )
            await store.forget_attempts(connection, *limits)
            await store.forget_old_attempts(connection)
    if expires_at is None:
        logger.warning("a sign-in failed", extra={"fields": {"address": address}})
        raise NotSignedInError("wrong name or password")
    return NewSession(token=token, expires_at=expires_at)


async def change_password(own: Services, who: Administrator, change: PasswordChange) -> None:
    """Sets the new password and ends the administrator's other sessions."""
    key = _key("change", who.id.hex)
    await _count(own, {key: ATTEMPTS_BY_NAME_AND_ADDRESS})
    async with own.database.query() as connection:
        account = await store.find_account(connection, who.username)
    current = change.current_password.get_secret_value()
    if account is None or not await own.passwords.verify(account.password_hash, current):
        raise WrongPasswordError("the current password is wrong")
    new_hash = await own.passwords.hash(change.new_password.get_secret_value())
    async with own.database.transaction() as connection:
        if not await store.put_password(connection, account.id, account.password_hash, new_hash):
            raise WrongPasswordError("the current password is wrong: it was changed just now")
        await store.close_other_sessions(connection, account.id, but=who.token_hash)
        await store.forget_attempts(connection, key)


def client_address(request: Request, trusted_proxies: int) -> str:
    """The address that the outermost of our own proxies saw.

    Each proxy appends whom it heard from, so entries further left are the client's own claims.
    """
    chain = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",")]
    if trusted_proxies and len(chain) >= trusted_proxies and chain[-trusted_proxies]:
        return chain[-trusted_proxies]
    return request.client.host if request.client else ""


def _limits(username: str, address: str) -> dict[bytes, int]:
    return {
        _key("name and address", username, address): ATTEMPTS_BY_NAME_AND_ADDRESS,
        _key("name", username): ATTEMPTS_BY_NAME,
        _key("address", address): ATTEMPTS_BY_ADDRESS,
    }


async def _count(own: Services, limits: dict[bytes, int]) -> None:
    """Count one attempt for each key; raises `ThrottledError` if one has had too many."""
    async with own.database.query() as connection:
        for key, most in limits.items():
            attempts, left = await store.count_attempt(connection, key, WINDOW)
            if attempts > most:
                raise ThrottledError(
                    f"too many attempts; try again in {left} seconds", retry_after=left
                )


def _key(*parts: str) -> bytes:
    """Neither names nor addresses are stored, and a key has one length."""
    return hashlib.sha256("\0".join(parts).encode()).digest()
