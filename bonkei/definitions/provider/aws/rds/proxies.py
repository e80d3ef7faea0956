"""Amazon RDS Proxy.

Names and addresses only; none runs in the miniature.
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import LOWER
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


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
    "aws_db_proxy": resource(_proxy, import_="name"),
}
