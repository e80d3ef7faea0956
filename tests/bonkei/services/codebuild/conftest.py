"""A room that runs builds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from builds import Room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A started room, stopped after the test."""
    made = Room(tmp_path)
    made.builds.start()
    yield made
    await made.builds.stop()
