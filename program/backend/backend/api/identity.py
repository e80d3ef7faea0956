"""The caller: an administrator with a session, or a program with an API key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from backend.api.state import Services, services
from backend.domain.errors import ForbiddenError, NotSignedInError
from backend.domain.people import Actor, ApiKey, Scope, Session
from backend.store import api_keys, sessions

KEY_PREFIX = "spk_"  # lets scanners for secrets, and people, recognize a key

_bearer = HTTPBearer(
    auto_error=False,
    description="The token that POST /api/v1/sessions gave, or an API key with the scope needed.",
)
_Given = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_Own = Annotated[Services, Depends(services)]


async def _identify(given: _Given, own: _Own) -> Session | ApiKey:
    """Raises `NotSignedInError`."""
    if given is None:
        raise NotSignedInError("sign in first")
    token = sessions.token_hash(given.credentials)
    found: Session | ApiKey | None
    async with own.database.query() as connection:
        if given.credentials.startswith(KEY_PREFIX):
            found = await api_keys.find(connection, token)
            if found is None:
                raise NotSignedInError("there is no such API key, or it has been revoked")
            return found
        found = await sessions.find_session(connection, token)
    if found is None:
        raise NotSignedInError("there is no such session, or it has ended; sign in again")
    return found


_Identified = Annotated[Session | ApiKey, Depends(_identify)]


async def signed_in(who: _Identified) -> Session:
    """An administrator; raises `ForbiddenError` for an API key."""
    if isinstance(who, ApiKey):
        raise ForbiddenError("only an administrator who is signed in may do this")
    return who


SignedIn = Annotated[Session, Depends(signed_in)]


def _may(*scopes: Scope) -> Callable[[_Identified], Awaitable[Actor]]:
    async def check(who: _Identified) -> Actor:
        if isinstance(who, ApiKey) and not set(scopes) & set(who.scopes):
            wanted = " or ".join(scopes)
            raise ForbiddenError(f"the API key needs the scope {wanted}", kind="scope-missing")
        return who.actor

    return check


# Administrators may do everything here, API keys only what their scopes allow.
IncidentDrafter = Annotated[Actor, Depends(_may(Scope.DRAFT_INCIDENTS, Scope.WRITE_INCIDENTS))]
IncidentWriter = Annotated[Actor, Depends(_may(Scope.WRITE_INCIDENTS))]
ComponentWriter = Annotated[Actor, Depends(_may(Scope.WRITE_COMPONENTS))]
MaintenanceWriter = Annotated[Actor, Depends(_may(Scope.WRITE_MAINTENANCES))]
