"""Processes are started by the event loop of a miniature."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from bonkei.base.processes.loop import Loop


def pytest_asyncio_loop_factories(
    config: object, item: object
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"miniature": Loop}
