"""The ports on which a container's process really listens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from bonkei.base.processes import family, family_ids
from bonkei.base.processes.listening import kernel_ports, sockets

# Seconds from its start to the first check, and then between checks.
LOOKS = (4.0, 4.0, 8.0, 16.0, 32.0)
LISTENS_WITHIN = 60.0
"""Seconds for which a container's first listening is awaited."""
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""Their columns: "/proc/net/tcp" in proc(5) and Documentation/networking/proc_net_tcp.rst."""
_LISTEN = b"0A"
_STEP = 0.01  # seconds between two looks
_SHARE = 50  # a look may take so much less of a processor than the pause after it


def listened_ports(pid: int) -> set[int]:
    """The TCP ports on which the process or one of its children listens."""
    try:
        ports = kernel_ports()
    except (OSError, AttributeError):  # as in _all_listened
        return {port for one in family(pid) for port in _of(one)}
    with suppress(PermissionError):
        return {ports[each] for one in family_ids(pid) for each in sockets(one) if each in ports}
    return set()


def _of(process: psutil.Process) -> set[int]:
    try:
        found = process.net_connections(kind="tcp")
    except psutil.Error:
        return set()
    return {one.laddr.port for one in found if one.status == psutil.CONN_LISTEN}


async def until_listening(ports: Collection[int], within: float) -> bool:
    """Whether a process listens on one of these TCP ports within so many seconds. Nothing connects,
    because a server would log that. Always False on systems other than Linux."""
    begun = time.monotonic()
    while time.monotonic() - begun < within:
        look = time.thread_time()
        try:
            if not _all_listened().isdisjoint(ports):
                return True
        except OSError:
            return False
        await asyncio.sleep(max(_STEP, (time.thread_time() - look) * _SHARE))
    return False


def _all_listened() -> set[int]:
    """All listened ports, by the kernel, or by its tables if it does not answer."""
    try:
        return {*kernel_ports().values()}
    except (OSError, AttributeError):  # no AF_NETLINK, or a kernel without this part
        return {port for table in TABLES for port in _in_table(table.read_bytes())}


def _in_table(table: bytes) -> Iterator[int]:
    for line in table.splitlines()[1:]:
        words = line.split(maxsplit=4)
        if words[3] == _LISTEN:
            yield int(words[1].rpartition(b":")[2], 16)
