"""The names that a listener answers to.

Any website can point its own name to 127.0.0.1 (DNS rebinding). The browser then lets its pages
read and send anything there. Such a request can be recognized by its Host.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from bonkei.services.edge.http.message import Request
from bonkei.services.edge.http.pattern import any_matcher


class HostNames:
    """The loopback names (localhost, *.localhost, 127.0.0.0/8, [::1]) and the given names, with
    wildcards. Case, the port and a dot at the end do not count."""

    def __init__(self, names: Iterable[str]) -> None:
        self._named = any_matcher([name.rstrip(".") for name in names], ignore_case=True)

    def have(self, request: Request) -> bool:
        """Whether the request's Host is one of them; false without a Host."""
        host = host_name(request).removesuffix(b".")
        return is_loopback(host) or (host != b"" and self._named(host))


def host_name(request: Request) -> bytes:
    """The Host header without its port."""
    host = request.fields.get(b"host", b"")
    if host.endswith(b"]") or b":" not in host:
        return host
    return host.rpartition(b":")[0]


@lru_cache(maxsize=1024)
def is_loopback(host: bytes) -> bool:
    """Whether a name, or an address as a browser writes it, can mean this machine only."""
    name = host.decode("latin-1").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
