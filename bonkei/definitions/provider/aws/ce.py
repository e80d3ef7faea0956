"""Cost Explorer: monitors of anomalous costs, and who is told.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_AnomalySubscription.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, conflicts, length, needs_when, one_of
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint, Minting
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour


def _named(kind: str) -> Minting:
    def mint(one: Mint) -> Mapping[str, str]:
        made = one.arn("ce", f"{kind}/{one.uuid()}", region="")
        return {"id": made, "arn": made}

    return mint


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_ce_anomaly_monitor": resource(
        _named("anomalymonitor"),
        at("name", length(1, 1024)),
        at("monitor_type", one_of("DIMENSIONAL", "CUSTOM")),
        at("monitor_dimension", one_of("SERVICE", "LINKED_ACCOUNT", "TAG", "COST_CATEGORY")),
        conflicts("monitor_dimension", "monitor_specification"),
        needs_when("monitor_type", "DIMENSIONAL", "monitor_dimension"),
        needs_when("monitor_type", "CUSTOM", "monitor_specification"),
        force_new="monitor_dimension monitor_specification monitor_type",
        import_="arn",
    ),
    "aws_ce_anomaly_subscription": resource(
        lambda mint: {
            **_named("anomalysubscription")(mint),
            "account_id": mint.given("account_id") or mint.account,
        },
        at("name", length(1, 1024)),
        at("frequency", one_of("DAILY", "IMMEDIATE", "WEEKLY")),
        at("monitor_arn_list", arn("ce")),
        at("subscriber.type", one_of("EMAIL", "SNS")),
        at("subscriber.address", length(6, 302)),
        force_new="account_id name",
        import_="arn",
    ),
}
