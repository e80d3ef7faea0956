"""Column types for all tables."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from backend.domain.status import ComponentStatus, Impact, IncidentStatus

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)


def _enum(kind: type[StrEnum], name: str) -> pg.ENUM:
    return pg.ENUM(
        kind, name=name, create_type=False, values_callable=lambda e: [m.value for m in e]
    )


COMPONENT_STATUS = _enum(ComponentStatus, "component_status")
INCIDENT_STATUS = _enum(IncidentStatus, "incident_status")
IMPACT = _enum(Impact, "impact")
TIME = sa.DateTime(timezone=True)


def id_column() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, primary_key=True)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, TIME, nullable=nullable)


def reference(name: str, target: str, *, primary_key: bool = False) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.ForeignKey(target, ondelete="CASCADE"),
        nullable=False,
        primary_key=primary_key,
    )
