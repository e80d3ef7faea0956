"""`python -m bonkei.provider FILE`: serve the providers until standard input ends.

FILE is JSON with the miniature's home (for secrets and counters), the path of the state, the
account and the resources outside the stack. The first line of the output is the value for
TF_REATTACH_PROVIDERS.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import sys
from pathlib import Path

from bonkei.provider.catalogue import providers
from bonkei.provider.plugin.server import serve, until_input_ends
from bonkei.provider.surroundings import Surroundings, read
from bonkei.sockets import make_socket_directory


async def _main(surroundings: Surroundings, directory: Path) -> None:
    loop = asyncio.get_running_loop()
    serving = asyncio.ensure_future(serve(providers(), surroundings, directory, _announce))
    ending = asyncio.ensure_future(until_input_ends())
    loop.add_signal_handler(signal.SIGTERM, ending.cancel)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is Terraform's: it ends in good order
    await asyncio.wait((serving, ending), return_when=asyncio.FIRST_COMPLETED)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _announce(reattach: str) -> None:
    sys.stdout.write(reattach + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run the process."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bonkei.provider FILE")
    surroundings = read(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    directory = make_socket_directory()
    try:
        asyncio.run(_main(surroundings, directory))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


main()
