"""Who and where one is, and what AWS itself goes by there."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.shared.regions import dns_suffix
from bonkei.provider.aws.shared.seeds import HEX, UPPER, scatter
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
_CLOUDFRONT_LOG_DELIVERY = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"
_REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
    "eu-west-2": "Europe (London)",
    "eu-west-3": "Europe (Paris)",
    "eu-north-1": "Europe (Stockholm)",
    "sa-east-1": "South America (Sao Paulo)",
}


def _caller(_: Object, context: Context) -> Object:
    return {
        "id": context.account_id,
        "account_id": context.account_id,
        "arn": f"arn:{context.partition}:iam::{context.account_id}:user/miniature",
        "user_id": f"AIDA{scatter(context.account_id, 17, UPPER)}",
    }


def _region(config: Object, context: Context) -> Object:
    name = config.get("region") or config.get("name") or context.region
    return {
        "id": name,
        "name": name,
        "region": name,
        "endpoint": f"ec2.{name}.{dns_suffix(context.partition)}",
        "description": _REGION_NAMES.get(str(name), str(name)),
    }


def _partition(_: Object, context: Context) -> Object:
    return {
        "id": context.partition,
        "partition": context.partition,
        "dns_suffix": dns_suffix(context.partition),
        "reverse_dns_prefix": ".".join(reversed(dns_suffix(context.partition).split("."))),
    }


def _default_tags(_: Object, context: Context) -> Object:
    return {"id": context.partition, "tags": dict(context.default_tags)}


def _canonical_user(_: Object, context: Context) -> Object:
    return {"id": scatter(context.account_id, 64, HEX), "display_name": ""}


def _service_principal(config: Object, context: Context) -> Object:
    region = config.get("region") or context.region
    service = config.get("service_name")
    return {
        "id": f"{service}.{region}.{dns_suffix(context.partition)}",
        "region": region,
        "name": f"{service}.{dns_suffix(context.partition)}",
        "suffix": dns_suffix(context.partition),
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


def _log_delivery_user(_: Object, __: Context) -> Object:
    return {"id": _CLOUDFRONT_LOG_DELIVERY}


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_caller_identity": DataSource(read=_caller),
    "aws_region": DataSource(read=_region),
    "aws_partition": DataSource(read=_partition),
    "aws_default_tags": DataSource(read=_default_tags),
    "aws_canonical_user_id": DataSource(read=_canonical_user),
    "aws_service_principal": DataSource(read=_service_principal),
    "aws_elb_service_account": DataSource(read=_log_delivery_account),
    "aws_cloudfront_log_delivery_canonical_user_id": DataSource(read=_log_delivery_user),
}
