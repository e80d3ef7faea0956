"""`python -m bonkei.provider FILE`: serve the providers until standard input ends.

FILE is JSON with the miniature's home (for secrets and counters), the path of the state, the
account and the resources outside the stack. The first line of the output is the value for
TF_REATTACH_PROVIDERS. It comes at once: the modules that serve the providers are loaded after it,
while Terraform starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import shutil
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from bonkei.provider.addresses import ADDRESSES
from bonkei.provider.plugin.sockets import listen, reattach
from bonkei.sockets import make_socket_directory


async def _main(file: Path, sockets: Mapping[str, socket.socket]) -> None:
    loop = asyncio.get_running_loop()
    serving = asyncio.ensure_future(_serve(file, sockets))
    ending = asyncio.ensure_future(_until_input_ends())
    loop.add_signal_handler(signal.SIGTERM, ending.cancel)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is Terraform's: it ends in good order
    await asyncio.wait((serving, ending), return_when=asyncio.FIRST_COMPLETED)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def _serve(file: Path, sockets: Mapping[str, socket.socket]) -> None:
    from bonkei.provider.catalogue import providers  # noqa: PLC0415 -- after the announcement
    from bonkei.provider.plugin.server import serve  # noqa: PLC0415
    from bonkei.provider.surroundings import read  # noqa: PLC0415

    gc.disable()
    served = providers()
    gc.freeze()  # what is loaded stays: not to be searched for garbage again and again
    gc.enable()
    surroundings = read(json.loads(file.read_text(encoding="utf-8")))  # noqa: ASYNC240 -- once
    await serve(served, surroundings, sockets)


async def _until_input_ends() -> None:
    """Return when the parent process is gone: it holds the other end of our input."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1 << 16):
        pass


def main() -> None:
    """Run the process."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m bonkei.provider FILE")
    directory = make_socket_directory()
    try:
        sockets = listen(ADDRESSES, directory)
        sys.stdout.write(reattach(sockets) + "\n")
        sys.stdout.flush()
        asyncio.run(_main(Path(sys.argv[1]), sockets))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


main()
