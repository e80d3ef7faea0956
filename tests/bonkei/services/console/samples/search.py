"""The search over what the other samples offer."""

from __future__ import annotations

from pathlib import Path

from bonkei.miniature.console.search import offer_search
from bonkei.services.console import Console
from tests.bonkei.services.console.samples.world import Done


def offer(console: Console, _done: Done, _home: Path) -> None:
    offer_search(console)
