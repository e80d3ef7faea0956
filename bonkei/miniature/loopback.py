"""The addresses of AWS's names on this machine.

Names are translated, ports are not: PostgreSQL and each Service Connect name listen on the port
that the definitions say, on a loopback address that belongs to this miniature alone, so two
miniatures can run side by side. Only public URLs (a distribution, a load balancer) change whole.
Where 127.0.0.1 is the only address (macOS), each port of a name has a port of its own there.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from bonkei.base.errors import BonkeiError
from bonkei.miniature import one_address

_NETWORK = "127.77"
_LAST_SUBNET = 254
_LAST_HOST = 254
# These ports, and those of names, are below the ephemeral range and that of tasks.
_HOLDER = one_address.HERE
FIRST_PORT = 17700
_OWN = range(17955, 20000)
_STEP = 8
"""At one address: the ports of names, and how far those of the next miniature begin."""


class AddressError(BonkeiError):
    """This machine has no loopback address to give."""


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Translations for the values of environment variables.

    `hosts`: unique names (a cluster's endpoint), replaced everywhere. `services`: Service Connect
    names. Such a name is often a plain word (`api`), so it is replaced only in the place of a host:
    after `://` (and a user), or before `:port` at the beginning of a value. `urls`: whole prefixes,
    such as a distribution's `https://d….cloudfront.net`. `without_tls`: hosts that speak TLS on AWS
    and not here. `elsewhere`: hosts that a server of the user's own stands for; a port that follows
    the name becomes that one's. `ports`: those of the only address, or empty. `shared`: for the
    address of one caller the address of all.
    """

    hosts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    services: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    urls: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    without_tls: frozenset[str] = frozenset()
    elsewhere: Mapping[str, tuple[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    ports: one_address.Ports = field(default_factory=lambda: MappingProxyType({}))
    shared: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def translate_all(self, values: Mapping[str, str]) -> dict[str, str]:
        """All variables of a program, with every known name replaced."""
        return self.at_one_address(values)[0]

    def at_one_address(self, values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, bool]]:
        """The same, and the variables that `one_address` finds without their port."""
        named = {name: self.translate(value) for name, value in values.items()}
        same = {host for (host, port), number in self.ports.items() if port == number}
        kept = same | {host for host, other in self.shared.items() if other in same}
        return one_address.translate_beside(named, self.ports, frozenset(kept))

    def translate(self, value: str) -> str:
        """`value` with every known name replaced by its address; the same value if it contains
        none."""
        for prefix in sorted(self.urls, key=len, reverse=True):
            value = re.sub(rf"{re.escape(prefix)}(?![\w.:@-])", self.urls[prefix], value)
        for name in sorted(self.elsewhere, key=len, reverse=True):
            host, port = self.elsewhere[name]
            named = rf"(?<![\w.-]){re.escape(name)}"
            value = re.sub(rf"{named}:\d+", f"{host}:{port}", value)
            value = re.sub(rf"{named}(?![\w-])", host, value)
        for name in self.without_tls:
            value = re.sub(
                rf"\brediss(?=://(?:[^/?#\s]*@)?{re.escape(name)}(?![\w-]))", "redis", value
            )
        for name in sorted(self.hosts, key=len, reverse=True):
            value = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", self.hosts[name], value)
        for name, address in self.services.items():
            value = re.sub(
                rf"(://(?:[^/?#@\s]*@)?|^){re.escape(name)}(?=:\d+(?:[/?#,]|$))",
                rf"\g<1>{address}",
                value,
            )
            value = re.sub(
                rf"(://(?:[^/?#@\s]*@)?){re.escape(name)}(?=[/?#]|$)", rf"\g<1>{address}", value
            )
        return value


class Loopback:
    """Gives out the addresses of one miniature: 127.77.N.1, .2, …; a name always gets the same one.

    N is kept in `file`. The next start takes it again, unless another miniature of this machine (of
    any user) holds it. A running miniature holds its N by a bound port. `close` releases the port,
    and so does the kernel, however the process ends.
    """

    def __init__(self, file: Path, *, is_one: bool = False) -> None:
        """`is_one`: use one address, even if this machine has more. AddressError when every number
        is held."""
        self._file = file
        self.ports: dict[tuple[str, int], int] = {}
        before, self._hosts = _read(file)
        self._subnet, self._held = _take(before)
        if self._subnet != before:
            self._save()
        self.is_one = is_one or not _can_bind(f"{_NETWORK}.{self._subnet}.{_LAST_HOST}")

    def address(self, name: str) -> str:
        """The address for `name`. Raises AddressError when none is left."""
        if name not in self._hosts:
            taken = set(self._hosts.values())
            free = next((n for n in range(1, _LAST_HOST + 1) if n not in taken), None)
            if free is None:
                raise AddressError(f"no loopback address is left for {name}")
            self._hosts[name] = free
            self._save()
        return f"{_NETWORK}.{self._subnet}.{self._hosts[name]}"

    def here(self, host: str, port: int, *, keeps: bool = False) -> tuple[str, int]:
        """Where the port of one of these addresses listens: there, or at the only address with a
        port of its own. `keeps`: with the same one, if it is free. Raises AddressError."""
        if not self.is_one:
            return host, port
        if (host, port) not in self.ports:
            key, first = f"{host.rpartition('.')[2]}:{port}", (self._subnet - 1) * _STEP
            before = self._hosts.pop(key, None)
            wished = [*([port] if keeps else []), *([before] if before else [])]
            taken = {*self._hosts.values(), *self.ports.values()}
            every = (n for n in (*wished, *_OWN[first:], *_OWN[:first]) if n not in taken)
            found = next(filter(_is_free, every), None)
            if found is None:
                raise AddressError(f"no port of {_HOLDER} is left for {host}:{port}")
            self._hosts[key] = self.ports[host, port] = found
            self._save()
        return _HOLDER, self.ports[host, port]

    def close(self) -> None:
        """Others may take the number."""
        self._held.close()

    def _save(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        lines = [str(self._subnet), *(f"{name} {host}" for name, host in self._hosts.items())]
        self._file.write_text("\n".join(lines) + "\n")


def _take(before: int | None) -> tuple[int, socket.socket]:
    """The earlier number if it is free, else the first free one; and the socket that holds it."""
    numbers = range(1, _LAST_SUBNET + 1)
    for number in (*([before] if before else []), *numbers):
        held = socket.socket()
        try:
            held.bind((_HOLDER, FIRST_PORT + number))
        except OSError:
            held.close()
            continue
        return number, held
    raise AddressError(
        "every loopback subnet is used by another miniature on this machine",
        remedy="stop one that is no longer needed: `bonkei down`",
    )


def _read(file: Path) -> tuple[int | None, dict[str, int]]:
    """The last start's number, and the addresses given out from it; nothing if the file is
    incomplete."""
    try:
        subnet, *lines = file.read_text().splitlines()
        pairs = (line.rpartition(" ") for line in lines)
        hosts = {name: int(host) for name, _, host in pairs}
        return (int(subnet) if 1 <= int(subnet) <= _LAST_SUBNET else None), hosts
    except (FileNotFoundError, ValueError):
        return None, {}


def _is_free(port: int) -> bool:
    """Whether nothing listens there. On macOS one may listen beside a program that listens on all
    addresses, and take its clients."""
    with socket.socket() as probe, socket.socket() as client:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOLDER, port))
        except OSError:
            return False
        return client.connect_ex((_HOLDER, port)) != 0


def _can_bind(address: str) -> bool:
    """Whether this machine has the loopback address (macOS has only 127.0.0.1 by default)."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
