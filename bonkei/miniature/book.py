"""Which loopback address each name of a blueprint gets."""

from __future__ import annotations

from bonkei.addresses import AddressBook, Loopback, can_bind
from bonkei.blueprint import Blueprint
from bonkei.miniature.home import MiniatureError


def service_addresses(blueprint: Blueprint, loopback: Loopback) -> dict[str, str]:
    """Service Connect name to address; services of one name share it, told apart by port."""
    names = sorted(
        {
            endpoint.dns_name
            for service in blueprint.services
            if service.service_connect is not None
            for endpoint in service.service_connect.endpoints
        }
    )
    return {name: loopback.address(f"service {name}") for name in names}


def cluster_addresses(blueprint: Blueprint, loopback: Loopback) -> dict[str, str]:
    """A database cluster's ARN to the address that its server listens on."""
    return {
        cluster.arn: loopback.address(f"cluster {cluster.identifier}")
        for cluster in blueprint.database_clusters
    }


def address_book(
    blueprint: Blueprint,
    services: dict[str, str],
    clusters: dict[str, str],
    urls: dict[str, str],
) -> AddressBook:
    """What the tasks' environment is translated with."""
    hosts = {
        name: clusters[cluster.arn]
        for cluster in blueprint.database_clusters
        for name in (
            cluster.endpoint,
            cluster.reader_endpoint,
            *(instance.endpoint for instance in cluster.instances),
        )
        if name
    }
    return AddressBook(hosts=hosts, services=services, urls=urls)


def require_addresses(addresses: dict[str, str]) -> None:
    """MiniatureError when this machine does not answer on one of the addresses."""
    missing = [address for address in addresses.values() if not can_bind(address)]
    if missing:
        raise MiniatureError(
            f"this machine does not answer on {', '.join(missing)}",
            remedy="\n".join(
                ["give the loopback interface these addresses, once until the next restart:"]
                + [f"  sudo ifconfig lo0 alias {address}" for address in missing]
            ),
        )
