"""Addresses at which a cloud's machine finds its own credentials.

No service of AWS delivers there, and what runs here for others must not either: this machine may be
one in a cloud.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_OTHERS = [
    ipaddress.ip_network(each)
    for each in ("fd00:ec2::/32", "fd20:ce::254/128", "100.100.100.200/32")
]
"""AWS's over IPv6, Google Cloud's over IPv6, Alibaba Cloud's."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")


class LinkLocalError(OSError):
    """A connection to such an address is not made."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is the address of a machine's own metadata")


def require_other(address: str) -> None:
    """Raises LinkLocalError. `address`: of an IP connection, as its socket has it."""
    found = _inner(ipaddress.ip_address(address.partition("%")[0]))
    if found.is_link_local or any(found in each for each in _OTHERS):
        raise LinkLocalError(address)


def other_socket(place: tuple[Any, ...]) -> socket.socket:
    """Make a socket for one address of a name, whatever its DNS says: aiohttp's `socket_factory`.
    Raises LinkLocalError."""
    family, kind, protocol, _, address = place
    require_other(str(address[0]))
    return socket.socket(family, kind, protocol)


def _inner(address: Address) -> Address:
    """The IPv4 address to which a router may translate one of IPv6: RFC 4291, 6052, 3056."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
