"""A room of builds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from builds import Room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """Started, and stopped at the end."""
    made = Room(tmp_path)
    made.builds.start()
    yield made
    await made.builds.stop()
