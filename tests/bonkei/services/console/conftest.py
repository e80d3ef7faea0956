from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bonkei.services.console import Console, ConsoleSettings


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """One that listens on a free port; a test adds topics and actions."""
    console = Console(ConsoleSettings(0, tmp_path / "console"))
    await console.start()
    yield console
    await console.stop()
