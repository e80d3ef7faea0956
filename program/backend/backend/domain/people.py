"""Those who may change things: administrators, and programs with their API keys."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """The rights of an API key. Only administrators manage keys and administrators."""

    DRAFT_INCIDENTS = "incidents:draft"
    WRITE_INCIDENTS = "incidents:write"
    WRITE_COMPONENTS = "components:write"
    WRITE_MAINTENANCES = "maintenances:write"


class ActorKind(StrEnum):
    ADMINISTRATOR = "administrator"
    API_KEY = "api_key"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a change, as the audit trail names them."""

    kind: ActorKind
    name: str


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in administrator and the session (`token_hash`)."""

    id: UUID
    username: str
    token_hash: bytes
    expires_at: dt.datetime

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.ADMINISTRATOR, self.username)


@dataclass(frozen=True, slots=True)
class Administrator:
    id: UUID
    username: str
    created_at: dt.datetime
    last_signed_in_at: dt.datetime | None
    disabled_at: dt.datetime | None

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: UUID
    name: str
    scopes: tuple[Scope, ...]
    created_by: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.API_KEY, self.name)
