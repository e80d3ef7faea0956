"""Addresses at which a cloud's machine finds its own credentials.

No service of AWS delivers there, and what runs here for others must not either: this machine may be
one in a cloud.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

from __future__ import annotations

import ipaddress

_IPV6 = ipaddress.ip_address("fd00:ec2::254")


class LinkLocalError(OSError):
    """A connection to such an address is not made."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is the address of a machine's own metadata")


def require_other(address: str) -> None:
    """Raises LinkLocalError. `address`: of an IP connection, as its socket has it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    if found.is_link_local or found == _IPV6:
        raise LinkLocalError(address)
