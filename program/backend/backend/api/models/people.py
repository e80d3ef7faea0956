"""Administrators, API keys, and the audit trail."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from backend.api.fields import Name, NewUsername
from backend.api.models.base import Incoming, Outgoing
from backend.domain.people import ActorKind, Scope


class AdministratorCreate(Incoming):
    username: NewUsername = Field(description="Unique, regardless of letter case.")


class Administrator(Outgoing):
    id: UUID
    username: str
    created_at: dt.datetime
    last_signed_in_at: dt.datetime | None
    disabled_at: dt.datetime | None = Field(description="null: may sign in.")


class AdministratorList(Outgoing):
    administrators: list[Administrator] = Field(description="All of them, by name.")


class NewPassword(Outgoing):
    administrator: Administrator
    password: str = Field(description="Shown only here; its owner should change it.")


class ApiKeyCreate(Incoming):
    name: Name = Field(description="The program that uses it. Unique among active keys.")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=10)]


class ApiKey(Outgoing):
    id: UUID
    name: str
    scopes: list[Scope]
    created_by: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None = Field(description="To the minute.")
    revoked_at: dt.datetime | None = Field(description="null: works.")


class ApiKeyList(Outgoing):
    keys: list[ApiKey] = Field(description="Active keys, then revoked ones; newest first.")


class NewApiKey(Outgoing):
    key: ApiKey
    token: str = Field(description="Send as `Authorization: Bearer …`; it is shown only here.")


class Actor(Outgoing):
    kind: ActorKind
    name: str


class AuditRecord(Outgoing):
    id: int
    at: dt.datetime
    actor: Actor
    action: str = Field(description="The kind of thing and the action: `incident.changed`.")
    subject_id: UUID | None
    title: str = Field(description="The thing's name or title at that time.")
    before: dict[str, Any] | None = Field(description="null: it did not exist before.")
    after: dict[str, Any] | None = Field(description="null: it was deleted.")


class AuditList(Outgoing):
    records: list[AuditRecord] = Field(description="Newest first.")
    next: int | None = Field(
        description="Give it as `before` for the next page; null on the last page."
    )
