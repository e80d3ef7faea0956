"""Load balancers that this stack has made, and what AWS itself goes by."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.shared.own import own
from bonkei.provider.aws.shared.regions import load_balancer_zone
from bonkei.provider.behaviour import Context, DataSource, Refused
from bonkei.provider.values import Object

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
_LOG_DELIVERY_ACCOUNTS = {
    "us-east-1": "127311923021",
    "us-east-2": "033677994240",
    "us-west-1": "027434742980",
    "us-west-2": "797873946194",
    "af-south-1": "098369216593",
    "ap-east-1": "754344448648",
    "ap-south-1": "718504428378",
    "ap-northeast-1": "582318560864",
    "ap-northeast-2": "600734575887",
    "ap-northeast-3": "383597477331",
    "ap-southeast-1": "114774131450",
    "ap-southeast-2": "783225319266",
    "ca-central-1": "985666609251",
    "eu-central-1": "054676820928",
    "eu-west-1": "156460612806",
    "eu-west-2": "652711504416",
    "eu-west-3": "009996457667",
    "eu-south-1": "635631232127",
    "eu-north-1": "897822967062",
    "me-south-1": "076674570225",
    "sa-east-1": "507241528517",
}


def _log_delivery_account(config: Object, context: Context) -> Object:
    region = str(config.get("region") or context.region)
    account = _LOG_DELIVERY_ACCOUNTS.get(region)
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
