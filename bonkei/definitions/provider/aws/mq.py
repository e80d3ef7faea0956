"""Amazon MQ: brokers.

Names and addresses only; none runs in the miniature.
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value

_ACTIVEMQ = (("ssl", 61617), ("amqp+ssl", 5671), ("stomp+ssl", 61614), ("mqtt+ssl", 8883))


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


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_mq_broker": resource(_broker),
}
