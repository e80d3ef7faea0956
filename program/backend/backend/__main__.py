"""The backend's commands; settings come from the environment (see README.md)."""

from __future__ import annotations

import argparse
import gc
import logging
import sys
from collections.abc import Callable
from importlib import import_module

from backend import logs
from backend.settings import LogSettings, SettingsError

logger = logging.getLogger("backend")

_COMMANDS = {
    "serve": "answer HTTP requests until SIGTERM",
    "migrate": "make the application's role, bring the schema up to date, and make the first "
    "administrator; may be run again at any time",
    "sample-data": "load components and incidents to look at into an empty status page",
}


def main(arguments: list[str] | None = None) -> int:
    """0, or 1 if the command could not do its work; the reason is in a FATAL record."""
    parser = argparse.ArgumentParser(prog="python -m backend", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in _COMMANDS.items():
        commands.add_parser(name, help=summary, description=summary)
    command = parser.parse_args(arguments).command
    logs.configure("INFO")
    try:
        logs.configure(LogSettings.read().log_level)
        _load(command)()
    except SettingsError as error:
        logger.critical("%s cannot start: %s", command, error)
        return 1
    except Exception:
        logger.critical("%s cannot go on", command, exc_info=True)
        return 1
    return 0


def _load(command: str) -> Callable[[], None]:
    """Import what the command needs, and no more: a process that is started should answer soon."""
    gc.disable()  # nothing that imports make becomes garbage; looking for it takes a tenth of them
    try:
        run: Callable[[], None] = import_module(f"backend.{command.replace('-', '_')}").run
    finally:
        gc.enable()
    gc.freeze()
    return run


if __name__ == "__main__":
    sys.exit(main())
