"""Who may change things: administrators, and the programs that they gave a key to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """What an API key may be good for. Keys and administrators are administrators' business."""

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
    """Who does something, as the audit trail names them."""

    kind: ActorKind
    name: str


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, and with which session (`token_hash`)."""

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
