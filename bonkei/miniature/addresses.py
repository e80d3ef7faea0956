"""The loopback address of each name in a blueprint, and the public URLs here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.blueprint.state import Resource
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.loopback import AddressBook, Loopback
from bonkei.services.edge import EdgeSnapshot


class Translator:
    """Translates with the addresses of the current blueprint. `callers`: the book of each caller
    with its own addresses."""

    def __init__(self) -> None:
        self.book = AddressBook()
        self.callers: Mapping[str, AddressBook] = {}

    def translate_all(self, values: Mapping[str, str]) -> dict[str, str]:
        return self.book.translate_all(values)

    def places(self, names: Collection[str], port: int) -> frozenset[str]:
        """HOST:PORT of these names of AWS's, and of what stands for them, of whichever caller."""
        books = (self.book, *self.callers.values())
        named = {place: place for place in (f"{name}:{port}" for name in names)}
        return frozenset(named).union(*(book.translate_all(named).values() for book in books))

    def of(self, caller: str) -> CallerTranslator:
        """A translator for one caller."""
        return CallerTranslator(self, caller)


@dataclass(frozen=True, slots=True)
class CallerTranslator:
    """Translates for one caller."""

    translator: Translator
    caller: str

    @property
    def book(self) -> AddressBook:
        return self.translator.callers.get(self.caller, self.translator.book)

    def translate_all(self, values: Mapping[str, str]) -> dict[str, str]:
        return self.book.translate_all(values)

    def of(self, caller: str) -> CallerTranslator:
        return self.translator.of(caller)


class Addresses:
    """The addresses that a miniature has assigned. `services`: by Service Connect name. `clusters`:
    by the ARN of the database cluster or cache."""

    def __init__(
        self,
        held: Path,
        endpoints: Mapping[str, tuple[str, int]] = MappingProxyType({}),
        resources: Callable[[], Sequence[Resource]] = tuple,
        *,
        is_one: bool = False,
    ) -> None:
        """`held`: the home's file with these addresses. `endpoints`: what stands for the
        `resources` at these addresses of Terraform's. `is_one`: as `Loopback` says."""
        self._endpoints = endpoints
        self._resources = resources
        self.loopback = Loopback(held, is_one=is_one)
        self.translator = Translator()
        self.services: dict[str, str] = {}
        self.clusters: dict[str, str] = {}

    def follow(self, blueprint: Blueprint, edge: EdgeSnapshot, queues: Mapping[str, str]) -> None:
        """Give every name of the blueprint its address. `queues`: queues' URLs on AWS and here.
        Raises MiniatureError."""
        services = service_addresses(blueprint, self.loopback)
        self.clusters = store_addresses(blueprint, self.loopback)
        self.services.update(services)
        direct, proxied = _split(blueprint, services)
        self.translator.book = AddressBook(
            hosts={**store_hosts(blueprint, self.clusters), **direct},
            without_tls=frozenset(
                name for cache in blueprint.caches if cache.is_encrypted for name in cache.endpoints
            ),
            services=proxied,
            urls={**public_urls(blueprint, edge), **queues},
            elsewhere=self._elsewhere(),
            ports=self.loopback.ports,
        )

    def _elsewhere(self) -> dict[str, tuple[str, int]]:
        found: dict[str, tuple[str, int]] = {}
        known = {one.address: one for one in self._resources()} if self._endpoints else {}
        for address, server in self._endpoints.items():
            if address not in known:
                raise MiniatureError(
                    f"bonkei.toml: [endpoints] {address} is not in the definitions",
                    remedy="write the address of a resource as `bonkei plan` shows it",
                )
            text = json.dumps(known[address].values, default=str)
            found |= dict.fromkeys(_AWS_NAME.findall(text), server)
        return found


ONE_ADDRESS = (
    "this machine answers on 127.0.0.1 alone, so every name has ports of its own there"
    " (docs/settings.md#addresses)"
)


def doubts(blueprint: Blueprint, translator: Translator) -> Iterator[str]:
    """At one address: the variables of tasks that name a host without its port, and what it means
    for them."""
    callers = {each.task_definition_arn: each.name for each in blueprint.services}
    for definition in blueprint.task_definitions:
        book = translator.of(callers.get(definition.arn, definition.family)).book
        for container in definition.containers:
            words = {
                f"word {n} of its command": w for n, w in enumerate(container.command or (), 1)
            }
            _, alone = book.at_one_address({**dict(container.environment), **words})
            for name, leads in alone.items():
                is_so = "is reached, but its callers are not told apart" if leads else _ANOTHER_PORT
                yield (
                    f"{definition.family}, container {container.name}: what {name} names {is_so};"
                    " give it the port in a variable beside it, as in DB_HOST and DB_PORT"
                )


_ANOTHER_PORT = "cannot be reached, because it has another port here"
_AWS_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)\b")


@dataclass(frozen=True, slots=True)
class CallerAddresses:
    """(caller, Service Connect name) and (caller, cluster's ARN) -> the address that only this
    caller uses."""

    services: Mapping[tuple[str, str], str]
    clusters: Mapping[tuple[str, str], str]


_MOST = 120  # addresses of callers; the rest of a miniature's 254 addresses are for names


def caller_addresses(blueprint: Blueprint, loopback: Loopback) -> CallerAddresses:
    """The addresses of each service, for each name of another service in its namespace and for each
    cluster."""
    services, clusters = dict[tuple[str, str], str](), dict[tuple[str, str], str]()
    for kind, caller, name in list(dict.fromkeys(_pairs(blueprint)))[:_MOST]:
        address = loopback.address(f"{caller} to {kind} {name}")
        (services if kind == "service" else clusters)[caller, name] = address
    return CallerAddresses(services, clusters)


def _pairs(blueprint: Blueprint) -> Iterator[tuple[str, str, str]]:
    """(kind, caller, callee). A function is a caller under the name in its credentials."""
    for caller in blueprint.services:
        for store in blueprint.stores:
            yield "cluster", caller.name, store.arn
        for callee in blueprint.services:
            connect, own = callee.service_connect, caller.service_connect
            is_near = connect and own and connect.namespace == own.namespace
            for endpoint in blueprint.endpoints(callee) if callee.name != caller.name else ():
                if is_near or endpoint.is_direct:
                    yield "service", caller.name, endpoint.dns_name
    for function in blueprint.functions:
        for store in blueprint.stores:
            yield "cluster", f"function {function.name}", store.arn


def caller_books(
    blueprint: Blueprint, book: AddressBook, addresses: CallerAddresses
) -> dict[str, AddressBook]:
    """The address book of each caller: the shared one, plus its own addresses."""
    books: dict[str, AddressBook] = {}
    for caller in {name for name, _ in (*addresses.services, *addresses.clusters)}:
        own = {name: host for (who, name), host in addresses.services.items() if who == caller}
        arns = {arn: host for (who, arn), host in addresses.clusters.items() if who == caller}
        direct, proxied = _split(blueprint, own)
        hosts = {**book.hosts, **store_hosts(blueprint, arns), **direct}
        shared = {host: book.hosts.get(name, host) for name, host in hosts.items()}
        books[caller] = replace(
            book, services={**book.services, **proxied}, hosts=hosts, shared=shared
        )
    return books


def _split(blueprint: Blueprint, names: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """DNS names in Cloud Map, which are unique in the network; and Service Connect's."""
    registries = [each for service in blueprint.services for each in service.registries]
    known = {each.dns_name: each.has_dns for each in registries}
    return (
        {name: host for name, host in names.items() if known.get(name)},
        {name: host for name, host in names.items() if name not in known},
    )


def service_addresses(blueprint: Blueprint, loopback: Loopback) -> dict[str, str]:
    """Name in Service Connect or Cloud Map to address. Services with the same name share an
    address, with different ports."""
    names = sorted(
        {
            endpoint.dns_name
            for service in blueprint.services
            for endpoint in blueprint.endpoints(service)
        }
    )
    return {name: loopback.address(f"service {name}") for name in names}


def store_addresses(blueprint: Blueprint, loopback: Loopback) -> dict[str, str]:
    """The ARN of a database cluster or cache to the address that its server listens on."""
    return {
        cluster.arn: loopback.address(f"cluster {cluster.identifier}")
        for cluster in blueprint.database_clusters
    } | {cache.arn: loopback.address(f"cache {cache.identifier}") for cache in blueprint.caches}


def store_hosts(blueprint: Blueprint, addresses: dict[str, str]) -> dict[str, str]:
    """Each endpoint's name to the address of its cluster or cache; readers read from the writer
    here."""
    caches = {
        name: addresses[cache.arn]
        for cache in blueprint.caches
        if cache.arn in addresses
        for name in cache.endpoints
    }
    return caches | {
        name: addresses[cluster.arn]
        for cluster in blueprint.database_clusters
        if cluster.arn in addresses
        for name in (
            cluster.endpoint,
            cluster.reader_endpoint,
            *(instance.endpoint for instance in cluster.instances),
        )
        if name
    }


def public_urls(blueprint: Blueprint, edge: EdgeSnapshot) -> dict[str, str]:
    """From the URL of a distribution or load balancer on AWS to its URL here."""
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
    """From a queue's URL on AWS to its URL here. Some programs call it without an SDK."""
    urls = {}
    for queue in blueprint.queues:
        arn = Arn.of(queue.arn)
        path = f"{arn.account}/{arn.resource}"
        urls[f"https://sqs.{arn.region}.amazonaws.com/{path}"] = f"{endpoint}/{path}"
    return urls
