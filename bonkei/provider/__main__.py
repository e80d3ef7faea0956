"""`python -m bonkei.provider [FILE]`: serve the providers until standard input ends.

BONKEI_HOME names the miniature's home: secrets and counters are kept there. FILE lists what exists
outside the stack, as JSON. The first line of the output is the value for TF_REATTACH_PROVIDERS.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from bonkei.provider.catalogue import providers
from bonkei.provider.server import serve, until_input_ends
from bonkei.provider.surroundings import Surroundings, at_home


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
    home = os.environ.get("BONKEI_HOME")
    if not home:
        sys.exit("BONKEI_HOME is not set: it names the directory for secrets and counters")
    existing = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:2]]
    with tempfile.TemporaryDirectory(prefix="bonkei-") as directory:  # mode 0700
        asyncio.run(_main(at_home(Path(home), *existing), Path(directory)))


main()
