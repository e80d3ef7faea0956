"""The miniature follows a build's apply once, and only when the build has applied something."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bonkei.miniature import applied_elsewhere
from bonkei.miniature.changes import Changes
from bonkei.miniature.home import MiniatureError


class Parts:
    """An assembly that has only builds."""

    def __init__(self) -> None:
        self.listener: Callable[[Any], None] = lambda _: None
        self.builds = SimpleNamespace(hear=self._hear, builds=SimpleNamespace(wait=self._wait))

    def _hear(self, listener: Callable[[Any], None]) -> None:
        self.listener = listener

    async def _wait(self, build_id: str) -> None:
        await asyncio.sleep(0)


class Followed:
    """Changes that count how often they are followed. They may fail."""

    def __init__(self, home: Path) -> None:
        self.said: list[str] = []
        self.count = 0
        self.rigs = Parts()
        self.changes = Changes(SimpleNamespace(home=home), self.said.append)  # type: ignore[arg-type]
        self.changes._follow = self._follow  # type: ignore[method-assign]
        self.changes.are_possible(self.rigs)  # type: ignore[arg-type]
        self.problem = ""

    async def _follow(self, assembly: Any, steps: Any) -> None:
        self.count += 1
        if self.problem:
            raise MiniatureError(self.problem, remedy="look at it")

    async def build_ends(self, *, is_over: bool = True) -> None:
        self.rigs.listener(SimpleNamespace(id="a:1", is_over=is_over))
        while self.changes._following:
            await asyncio.sleep(0)


@pytest.fixture
async def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


def apply(home: Path, value: str) -> None:
    document = {"place": "s3://states/one", "state": {"values": {"outputs": value}}}
    applied_elsewhere.keep(home, json.dumps(document).encode(), home / "gathered")


async def test_a_build_that_applied_something_is_followed_once(
    followed: Followed, tmp_path: Path
) -> None:
    await followed.build_ends()
    assert followed.count == 0
    apply(tmp_path, "one")
    await followed.build_ends(is_over=False)
    assert followed.count == 0
    await followed.build_ends()
    await followed.changes.follow_builds()
    assert followed.count == 1
    apply(tmp_path, "another")
    await followed.build_ends()
    assert followed.count == 2


async def test_services_that_are_unhealthy_afterwards_are_reported(
    followed: Followed, tmp_path: Path
) -> None:
    followed.problem = "applied, but not healthy: backend"
    apply(tmp_path, "one")
    await followed.changes.follow_builds()
    assert any("not healthy: backend" in each for each in followed.said)
    await followed.changes.follow_builds()
    assert followed.count == 1
