"""The real `aws` command, in its own environment below the home."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from bonkei.miniature.home import Home
from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.backing.process import LOCK


def install(home: Home, report: Callable[[str], None]) -> Path:
    """The command's path. It is installed at its first use. Raises TaskError if that fails."""
    lock = LOCK.with_name("awscli.txt")
    environment = asyncio.run(ensure_environment((lock,), home.environments, report))
    return environment / "bin" / "aws"
