"""IP addresses and CIDR blocks, as listener rules and IP sets compare them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(values: Sequence[str]) -> tuple[Network, ...]:
    """Parse CIDR blocks. Raises ValueError for other text."""
    return tuple(ipaddress.ip_network(value, strict=False) for value in values)


def parse_address(text: bytes) -> Address | None:
    """Parse an address of a request; None for other text. One with a zone (`fe80::1%eth0`) is None
    too: a zone means nothing on another machine, and may have any length."""
    if b"%" in text:
        return None
    try:
        return ipaddress.ip_address(text.decode("latin-1"))
    except ValueError:
        return None


def holds_address(networks: Sequence[Network], address: Address) -> bool:
    """Whether an address is in one of the networks."""
    return any(address in network for network in networks if network.version == address.version)


def in_networks(text: bytes, networks: Sequence[Network]) -> bool:
    """Whether an address, as text, is in one of the networks; false for other text."""
    address = parse_address(text)
    return address is not None and holds_address(networks, address)
