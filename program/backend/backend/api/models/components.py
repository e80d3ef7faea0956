"""Components."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from pydantic import Field

from backend.api.fields import Description, Name, Position
from backend.api.models.base import Incoming, Outgoing, nothing
from backend.domain.status import ComponentStatus


class ComponentCreate(Incoming):
    name: Name = Field(description="Unique, regardless of letter case.")
    name_ja: Name | None = None
    description: Description = ""
    description_ja: Description | None = None
    position: Position | None = Field(default=None, description="Left out: after all others.")
    status: ComponentStatus = ComponentStatus.OPERATIONAL


class ComponentPatch(Incoming):
    """Only the members that are present change; null clears a `_ja` member."""

    name: Name = Field(default_factory=str)
    name_ja: Name | None = Field(default_factory=nothing)
    description: Description = Field(default_factory=str)
    description_ja: Description | None = Field(default_factory=nothing)
    position: Position = Field(default_factory=int)
    status: ComponentStatus = Field(
        default_factory=lambda: ComponentStatus.OPERATIONAL,
        description="409 if an active incident holds the component in a worse status.",
    )


class Component(Outgoing):
    id: UUID
    name: str
    name_ja: str | None
    description: str
    description_ja: str | None
    position: int
    status: ComponentStatus = Field(
        description="The worst of its own status, of what active incidents say of it, and of a "
        "maintenance in progress."
    )
    created_at: dt.datetime
    updated_at: dt.datetime


class ComponentList(Outgoing):
    components: list[Component] = Field(description="All of them, by position.")
