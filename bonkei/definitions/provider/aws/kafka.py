"""Amazon MSK: clusters and configurations of Apache Kafka.

Names and addresses only; none runs in the miniature.
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value

_KAFKA_PORTS = {
    "bootstrap_brokers": 9092,
    "bootstrap_brokers_tls": 9094,
    "bootstrap_brokers_sasl_scram": 9096,
    "bootstrap_brokers_sasl_iam": 9098,
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


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_msk_cluster": resource(_kafka),
    "aws_msk_configuration": resource(
        _kafka_configuration,
        recomputed={"latest_revision": "*"},
        import_="arn",
    ),
}
