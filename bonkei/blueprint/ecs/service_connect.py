"""The service_connect_configuration of an ECS service."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint.ecs import ServiceConnect, ServiceConnectEndpoint
from bonkei.blueprint.state import State
from bonkei.blueprint.state.block import Block

_NAMESPACES = (
    "aws_service_discovery_http_namespace",
    "aws_service_discovery_private_dns_namespace",
    "aws_service_discovery_public_dns_namespace",
)


def read_service_connect(
    service: Block, cluster: Block | None, state: State
) -> ServiceConnect | None:
    """Read the configuration. The result is None if the service does not use Service Connect."""
    config = service.block("service_connect_configuration")
    if config is None or not config.flag("enabled"):
        return None
    namespace = _namespace(config, cluster, state)
    services = config.blocks("service")
    timeout = next((found for item in services if (found := item.block("timeout"))), None)
    return ServiceConnect(
        namespace=namespace,
        endpoints=tuple(e for item in services for e in _endpoints(item, namespace)),
        idle_timeout=_seconds(timeout, "idle_timeout_seconds"),
        per_request_timeout=_seconds(timeout, "per_request_timeout_seconds"),
        declared=any(n.text("name") == namespace for n in state.managed(*_NAMESPACES)),
    )


def _namespace(config: Block, cluster: Block | None, state: State) -> str:
    """The namespace's name: the service's own, or else its cluster's default."""
    defaults = cluster.block("service_connect_defaults") if cluster else None
    wanted = config.text("namespace", "") or (defaults.text("namespace") if defaults else "")
    if not wanted:
        config.refuse("namespace", "not set, and the cluster has no default")
    found = state.find(wanted, "arn", *_NAMESPACES)
    return found.text("name") if found else wanted.rpartition("/")[2]


def _endpoints(block: Block, namespace: str) -> Iterator[ServiceConnectEndpoint]:
    """ServiceConnectClientAlias: without a dnsName it is `<discoveryName>.<namespace>`.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectClientAlias.html
    """
    port_name = block.text("port_name")
    discovery_name = block.text("discovery_name", "") or port_name
    for alias in block.blocks("client_alias"):
        yield ServiceConnectEndpoint(
            port_name=port_name,
            dns_name=alias.text("dns_name", "") or f"{discovery_name}.{namespace}",
            port=alias.integer("port"),
        )


def _seconds(timeout: Block | None, name: str) -> float | None:
    if timeout is None or not timeout.has(name):
        return None
    return timeout.number(name)
