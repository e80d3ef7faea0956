"""A miniature with doubles for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bonkei.config import Config, OneOff
from bonkei.miniature import changes, supervisor
from tests.bonkei.miniature.doubles import World
from tests.bonkei.miniature.supervisor.subject import (
    BLUEPRINT,
    SITE,
    Make,
    Subject,
)


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What was asked of the memory, each time. A real search for garbage after a reload takes half
    a second: it goes through all tests of the process, too.
    """
    asked: list[bool] = []

    def settle_memory(*, has_replaced: bool) -> None:
        asked.append(has_replaced)

    for module in (changes, supervisor):
        monkeypatch.setattr(module, "settle_memory", settle_memory)
    return asked


@pytest.fixture
def world() -> World:
    return World(BLUEPRINT, listeners=(SITE,))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    for name in ("app", "infrastructure"):
        (tmp_path / name).mkdir()
    (tmp_path / "app" / "Dockerfile").write_text('FROM python\nCMD ["python"]\n')
    (tmp_path / "app" / "requirements.txt").touch()
    (tmp_path / "bonkei.toml").touch()
    return Config(
        file=tmp_path / "bonkei.toml",
        root=tmp_path,
        definitions=tmp_path / "infrastructure",
        home=tmp_path / "home",
        containers={"web": tmp_path / "app"},
        one_offs=(OneOff("migration", "web", "web", ("migrate",), "each-start"),),
    )


@pytest.fixture
async def make(world: World, config: Config) -> AsyncIterator[Make]:
    made: list[Subject] = []

    def build(**changes: Any) -> Subject:
        made.append(Subject(world, replace(config, **changes)))
        return made[-1]

    yield build
    world.failing.clear()
    for event in world.holding.values():
        event.set()
    for subject in made:
        await subject.miniature.stop()
