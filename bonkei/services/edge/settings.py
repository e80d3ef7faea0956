"""The edge's addresses, and the limits that protect it from hostile clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bonkei.services.edge.objects import Objects


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one client may send. Sizes in bytes, times in seconds.

    The sizes of a head are those of an Application Load Balancer ("Quotas for your Application Load
    Balancers": request line 16K, single header 16K, entire request header 64K). AWS does not
    publish the other bounds; the miniature's own values are used.
    """

    request_line: int = 16 * 1024
    header: int = 16 * 1024
    head: int = 64 * 1024
    header_count: int = 200
    head_seconds: float = 30.0  # from a request's first byte to the end of its head
    body_rate: float = 8.0  # bytes a second, on average, once the idle time-out has passed once
    body: int = 1024 * 1024 * 1024
    connections: int = 4096  # of all public listeners; of all Service Connect's as many again


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """Port 0 takes a free one. Times in seconds, sizes in bytes.

    `open_files`: the process's limit; connections stay below it. `hosts`: further names of the
    listeners, with wildcards; `*` for any. `service_addresses` maps a Service Connect DNS name to
    the loopback address in its place; the port is the endpoint's own. `caller_addresses`: (caller,
    DNS name) -> its address for that caller alone. `here`: where such an address and port listen.
    `enforces_network`: the network decides which callers reach an origin, a target and a service.
    """

    host: str = "127.0.0.1"
    distribution_port: int = 8080
    load_balancer_port: int = 8081
    hosts: tuple[str, ...] = ()
    service_addresses: Mapping[str, str] = field(default_factory=dict)
    caller_addresses: Mapping[tuple[str, str], str] = field(default_factory=dict)
    here: Callable[[str, int], tuple[str, int]] = lambda host, port: (host, port)
    cache_bytes: int = 64 * 1024 * 1024
    cached_object_bytes: int = 8 * 1024 * 1024
    initial_probe_interval: float = 0.2
    enforces_network: bool = True
    open_files: int = 65535
    limits: Limits = field(default_factory=Limits)
    objects: Objects = field(default_factory=Objects)
    """Those of buckets."""
