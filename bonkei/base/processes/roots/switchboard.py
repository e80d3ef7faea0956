"""Ports of processes in a root, translated as they ask the kernel for them.

A task on AWS has a network interface of its own, so its program may listen on any port. Here all
tasks share this machine's. The kernel passes on the calls of bind and connect of such a process
(seccomp_unotify(2)), and the part that knows the tasks' ports says which one is meant. So a port
may be fixed in a program's code, and its other connections stay those of this machine.
"""

from __future__ import annotations

import array
import asyncio
import ctypes
import errno
import fcntl
import hmac
import os
import secrets
import select
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import BinaryIO, Protocol

from bonkei.base.errors import BonkeiError

_RECEIVE, _SEND, _IS_VALID = 0xC0502100, 0xC0182101, 0x40082102  # of linux/seccomp.h
_CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
_NOTICE = struct.Struct("=QIIiIQ6Q")  # seccomp_notif: id, pid, flags; nr, arch, pointer, arguments
_ANSWER = struct.Struct("=QqiI")  # seccomp_notif_resp: id, value, error, flags
_BIND = {49, 200}  # of x86-64 and aarch64
_GET_DESCRIPTOR = 438  # pidfd_getfd(2)
_PORT_AT, _HOST_6_AT, _LONGEST = 2, 8, 28  # of sockaddr_in and sockaddr_in6
_HERE, _HERE_6 = "127.0.0.1", "::1"
_LIBRARY = ctypes.CDLL(None, use_errno=True)


class Ports(Protocol):
    """Who knows the tasks' ports. `who`: what was told to `Switchboard.ports_of`."""

    def to_listen(self, who: str, port: int) -> Iterator[int]:
        """The ports to try for a program that wants to listen on `port`."""

    def listens(self, who: str, port: int, here: int) -> None:
        """The program listens on `here` for `port`, or will."""

    def to_connect(self, who: str, port: int) -> int:
        """The port to connect to for `port` of the task's own interface."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that waits for an answer. `thread` has called, with the `descriptor` of a socket and
    an address that is at `place` in its memory."""

    listener: int
    number: int
    thread: int
    descriptor: int
    place: int

    def address(self, length: int) -> tuple[str, int] | None:
        """The host and the port, if the host is this machine's loopback or all of its addresses."""
        with self.memory() as memory:
            memory.seek(self.place)
            data = memory.read(min(length, _LONGEST)).ljust(_LONGEST, b"\0")
        family, port = (
            struct.unpack_from("=H", data)[0],
            struct.unpack_from("!H", data, _PORT_AT)[0],
        )
        if family == socket.AF_INET:
            host: IPv4Address | IPv6Address = IPv4Address(data[4:8])
            is_own = host.is_loopback or host.is_unspecified
        elif family == socket.AF_INET6:
            host = IPv6Address(data[_HOST_6_AT : _HOST_6_AT + 16])
            inner = host.ipv4_mapped or host
            is_own = inner.is_loopback or inner.is_unspecified
        else:
            return None
        return (str(host), port) if is_own and port else None

    @contextmanager
    def memory(self) -> Iterator[BinaryIO]:
        """That of the process, which still waits."""
        with open(f"/proc/{self.thread}/mem", "r+b", buffering=0) as memory:  # noqa: PTH123
            self._still_waits()
            yield memory

    @contextmanager
    def socket(self) -> Iterator[socket.socket]:
        """The process's own, in this one."""
        status = Path(f"/proc/{self.thread}/status").read_text(encoding="utf-8", errors="replace")
        process = os.pidfd_open(int(status.partition("\nTgid:")[2].split(maxsplit=1)[0]))
        try:
            self._still_waits()
            found = _LIBRARY.syscall(ctypes.c_long(_GET_DESCRIPTOR), process, self.descriptor, 0)
        finally:
            os.close(process)
        if found < 0:
            raise OSError(ctypes.get_errno(), "the process's socket cannot be had")
        with socket.socket(fileno=found) as own:
            yield own

    def _still_waits(self) -> None:
        """Its number could be another process's by now. Raises OSError."""
        fcntl.ioctl(self.listener, _IS_VALID, struct.pack("=Q", self.number))


class Switchboard:
    """Answers until it is closed. Only on Linux."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._name = f"bonkei-ports-{secrets.token_hex(8)}"
        self._key = secrets.token_bytes(32)
        self._desk: socket.socket | None = None
        self._listeners: dict[int, str] = {}

    def open(self) -> None:
        """Wait for processes, on the running event loop."""
        if self._desk is not None or sys.platform != "linux":
            return
        desk = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        desk.setblocking(False)
        desk.bind(f"\0{self._name}")
        self._desk = desk
        asyncio.get_running_loop().add_reader(desk, self._take)

    def close(self) -> None:
        """The processes have ended: a later call of theirs would fail."""
        loop = asyncio.get_running_loop()
        if self._desk is not None:
            loop.remove_reader(self._desk)
            self._desk.close()
            self._desk = None
        for listener in tuple(self._listeners):
            self._drop(listener)

    def ports_of(self, who: str) -> str:
        """How `who` finds it, with a mark that no one else can make: all users of the machine see
        its name. Empty when it is not open. The caller may add words about a part of `who`."""
        return f"{self._name} {self._mark(who)} {who}" if self._desk is not None else ""

    def _mark(self, who: str) -> str:
        return hmac.digest(self._key, who.encode(), "sha256").hex()

    def _take(self) -> None:
        assert self._desk is not None  # noqa: S101 - it is being read
        with suppress(OSError, ValueError):  # it may come from elsewhere
            data, (rights, *_), *_ = self._desk.recvmsg(512, socket.CMSG_SPACE(4))
            listener, *more = array.array("i", rights[2])
            mark, _, who = data.decode("utf-8", "replace").partition(" ")
            right = self._mark(who.partition(" ")[0])
            if more or not hmac.compare_digest(mark.encode(), right.encode()):
                for each in (listener, *more):
                    os.close(each)
                return
            os.set_inheritable(listener, False)
            self._listeners[listener] = who
            asyncio.get_running_loop().add_reader(listener, self._answer, listener)

    def _drop(self, listener: int) -> None:
        asyncio.get_running_loop().remove_reader(listener)
        del self._listeners[listener]
        os.close(listener)

    def _answer(self, listener: int) -> None:
        """Answer one call. Whatever happens, it gets an answer, because its thread waits."""
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        if not any(events & select.POLLIN for _, events in waiting.poll(0)):
            self._drop(listener)  # all its processes have ended
            return
        notice = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, notice)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EINTR):  # it was killed meanwhile
                self._drop(listener)
            return
        number, thread, _, called, _, _, descriptor, place, length, *_ = _NOTICE.unpack(notice)
        failed, flags = 0, _CONTINUE
        with suppress(OSError, ValueError, LookupError, BonkeiError):  # the call goes on as it is
            call = _Call(listener, number, thread, descriptor, place)
            if wanted := call.address(length):
                if called in _BIND:
                    failed, flags = self._bind(self._listeners[listener], call, wanted), 0
                else:
                    self._connect(self._listeners[listener], call, wanted)
        with suppress(OSError):  # it was killed meanwhile
            fcntl.ioctl(listener, _SEND, bytearray(_ANSWER.pack(number, 0, -failed, flags)))

    def _bind(self, who: str, call: _Call, wanted: tuple[str, int]) -> int:
        """Bind the socket for the process. The result is an error's number, or 0."""
        failed = errno.EADDRINUSE
        with call.socket() as own:
            for here in self._ports.to_listen(who, wanted[1]):
                try:
                    own.bind(wanted if here == wanted[1] else (_loopback(own), here))
                except OSError as error:
                    failed = error.errno or failed
                else:
                    self._ports.listens(who, wanted[1], here)
                    return 0
        return failed

    def _connect(self, who: str, call: _Call, wanted: tuple[str, int]) -> None:
        """Change the address in the process's memory: to connect for it could take a while."""
        if not _is_of_the_task(wanted[0]):
            return
        here = self._ports.to_connect(who, wanted[1])
        if here == wanted[1]:
            return
        with call.memory() as memory:
            memory.seek(call.place + _PORT_AT)
            memory.write(struct.pack("!H", here))
            if ":" in wanted[0]:
                memory.seek(call.place + _HOST_6_AT)
                memory.write(IPv6Address(f"::ffff:{_HERE}").packed)


def _is_of_the_task(host: str) -> bool:
    """Whether a task means its own interface. Other loopback addresses are other parts of the
    miniature: a database, a service of Service Connect."""
    found = ip_address(host)
    inner = getattr(found, "ipv4_mapped", None) or found
    return inner.is_unspecified or str(inner) in (_HERE, _HERE_6)


def _loopback(own: socket.socket) -> str:
    """The same for a socket of either kind: one for IPv6 mostly takes IPv4's connections, too."""
    if own.family == socket.AF_INET:
        return _HERE
    is_only_6 = own.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    return _HERE_6 if is_only_6 else f"::ffff:{_HERE}"
