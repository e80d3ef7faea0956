"""The frame's topic: the miniature's name, its state, and the progress of its start."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from os.path import commonprefix

from bonkei.blueprint import Blueprint
from bonkei.config import Config
from bonkei.miniature.rollout.diagnosis import Judged
from bonkei.miniature.steps import Report
from bonkei.services.console import Console, Json

_MOST_LINES = 200

Badge = Callable[[], Json]


class Said:
    """Passes each report on, and keeps the last lines, which show the progress of the start."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.lines: deque[str] = deque(maxlen=_MOST_LINES)

    def __call__(self, text: str) -> None:
        self.lines.extend(line for line in text.splitlines() if line.strip())
        self._report(text)


class Versions:
    """Numbers the blueprints. Data that depends only on the blueprint is requested again only for a
    new one."""

    def __init__(self) -> None:
        self._last: Blueprint | None = None
        self._number = 0

    def of(self, blueprint: Blueprint) -> int:
        if blueprint is not self._last:
            self._last = blueprint
            self._number += 1
        return self._number


def offer_overview(
    console: Console,
    config: Config,
    judged: Callable[[], Judged],
    said: Said,
    badges: Mapping[str, Badge],
    errors: Callable[[], Awaitable[Json]],
    blueprint: Callable[[], Blueprint],
) -> None:
    """The topic `overview`. `judged`: the miniature's state. `badges`: the marks beside a page in
    the navigation, by its path: `{"text": …, "kind": …}` or None. `errors`: that of the logs, which
    are read for it."""

    versions = Versions()

    async def overview(_: Mapping[str, str]) -> Json:
        now = judged()
        found = {path: badge() for path, badge in badges.items()} | {"logs": await errors()}
        return {
            "name": config.root.name,
            "workspace": config.workspace,
            "account": config.account_id,
            "enforce": config.enforce,
            "prefix": prefix_of(blueprint()),
            "version": versions.of(blueprint()),
            "state": now.state,
            "unhealthy": [{"name": one.name, "reason": one.reason} for one in now.unhealthy],
            "lines": list(said.lines)[-40:] if now.state == "starting" else [],
            "badges": {path: badge for path, badge in found.items() if badge},
        }

    console.topics({"overview": overview})


def prefix_of(blueprint: Blueprint) -> str:
    """What the names of services and alarms begin with, up to a hyphen, such as `shop-dev-`. A page
    shows it once."""
    names = [each.name for each in blueprint.services] + [each.name for each in blueprint.alarms]
    common = commonprefix(names) if len(names) > 1 else ""  # noqa: RUF071 - of names, not paths
    return common[: common.rfind("-") + 1]
