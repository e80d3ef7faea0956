"""Signing in, and changing one's password.

To slow guessing down, the database counts attempts for all tasks: per name and address, per name,
and per address. An attempt beyond a limit is not refused, since a stranger could then lock the
owner out. It waits in the slow lane, and a right password still succeeds. A browser with an earlier
sign-in has a token that proves it (OWASP calls it a device cookie). It has its own count of
attempts, so strangers cannot make it wait.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import secrets
from contextlib import AsyncExitStack

from fastapi import Request

from backend.api.models import Credentials, NewSession, PasswordChange
from backend.api.state import Services
from backend.domain.errors import NotSignedInError, ThrottledError, WrongPasswordError
from backend.domain.people import Session
from backend.store import administrators, attempts, audit, sessions

SESSION_LIFETIME = dt.timedelta(hours=12)
DEVICE_LIFETIME = dt.timedelta(days=180)
WINDOW = dt.timedelta(minutes=15)
ATTEMPTS_BY_NAME_AND_ADDRESS = 5
ATTEMPTS_BY_NAME = 50
ATTEMPTS_BY_ADDRESS = 50
ATTEMPTS_BY_DEVICE = 10

logger = logging.getLogger(__name__)


async def sign_in(
    own: Services, credentials: Credentials, address: str, device: str = ""
) -> NewSession:
    """`device` is the token of an earlier sign-in in the same browser, if any."""
    username = credentials.username.strip()
    known = sessions.token_hash(device)
    async with own.database.query() as connection:
        is_known = bool(device) and await sessions.knows_device(connection, username, known)
    limits = _limits(username, address)
    if is_known:
        limits = {_key("device", username, device): ATTEMPTS_BY_DEVICE}
    async with AsyncExitStack() as lane:
        if await _count(own, limits) is not None:
            await lane.enter_async_context(own.slow_lane.turn())
        return await _look(own, credentials, limits, address, device if is_known else "")


async def _look(
    own: Services, credentials: Credentials, limits: dict[bytes, int], address: str, device: str
) -> NewSession:
    async with own.database.query() as connection:
        account = await administrators.find_account(connection, credentials.username.strip())
    password = credentials.password.get_secret_value()
    right = await own.passwords.verify(account.password_hash if account else None, password)
    token, device = secrets.token_urlsafe(32), device or secrets.token_urlsafe(32)
    expires_at = None
    if account is not None and right:
        async with own.database.transaction() as connection:
            expires_at = await sessions.open_session(
                connection, account, sessions.token_hash(token), SESSION_LIFETIME
            )
            if expires_at is not None:
                await sessions.remember_device(
                    connection, account, sessions.token_hash(device), DEVICE_LIFETIME
                )
            await attempts.forget_attempts(connection, *limits)
            await attempts.forget_old_attempts(connection)
    if expires_at is None:
        logger.warning("a sign-in failed", extra={"fields": {"address": address}})
        raise NotSignedInError("wrong name or password")
    return NewSession(token=token, expires_at=expires_at, device=device)


async def change_password(own: Services, who: Session, change: PasswordChange) -> None:
    """Sets the new password and ends the administrator's other sessions."""
    key = _key("change", who.id.hex)
    left = await _count(own, {key: ATTEMPTS_BY_NAME_AND_ADDRESS})
    if left is not None:  # counted per administrator, so no stranger can lock another one out
        raise ThrottledError(f"too many attempts; try again in {left} seconds", retry_after=left)
    async with own.database.query() as connection:
        account = await administrators.find_account(connection, who.username)
    current = change.current_password.get_secret_value()
    if account is None or not await own.passwords.verify(account.password_hash, current):
        raise WrongPasswordError("the current password is wrong")
    new_hash = await own.passwords.hash(change.new_password.get_secret_value())
    async with own.database.transaction() as connection:
        if not await administrators.put_password(
            connection, account.id, account.password_hash, new_hash
        ):
            raise WrongPasswordError("the current password is wrong: it was changed just now")
        await sessions.close_other_sessions(connection, account.id, but=who.token_hash)
        await attempts.forget_attempts(connection, key)
        deed = audit.Deed("administrator.password_changed", who.id, who.username)
        await audit.record(connection, who.actor, deed)


def client_address(request: Request, trusted_proxies: int) -> str:
    """The address that the outermost of our own proxies saw.

    Each proxy appends its peer's address, so entries further left are the client's own claims.
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


async def _count(own: Services, limits: dict[bytes, int]) -> int | None:
    """Count one attempt for each key. Returns the seconds left of a window with too many
    attempts."""
    worst = None
    async with own.database.query() as connection:
        for key, most in limits.items():
            made, left = await attempts.count_attempt(connection, key, WINDOW)
            if made > most:
                worst = max(worst or 0, left)
    return worst


def _key(*parts: str) -> bytes:
    """A hash: names and addresses are not stored, and all keys have the same length."""
    return hashlib.sha256("\0".join(parts).encode()).digest()
