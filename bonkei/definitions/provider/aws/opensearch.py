"""Amazon OpenSearch Service: domains, under its present and its former name.

Names and addresses only; none runs in the miniature.
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _search_domain(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/opensearch-service/latest/developerguide/"""
    name = mint.given("domain_name")
    identifier = mint.arn("es", f"domain/{name}")
    start = "vpc" if mint.given("vpc_options") else "search"
    endpoint = f"{start}-{name}-{mint.random(26, LOWER)}.{mint.region}.es.{mint.suffix}"
    return {
        "id": identifier,
        "arn": identifier,
        "domain_id": f"{mint.account}/{name}",
        "endpoint": endpoint,
    }


def _search_with_dashboards(mint: Mint) -> Mapping[str, Value]:
    found = _search_domain(mint)
    return {**found, "dashboard_endpoint": f"{found['endpoint']}/_dashboards"}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_opensearch_domain": resource(_search_with_dashboards, import_="domain_name"),
    "aws_elasticsearch_domain": resource(_search_domain, import_="domain_name"),
}
