"""The backend's commands. Settings come from the environment (see README.md)."""

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
    "migrate": "create the application's role, update the schema, and create the first "
    "administrator; may be run again at any time",
    "administrators": "list, make or disable administrators, or set a password",
    "sample-data": "load example components and incidents into an empty status page",
}


def main(arguments: list[str] | None = None) -> int:
    """0, or 1 if the command failed; the reason is in a FATAL record."""
    parser = argparse.ArgumentParser(prog="python -m backend", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in _COMMANDS.items():
        part = commands.add_parser(name, help=summary, description=summary)
        if name == "administrators":
            _add_deeds(part)
    options = parser.parse_args(arguments)
    command = options.command
    logs.configure("INFO")
    try:
        logs.configure(LogSettings.read().log_level)
        given = (options.deed, options.name) if command == "administrators" else ()
        return _load(command)(*given) or 0
    except SettingsError as error:
        logger.critical("%s cannot start: %s", command, error)
        return 1
    except Exception:
        logger.critical("%s cannot go on", command, exc_info=True)
        return 1


def _add_deeds(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True, metavar="DEED")
    deeds.add_parser("list", help="all administrators").set_defaults(name="")
    for deed, summary in (
        ("make", "make one; the password is read, not printed (see README.md)"),
        ("disable", "end their sessions and refuse new ones; not for the last active one"),
        ("reset-password", "set a password, read like that of `make`; enables a disabled one"),
    ):
        part = deeds.add_parser(deed, help=summary, description=summary)
        part.add_argument("name", metavar="NAME")


def _load(command: str) -> Callable[..., int | None]:
    """Import only the modules of the command, so that the process starts quickly."""
    usual = gc.get_threshold()
    # Imports leave little garbage: classes that are replaced by ones with slots. Only new objects
    # are searched for it, because collections of all take a tenth of the imports' time.
    gc.set_threshold(5_000, 1_000_000, 1_000_000)
    try:
        run: Callable[..., int | None] = import_module(f"backend.{command.replace('-', '_')}").run
    finally:
        gc.set_threshold(*usual)
    gc.freeze()
    return run


if __name__ == "__main__":
    sys.exit(main())
