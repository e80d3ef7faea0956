"""Namespaces of this stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.provider.aws.shared.own import by_own_names, own
from bonkei.provider.behaviour import Context, DataSource
from bonkei.provider.values import Object


def _namespaces(context: Context) -> Iterator[Object]:
    for kind in ("private", "public"):
        for namespace in context.peers(f"aws_service_discovery_{kind}_dns_namespace"):
            yield {**namespace, "type": f"DNS_{kind.upper()}"}


DATA_SOURCES: Mapping[str, DataSource] = {
    **by_own_names("aws_service_discovery_http_namespace aws_service_discovery_service"),
    "aws_service_discovery_dns_namespace": own("aws_service_discovery_namespace", _namespaces),
}
