"""`python -m bonkei.logs.router FILE`: one router, until SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from bonkei.logs.router.configuration.load import load
from bonkei.logs.router.engine.engine import Engine
from bonkei.logs.router.errors import RouterError


async def _run(file: Path) -> None:
    engine = Engine(load(file, os.environ), os.environ)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.stop)
    await engine.run()


def main() -> None:
    """Exits with 1 and the reason when the configuration cannot be run."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bonkei.logs.router FILE")
    try:
        asyncio.run(_run(Path(sys.argv[1])))
    except RouterError as error:
        sys.exit(f"[error] {error.message}\n  {error.remedy}")
    except OSError as error:
        sys.exit(f"[error] {error}")


if __name__ == "__main__":
    main()
