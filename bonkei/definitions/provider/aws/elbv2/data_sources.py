"""Load balancers of this stack, and AWS's own accounts and zones for load balancers."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.base.load_balancer_accounts import LOG_DELIVERY_ACCOUNTS
from bonkei.definitions.provider.aws.shared.own import own
from bonkei.definitions.provider.aws.shared.regions import load_balancer_zone
from bonkei.definitions.provider.behaviour import Context, DataSource, Refused
from bonkei.definitions.provider.values import Object


def _log_delivery_account(config: Object, context: Context) -> Object:
    region = str(config.get("region") or context.region)
    account = LOG_DELIVERY_ACCOUNTS.get(region)
    if account is None:
        raise Refused(
            f"there is no account for the access logs of load balancers in {region}",
            "Regions opened since August 2022 use the service principal"
            " logdelivery.elasticloadbalancing.amazonaws.com instead.",
        )
    return {
        "id": account,
        "region": region,
        "arn": f"arn:{context.partition}:iam::{account}:root",
    }


def _balancer_zone(config: Object, context: Context) -> Object:
    region = str(config.get("region") or context.region)
    zone = load_balancer_zone(region, str(config.get("load_balancer_type") or "application"))
    return {"id": zone, "region": region}


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_alb": own("aws_lb"),
    "aws_alb_listener": own("aws_lb_listener"),
    "aws_alb_target_group": own("aws_lb_target_group"),
    "aws_elb_service_account": DataSource(read=_log_delivery_account),
    "aws_lb": own("aws_lb"),
    "aws_lb_hosted_zone_id": DataSource(read=_balancer_zone),
    "aws_lb_listener": own("aws_lb_listener"),
    "aws_lb_target_group": own("aws_lb_target_group"),
}
