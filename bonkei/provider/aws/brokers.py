"""Managed servers beside the tasks: Amazon MQ, MSK, DocumentDB, OpenSearch, RDS Proxy.

What they are called and where they answer; none of them runs in the miniature.
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.naming import Mint, resource
from bonkei.provider.aws.seeds import LOWER
from bonkei.provider.behaviour import ResourceBehaviour
from bonkei.provider.values import Value

_ACTIVEMQ = (("ssl", 61617), ("amqp+ssl", 5671), ("stomp+ssl", 61614), ("mqtt+ssl", 8883))
_KAFKA_PORTS = {
    "bootstrap_brokers": 9092,
    "bootstrap_brokers_tls": 9094,
    "bootstrap_brokers_sasl_scram": 9096,
    "bootstrap_brokers_sasl_iam": 9098,
}


def _broker(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/"""
    identifier = f"b-{mint.uuid()}"
    is_rabbit = str(mint.given("engine_type")).lower() == "rabbitmq"
    pair = mint.given("deployment_mode") == "ACTIVE_STANDBY_MULTI_AZ"
    hosts = [f"{identifier}-{number}" for number in ((1, 2) if pair else (1,))]
    if is_rabbit:
        hosts = [identifier]
    domain = f"mq.{mint.region}.{mint.suffix}"
    protocols = (("amqps", 5671),) if is_rabbit else _ACTIVEMQ
    return {
        "id": identifier,
        "arn": mint.arn("mq", f"broker:{mint.given('broker_name')}:{identifier}"),
        "instances": [
            {
                "console_url": f"https://{host}.{domain}{'' if is_rabbit else ':8162'}",
                "endpoints": [f"{name}://{host}.{domain}:{port}" for name, port in protocols],
                "ip_address": "",
            }
            for host in hosts
        ],
    }


def _kafka(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/msk/latest/developerguide/msk-get-bootstrap-brokers.html"""
    name = mint.given("cluster_name")
    identifier = mint.arn("kafka", f"cluster/{name}/{mint.uuid()}-1")
    domain = f"{name}.{mint.random(6, LOWER)}.c1.kafka.{mint.region}.{mint.suffix}"
    brokers = int(mint.given("number_of_broker_nodes") or 1)

    def addresses(port: int) -> str:
        return ",".join(f"b-{number}.{domain}:{port}" for number in range(1, brokers + 1))

    return {
        "id": identifier,
        "arn": identifier,
        "current_version": f"K{mint.random(13, LOWER.upper(), 'version')}",
        **{attribute: addresses(port) for attribute, port in _KAFKA_PORTS.items()},
    }


def _kafka_configuration(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.arn("kafka", f"configuration/{mint.given('name')}/{mint.uuid()}-1")
    return {"id": identifier, "arn": identifier, "latest_revision": mint.context.generation}


def _document_cluster(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/documentdb/latest/developerguide/endpoints.html"""
    name = mint.name("cluster_identifier", "tf-", prefix_argument="cluster_identifier_prefix")
    domain = f"{mint.random(12, LOWER)}.{mint.region}.docdb.{mint.suffix}"
    return {
        "id": name,
        "cluster_identifier": name,
        "cluster_identifier_prefix": mint.given("cluster_identifier_prefix") or "",
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
        "identifier_prefix": mint.given("identifier_prefix") or "",
        "arn": mint.arn("rds", f"db:{name}"),
        "endpoint": f"{name}.{domain}",
        "port": 27017,
    }


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


def _proxy(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-endpoints.html"""
    name = str(mint.given("name"))
    domain = f"{mint.random(12, LOWER)}.{mint.region}.rds.{mint.suffix}"
    return {
        "id": name,
        "arn": mint.arn("rds", f"db-proxy:prx-{mint.random(17)}"),
        "endpoint": f"{name}.proxy-{domain}",
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_mq_broker": resource(
        _broker,
    ),
    "aws_msk_cluster": resource(_kafka, import_="arn"),
    "aws_msk_configuration": resource(
        _kafka_configuration,
        recomputed={"latest_revision": "*"},
        import_="arn",
    ),
    "aws_docdb_cluster": resource(
        _document_cluster,
        import_="cluster_identifier",
    ),
    "aws_docdb_cluster_instance": resource(
        _document_instance,
        import_="identifier",
    ),
    "aws_opensearch_domain": resource(_search_with_dashboards, import_="domain_name"),
    "aws_elasticsearch_domain": resource(_search_domain, import_="domain_name"),
    "aws_db_proxy": resource(_proxy, import_="name"),
}
