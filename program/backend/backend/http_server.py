"""uvicorn's server, without uvicorn's command line.

`import uvicorn` loads the command line, and with it click and multiprocessing: 1.5 MiB of each task
for as long as it runs, and 20 ms of its start. Nothing of the server needs them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_COMMAND_LINE = "uvicorn.main"


class _Nothing(ModuleType):
    """In the place of the command line. The package takes names from there, the server's, too."""

    main = run = None

    @property
    def Server(self) -> type:  # noqa: N802 - uvicorn's name
        from uvicorn.server import Server  # noqa: PLC0415 - when the package loads

        return Server


@contextmanager
def _without_command_line() -> Iterator[None]:
    if _COMMAND_LINE in sys.modules:
        yield
        return
    sys.modules[_COMMAND_LINE] = _Nothing(_COMMAND_LINE)
    try:
        yield
    finally:
        del sys.modules[_COMMAND_LINE]


with _without_command_line():
    from uvicorn.config import Config
    from uvicorn.server import Server

__all__ = ["Config", "Server"]
