"""`python -m backend administrators`: manages administrators from a shell, without signing in.

A password is never printed, since the output of a shell in a task is logged. It is taken from
ADMINISTRATOR_PASSWORD if that is set. Else it is asked for without echo, or read from standard
input.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import sys

from pydantic import TypeAdapter, ValidationError

from backend.api.fields import NewPassword, NewUsername
from backend.domain.errors import DomainError
from backend.domain.people import Actor, ActorKind, Administrator
from backend.passwords import Passwords
from backend.settings import DatabaseSettings
from backend.store import administrators, audit, sessions
from backend.store.connection import Connection
from backend.store.database import Database

_BY = Actor(ActorKind.COMMAND, "command line")


class _RefusedError(Exception):
    """The message is for the user of the command."""


def run(deed: str, name: str) -> int:
    """0, or 1 on failure; the reason is on standard error."""
    try:
        return asyncio.run(_run(DatabaseSettings.read(), deed, name.strip()))
    except (DomainError, _RefusedError) as error:
        print(f"{deed} {name}: {error}".replace(" :", ":"), file=sys.stderr)
        return 1


async def _run(settings: DatabaseSettings, deed: str, name: str) -> int:
    database = Database(settings, pool_size=1)
    try:
        if deed == "list":
            async with database.query() as connection:
                found = await administrators.list_all(connection)
            print("\n".join(map(_line, found)))
            return 0
        act = _DEEDS[deed]
        password_hash = "" if deed == "disable" else Passwords().hash_now(_password())
        async with database.transaction() as connection:
            done = await act(connection, name, password_hash)
            action = f"administrator.{ACTIONS[deed]}"
            await audit.record(connection, _BY, audit.Deed(action, done.id, done.username))
    finally:
        await database.close()
    print(_line(done))
    return 0


async def _make(connection: Connection, name: str, password_hash: str) -> Administrator:
    try:
        name = TypeAdapter(NewUsername).validate_python(name)
    except ValidationError:
        raise _RefusedError("a name has 1 to 100 characters, none of them control") from None
    return await administrators.make(connection, name, password_hash)


async def _disable(connection: Connection, name: str, _: str) -> Administrator:
    found = await administrators.get_named(connection, name)
    done = await administrators.disable(connection, found.id)
    await sessions.close_all_sessions(connection, found.id)
    return done


async def _reset(connection: Connection, name: str, password_hash: str) -> Administrator:
    found = await administrators.get_named(connection, name)
    done = await administrators.reset_password(connection, found.id, password_hash)
    # Afterwards: now no one signs in with the old password any more.
    await sessions.close_all_sessions(connection, found.id)
    return done


_DEEDS = {"make": _make, "disable": _disable, "reset-password": _reset}
ACTIONS = {"make": "created", "disable": "disabled", "reset-password": "password_reset"}


def _password() -> str:
    given = os.environ.get("ADMINISTRATOR_PASSWORD") or _read()
    try:
        return TypeAdapter(NewPassword).validate_python(given).get_secret_value()
    except ValidationError:
        raise _RefusedError("a password has 12 to 128 characters") from None


def _read() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    given = getpass.getpass("New password: ")
    if getpass.getpass("New password, once more: ") != given:
        raise _RefusedError("the two passwords differ")
    return given


def _line(one: Administrator) -> str:
    state = "active" if one.is_active else f"disabled since {one.disabled_at:%Y-%m-%d}"
    last = f"{one.last_signed_in_at:%Y-%m-%d %H:%M} UTC" if one.last_signed_in_at else "never"
    return f"{one.username}\t{state}\tlast signed in: {last}"
