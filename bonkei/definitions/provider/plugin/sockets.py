"""The sockets of the providers, which listen before there is a process that serves them.

Terraform needs a third of a second until it first calls a provider, and a provider as long until it
can answer. A connection in between waits in the socket's queue. So both start at once.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path


def listen(addresses: Iterable[str], directory: Path) -> Mapping[str, socket.socket]:
    """A listening Unix socket for each address."""
    sockets = {}
    for number, address in enumerate(addresses):
        sockets[address] = socket.socket(socket.AF_UNIX)
        sockets[address].bind(str(directory / f"{number}.sock"))
        sockets[address].listen()
    return sockets


def reattach(sockets: Mapping[str, socket.socket], pid: int) -> str:
    """The value for TF_REATTACH_PROVIDERS; `pid`: of the process that serves them."""
    return json.dumps(
        {
            address: {
                "Protocol": "grpc",
                "ProtocolVersion": 6,
                "Pid": pid,
                "Test": True,
                "Addr": {"Network": "unix", "String": listening.getsockname()},
            }
            for address, listening in sockets.items()
        }
    )
