"""Health: whether the process runs, and whether its database works."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from backend.api.models import Health
from backend.api.state import Own
from backend.store.database import DatabaseUnavailableError
from backend.store.revision import last_change

READINESS_SECONDS = 2

router = APIRouter(tags=["health"])


@router.get("/healthcheck")
async def healthcheck(response: Response) -> Health:
    """Shallow on purpose: a database that is down must not make the load balancer replace tasks."""
    response.headers["Cache-Control"] = "no-store"
    return Health(status="ok")


@router.get("/readiness")
async def readiness(own: Own, response: Response) -> Health:
    """Asks the database for one row of the schema."""
    response.headers["Cache-Control"] = "no-store"
    try:
        async with asyncio.timeout(READINESS_SECONDS):
            async with own.database.query() as connection:
                await last_change(connection)
    except TimeoutError:
        raise DatabaseUnavailableError from None
    return Health(status="ok")
