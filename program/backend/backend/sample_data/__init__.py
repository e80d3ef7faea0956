"""`python -m backend sample-data`: loads an example of 90 days into an empty status page."""

from __future__ import annotations

import asyncio
import logging

from backend.sample_data.load import load
from backend.settings import DatabaseSettings
from backend.store.database import Database

logger = logging.getLogger(__name__)


def run() -> None:
    asyncio.run(_run(DatabaseSettings.read()))


async def _run(settings: DatabaseSettings) -> None:
    database = Database(settings, pool_size=1)
    try:
        loaded = await load(database)
    finally:
        await database.close()
    logger.info("sample data loaded" if loaded else "the page is not empty: nothing to do")
