"""The base classes of all models: incoming and outgoing."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict


# A patch's members have a default factory only to be optional: factories, unlike defaults, are not
# published in the schema, and only members that were sent (`model_fields_set`) are ever read.
def nothing() -> None:
    return None


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Incoming(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Outgoing(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)
