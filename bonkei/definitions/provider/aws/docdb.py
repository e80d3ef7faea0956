"""Amazon DocumentDB: clusters and their instances.

Names and addresses only; none runs in the miniature.
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _document_cluster(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/documentdb/latest/developerguide/endpoints.html"""
    name = mint.name("cluster_identifier", "tf-", prefix_argument="cluster_identifier_prefix")
    domain = f"{mint.random(12, LOWER)}.{mint.region}.docdb.{mint.suffix}"
    return {
        "id": name,
        "cluster_identifier": name,
        "cluster_resource_id": f"cluster-{mint.random(26, LOWER.upper(), 'resource')}",
        "arn": mint.arn("rds", f"cluster:{name}"),
        "endpoint": f"{name}.cluster-{domain}",
        "reader_endpoint": f"{name}.cluster-ro-{domain}",
    }


def _document_instance(mint: Mint) -> Mapping[str, Value]:
    name = mint.name("identifier", "tf-", prefix_argument="identifier_prefix")
    domain = f"{mint.random(12, LOWER)}.{mint.region}.docdb.{mint.suffix}"
    return {
        "id": name,
        "identifier": name,
        "arn": mint.arn("rds", f"db:{name}"),
        "endpoint": f"{name}.{domain}",
        "port": 27017,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_docdb_cluster": resource(
        _document_cluster,
        import_="cluster_identifier",
    ),
    "aws_docdb_cluster_instance": resource(
        _document_instance,
        import_="identifier",
    ),
}
