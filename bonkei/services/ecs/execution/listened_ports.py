"""The ports on which a container's process really listens."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from bonkei.base.folders import entries
from bonkei.base.processes import family, family_ids

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
    return {ports[each] for one in family_ids(pid) for each in _sockets(one) if each in ports}


def _sockets(pid: int) -> Iterator[int]:
    """The inodes of a process's sockets: what its files lead to is shown as `socket:[123]`."""
    with suppress(OSError):  # it has ended
        for file in entries(Path(f"/proc/{pid}/fd")):
            with suppress(OSError):
                kind, _, inode = str(file.readlink()).partition(":")
                if kind == "socket":
                    yield int(inode.strip("[]"))


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


_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_ERROR, _DONE = 2, 3
_TCP_LISTEN = 1 << 10  # of the states: TCP_LISTEN
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBBxI48x")  # inet_diag_req_v2: family, protocol, extensions, states
_PORT = struct.Struct("!H")
_INODE = struct.Struct("=I")
_PORT_AT = 4  # of inet_diag_msg: family, state, timer, retransmissions; then the source's port
_INODE_AT = 68  # its last number
_ENOUGH = 1 << 16  # bytes; the kernel sends at most half of them at once
_PATIENCE = 1.0  # seconds


def kernel_ports() -> dict[int, int]:
    """The TCP ports on which any process listens, over IPv4 and IPv6, by the inodes of the sockets.

    Source: sock_diag(7), netlink(7). The kernel looks only at the sockets that listen. The tables
    in /proc/net have all connections of the machine: reading 400 of them took 7.4 ms, and this 0.1
    ms. Raises OSError where the kernel does not answer.
    """
    return {**dict(_kernel_ports_of(socket.AF_INET)), **dict(_kernel_ports_of(socket.AF_INET6))}


def _kernel_ports_of(address_family: socket.AddressFamily) -> Iterator[tuple[int, int]]:
    request = _REQUEST.pack(address_family, socket.IPPROTO_TCP, 0, _TCP_LISTEN)
    header = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE)
        kernel.send(header + request)
        while True:
            answer = memoryview(kernel.recv(_ENOUGH))
            while answer:
                length, kind, *_ = _HEADER.unpack_from(answer)
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    raise OSError("the kernel does not list its sockets")
                (port,) = _PORT.unpack_from(answer, _HEADER.size + _PORT_AT)
                (inode,) = _INODE.unpack_from(answer, _HEADER.size + _INODE_AT)
                yield inode, port
                answer = answer[(length + 3) & ~3 :]
