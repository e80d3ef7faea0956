"""A restart of a service whose program cannot be run now, and its mending."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.miniature.changes import Changes
from bonkei.miniature.control.answering import Call
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.rollout.service_changes import ServiceChanges

WEB = Service("web", "arn:web", "shop-web", "c", "td", 1)


class Parts:
    """An assembly that looks at the folder of a container when a deployment begins."""

    def __init__(self) -> None:
        self.blueprint = Blueprint(services=(WEB,))
        self.builds = SimpleNamespace(hear=lambda _: None)
        self.service_changes = ServiceChanges()
        self.in_the_way = ""
        self.deployments = 0
        self._state = SimpleNamespace(arn=WEB.arn, refused="")

    @property
    def tasks(self) -> Any:
        running = SimpleNamespace(snapshot=lambda: SimpleNamespace(services=[self._state]))
        return SimpleNamespace(running=lambda: running)

    async def migrate(self, *_: Any) -> None: ...

    async def begin_roll_out(self, *_: Any) -> Any:
        self._state.refused = self.in_the_way
        self.deployments += not self.in_the_way

        async def settled() -> list[Any]:
            return []

        return settled


async def test_a_program_that_was_away_is_restarted_when_it_is_back(tmp_path: Path) -> None:
    """As in a checkout of a branch without it. A restart said that it had been one."""
    rigs = Parts()
    changes = Changes(SimpleNamespace(home=tmp_path), lambda _: None)  # type: ignore[arg-type]
    changes.are_possible(rigs)  # type: ignore[arg-type]
    call = Call(lambda _: None, "web")
    rigs.in_the_way = "web: essential; web has no Dockerfile"
    with pytest.raises(MiniatureError, match="shop-web is not run here: web: essential"):
        await changes.restart(call)
    rigs.in_the_way = ""
    await changes.restart(call)
    assert rigs.deployments == 1
