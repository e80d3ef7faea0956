"""Who listens on this machine, as the kernel says it. Only on Linux.

Source: sock_diag(7), netlink(7). The kernel looks only at the sockets that listen. The tables in
/proc/net have all connections of the machine: reading 400 of them took 7.4 ms, and this 0.1 ms.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bonkei.base.events import Endpoint
from bonkei.base.folders import entries
from bonkei.base.processes.trees import family_ids

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST_ONE, _REQUEST_DUMP = 0x001, 0x301  # NLM_F_REQUEST, and with NLM_F_DUMP
_ERROR, _DONE = 2, 3
_TCP_LISTEN = 1 << 10  # of the states: TCP_LISTEN
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBBxI")  # inet_diag_req_v2: family, protocol, extensions, states
_SOCKET = struct.Struct("!HH4s32x8s")  # inet_diag_sockid: ports, source, and the rest; the cookie
_EVERY, _NO_COOKIE = bytes(_SOCKET.size), b"\xff" * 8
_PORT = struct.Struct("!H")
_NUMBER = struct.Struct("=i")  # of an error
_UID_INODE = struct.Struct("=II")
_PORT_AT = 4  # of inet_diag_msg: family, state, timer, retransmissions; then the source's port
_UID_INODE_AT = 64  # its last numbers
_ENOUGH = 1 << 16  # bytes; the kernel sends at most half of them at once
_PATIENCE = 1.0  # seconds


class Listener:
    """A process that should listen at an address, with all that it has started."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._own = 0  # the socket that is known to be its own

    def is_reached_at(self, endpoint: Endpoint) -> bool:
        """Whether a connection reaches it there, and not another program that has taken the port.

        True where that cannot be known: without this part of the kernel, where files may not be
        read, and for a program of this user when the process has no namespace of its own, because
        it may have left it behind.
        """
        try:
            inode, user = _who_listens(endpoint)
            if inode and inode != self._own and self._has(inode, user):
                self._own = inode
        except (OSError, AttributeError):  # no AF_NETLINK, or a kernel without this part
            return True
        return inode != 0 and inode == self._own

    def _has(self, inode: int, user: int) -> bool:
        if any(inode in sockets(one) for one in family_ids(self._pid)):
            return True
        if user != os.getuid():
            return False
        users = _users(self._pid)
        return users is not None and (
            users == _users(os.getpid()) or any(inode in sockets(one) for one in _inside(users))
        )


def _users(pid: int) -> int | None:
    """A process's user namespace; None if it has ended, or is another user's."""
    found = None
    with suppress(OSError):
        found = os.stat(f"/proc/{pid}/ns/user").st_ino  # noqa: PTH116 - of many processes
    return found


def _inside(users: int) -> Iterator[int]:
    """The processes in a user namespace, also those that have left their family, as daemons do."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - as above
        if name.isdecimal() and _users(int(name)) == users:
            yield int(name)


def sockets(pid: int) -> Iterator[int]:
    """The inodes of a process's sockets: what its files lead to is shown as `socket:[123]`. Raises
    PermissionError if its files may not be read."""
    with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
        for file in entries(Path(f"/proc/{pid}/fd")):
            with suppress(FileNotFoundError):
                kind, _, inode = str(file.readlink()).partition(":")
                if kind == "socket":
                    yield int(inode.strip("[]"))


def kernel_ports() -> dict[int, int]:
    """The TCP ports on which any process listens, over IPv4 and IPv6, by the inodes of the sockets.
    Raises OSError where the kernel does not answer."""
    answers = (
        answer
        for kind in (socket.AF_INET, socket.AF_INET6)
        for answer in _ask(kind, _REQUEST_DUMP, _EVERY)
    )
    return {
        _UID_INODE.unpack_from(each, _HEADER.size + _UID_INODE_AT)[1]: _PORT.unpack_from(
            each, _HEADER.size + _PORT_AT
        )[0]
        for each in answers
    }


def _who_listens(endpoint: Endpoint) -> tuple[int, int]:
    """The inode and the user of the socket that takes a connection to this IPv4 address; zeros when
    there is none. Raises OSError where the kernel does not answer."""
    wanted = _SOCKET.pack(endpoint.port, 0, socket.inet_aton(endpoint.host), _NO_COOKIE)
    for answer in _ask(socket.AF_INET, _REQUEST_ONE, wanted):
        user, inode = _UID_INODE.unpack_from(answer, _HEADER.size + _UID_INODE_AT)
        return inode, user
    kernel_ports()  # a kernel without this part has given the same answer, and fails here
    return 0, 0


def _ask(kind: socket.AddressFamily, flags: int, wanted: bytes) -> Iterator[memoryview]:
    """The kernel's messages about the wanted sockets that listen."""
    request = _REQUEST.pack(kind, socket.IPPROTO_TCP, 0, _TCP_LISTEN) + wanted
    header = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, flags, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE)
        kernel.send(header + request)
        while True:
            answer = memoryview(kernel.recv(_ENOUGH))
            while answer:
                length, what, *_ = _HEADER.unpack_from(answer)
                if what == _DONE:
                    return
                if what == _ERROR:
                    (error,) = _NUMBER.unpack_from(answer, _HEADER.size)
                    if error == -errno.ENOENT and flags == _REQUEST_ONE:
                        return
                    raise OSError(-error, f"the kernel does not list: {os.strerror(-error)}")
                yield answer
                if flags == _REQUEST_ONE:
                    return
                answer = answer[(length + 3) & ~3 :]
