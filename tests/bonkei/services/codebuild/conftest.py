"""A rig that runs builds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from builds import Rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """A started rig, stopped after the test."""
    made = Rig(tmp_path)
    made.builds.start()
    yield made
    await made.builds.stop()
