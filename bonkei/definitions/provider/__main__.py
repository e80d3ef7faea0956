"""`python -m bonkei.definitions.provider FILE`: serve the providers until standard input ends.

FILE is JSON with the miniature's home (for secrets and counters), the path of the state, the
account, the resources outside the stack, and the inherited descriptor of each address's socket,
which listens already (`bonkei.definitions.provider.plugin.sockets`). Their directory is removed at
the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bonkei.base.importing import importing


async def _main(document: Mapping[str, Any], sockets: Mapping[str, socket.socket]) -> None:
    loop = asyncio.get_running_loop()
    types_are_there = asyncio.Event()
    serving = asyncio.ensure_future(_serve(document, sockets, types_are_there))
    ending = asyncio.ensure_future(_until_input_ends(types_are_there))
    loop.add_signal_handler(signal.SIGTERM, ending.cancel)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is Terraform's: it ends in good order
    await asyncio.wait((serving, ending), return_when=asyncio.FIRST_COMPLETED)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def _serve(
    document: Mapping[str, Any],
    sockets: Mapping[str, socket.socket],
    types_are_there: asyncio.Event,
) -> None:
    with importing():
        from bonkei.definitions.provider.catalogue import providers  # noqa: PLC0415 -- input may end meanwhile
        from bonkei.definitions.provider.plugin.server import serve  # noqa: PLC0415
        from bonkei.definitions.provider.stand_in import stand_in  # noqa: PLC0415
        from bonkei.definitions.provider.surroundings import read  # noqa: PLC0415

        described = document.get("not_served", {})
        others = {name: stand_in(name, described[name], document["existing"]) for name in described}
        served = {**others, **providers()}
    surroundings = read(document)
    await serve(served, surroundings, sockets, types_are_there)


async def _until_input_ends(types_are_there: asyncio.Event) -> None:
    """Return when the parent process is gone: it holds the other end of our input. What it writes
    says that the file of types is there."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1 << 16):
        types_are_there.set()


def main() -> None:
    """Run the process."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bonkei.definitions.provider FILE")
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sockets = {name: socket.socket(fileno=fd) for name, fd in document["sockets"].items()}
    directories = {Path(each.getsockname()).parent for each in sockets.values()}
    try:
        asyncio.run(_main(document, sockets))
    finally:
        for directory in directories:
            shutil.rmtree(directory, ignore_errors=True)
    sys.stderr.flush()
    os._exit(0)  # Terraform's command waits, and there is nothing left to take apart in order


main()
