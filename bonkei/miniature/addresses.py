"""The loopback address of each name in a blueprint, and the public URLs here."""

from __future__ import annotations

from bonkei.addresses import AddressBook, Loopback, can_bind
from bonkei.blueprint import Blueprint
from bonkei.edge import EdgeSnapshot
from bonkei.miniature.home import MiniatureError


class Translator:
    """Translates with the addresses of the current blueprint."""

    def __init__(self) -> None:
        self.book = AddressBook()

    def translate(self, value: str) -> str:
        return self.book.translate(value)


def service_addresses(blueprint: Blueprint, loopback: Loopback) -> dict[str, str]:
    """Service Connect name to address; services with the same name share it, with different
    ports."""
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


def cluster_hosts(blueprint: Blueprint, addresses: dict[str, str]) -> dict[str, str]:
    """Each endpoint's name to the address of its cluster; readers read from the writer here."""
    return {
        name: addresses[cluster.arn]
        for cluster in blueprint.database_clusters
        for name in (
            cluster.endpoint,
            cluster.reader_endpoint,
            *(instance.endpoint for instance in cluster.instances),
        )
        if name
    }


def public_urls(blueprint: Blueprint, edge: EdgeSnapshot) -> dict[str, str]:
    """The URL of a distribution or load balancer on AWS, to its URL here."""
    names: dict[str, list[str]] = {
        distribution.address: [distribution.domain_name, *distribution.aliases]
        for distribution in blueprint.distributions
    }
    for balancer in blueprint.load_balancers:
        for listener in balancer.listeners:
            names[listener.address] = [balancer.dns_name]
    return {
        f"{scheme}://{name}": listener.url.rstrip("/")
        for listener in edge.listeners
        for name in names.get(listener.address, ())
        for scheme in ("https", "http")
    }


def queue_urls(blueprint: Blueprint, endpoint: str) -> dict[str, str]:
    """A queue's URL on AWS, to its URL here: some programs call it without an SDK."""
    urls = {}
    for queue in blueprint.queues:
        _, _, _, region, account, name = queue.arn.split(":", 5)
        urls[f"https://sqs.{region}.amazonaws.com/{account}/{name}"] = (
            f"{endpoint}/{account}/{name}"
        )
    return urls


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
