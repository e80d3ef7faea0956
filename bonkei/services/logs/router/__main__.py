"""`python -m bonkei.services.logs.router FILE`: one router, until SIGTERM.

Each task has one for as long as it runs. The miniature has read and checked its configuration: see
`configuration.stored`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from bonkei.base.importing import importing

with importing(stays=True):
    from bonkei.services.logs.router.configuration import stored
    from bonkei.services.logs.router.engine.engine import Engine
    from bonkei.services.logs.router.errors import RouterError


def main() -> None:
    """Exits with 1 and the reason when the configuration cannot be run."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bonkei.services.logs.router FILE")
    try:
        text = Path(sys.argv[1]).read_text(encoding="utf-8")
        asyncio.run(_run(Engine(stored.read(text), os.environ)))
    except RouterError as error:
        sys.exit(f"[error] {error.message}\n  {error.remedy}")
    except OSError as error:
        sys.exit(f"[error] {error}")


async def _run(engine: Engine) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.stop)
    await engine.run()


if __name__ == "__main__":
    main()
