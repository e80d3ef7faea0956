"""The services for the routes, made once per process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from backend.api.slow_lane import SlowLane
from backend.passwords import Passwords
from backend.store.database import Database


@dataclass(frozen=True, slots=True)
class Services:
    database: Database
    passwords: Passwords = field(default_factory=Passwords)
    slow_lane: SlowLane = field(default_factory=SlowLane)
    trusted_proxies: int = 2


async def services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


Own = Annotated[Services, Depends(services)]
