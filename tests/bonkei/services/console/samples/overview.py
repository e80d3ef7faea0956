"""The frame's topic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bonkei.services.console import Console, Json
from tests.bonkei.services.console.samples.world import Done


def offer(console: Console, _done: Done, _home: Path) -> None:
    async def overview(_: Mapping[str, str]) -> Json:
        return {
            "name": "status-page",
            "workspace": "default",
            "account": "123456789012",
            "enforce": "on",
            "prefix": "statuspage-",
            "version": 1,
            "state": "degraded",
            "unhealthy": [{"name": "statuspage-backend", "reason": "1 of 2 healthy"}],
            "lines": [],
            "badges": {
                "tasks": {"text": "3/4", "kind": "warn"},
                "logs": {"text": "2", "kind": "bad"},
            },
        }

    console.topics({"overview": overview})
