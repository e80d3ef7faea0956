"""`python -m bonkei.services.logs.router FILE`: one router, until SIGTERM.

Each task has one for as long as it runs, so this process imports only what its configuration needs:
see `configuration.secured` and `configuration.stored`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from bonkei.base.importing import importing

with importing(stays=True):
    from bonkei.services.logs.router.configuration import stored
    from bonkei.services.logs.router.configuration.model import Configuration
    from bonkei.services.logs.router.configuration.secured import needs_tls
    from bonkei.services.logs.router.errors import RouterError


def main() -> None:
    """Exits with 1 and the reason when the configuration cannot be run."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bonkei.services.logs.router FILE")
    try:
        configuration = _read(Path(sys.argv[1]), os.environ)
        if not needs_tls(configuration, os.environ):
            _leave_out_openssl()
        _run(configuration)
    except RouterError as error:
        sys.exit(f"[error] {error.message}\n  {error.remedy}")
    except OSError as error:
        sys.exit(f"[error] {error}")


def _read(file: Path, environment: Mapping[str, str]) -> Configuration:
    """Read the configuration. The miniature has already checked a stored one; one in Fluent Bit's
    formats is checked here."""
    if file.suffix == stored.SUFFIX:
        return stored.read(file.read_text(encoding="utf-8"))
    from bonkei.services.logs.router.configuration.load import load  # noqa: PLC0415 - see above
    from bonkei.services.logs.router.configuration.validate import validate  # noqa: PLC0415

    configuration = load(file, environment)
    validate(configuration)
    return configuration


def _leave_out_openssl() -> None:
    """Keep OpenSSL out of the process: asyncio and hashlib load it, 2 MiB, but can do without
    it."""
    sys.modules["ssl"] = None  # type: ignore[assignment]
    if find_spec("_sha1"):  # Fedora's Python has no hashes of its own
        sys.modules["_hashlib"] = None  # type: ignore[assignment]


def _run(configuration: Configuration) -> None:
    with importing(stays=True):  # not before it is known whether TLS is needed
        import asyncio  # noqa: PLC0415

        from bonkei.services.logs.router.engine.engine import Engine  # noqa: PLC0415

    async def run() -> None:
        engine = Engine(configuration, os.environ)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, engine.stop)
        await engine.run()

    asyncio.run(run())


if __name__ == "__main__":
    main()
