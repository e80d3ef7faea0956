"""The backend's values of administrators, API keys and the audit trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID


class Scope(StrEnum):
    DRAFT_INCIDENTS = "incidents:draft"
    WRITE_INCIDENTS = "incidents:write"
    WRITE_COMPONENTS = "components:write"
    WRITE_MAINTENANCES = "maintenances:write"


@dataclass(frozen=True, slots=True)
class Administrator:
    id: UUID
    username: str
    last_signed_in_at: dt.datetime | None
    disabled_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class AdministratorList:
    administrators: tuple[Administrator, ...]


@dataclass(frozen=True, slots=True)
class NewPassword:
    administrator: Administrator
    password: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_by: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ApiKeyList:
    keys: tuple[ApiKey, ...]


@dataclass(frozen=True, slots=True)
class NewApiKey:
    key: ApiKey
    token: str


@dataclass(frozen=True, slots=True)
class Actor:
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class AuditRecord:
    id: int
    at: dt.datetime
    actor: Actor
    action: str
    subject_id: UUID | None
    title: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def changes(self) -> tuple[tuple[str, str, str], ...]:
        """Each changed member with its old and new value; empty for a missing one."""
        before, after = self.before or {}, self.after or {}
        names = dict.fromkeys((*before, *after))
        return tuple(
            (name, _words(before.get(name)), _words(after.get(name)))
            for name in names
            if name != "id" and before.get(name) != after.get(name)
        )


@dataclass(frozen=True, slots=True)
class AuditList:
    records: tuple[AuditRecord, ...]
    next: int | None


def _words(value: object) -> str:
    """A member of any shape as readable text; names and texts come before numbers."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "\n".join(_words(each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(_words(each) for name, each in value.items() if each and name != "id")
    return str(value)
