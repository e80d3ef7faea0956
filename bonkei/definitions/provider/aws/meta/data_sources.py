"""Data sources that belong to no service: the region, the partition, ARNs."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.regions import dns_suffix
from bonkei.definitions.provider.behaviour import Context, DataSource, Refused
from bonkei.definitions.provider.values import Object

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


def _service_principal(config: Object, context: Context) -> Object:
    region = config.get("region") or context.region
    service = config.get("service_name")
    return {
        "id": f"{service}.{region}.{dns_suffix(context.partition)}",
        "region": region,
        "name": f"{service}.{dns_suffix(context.partition)}",
        "suffix": dns_suffix(context.partition),
    }


def _arn(config: Object, _: Context) -> Object:
    text = str(config.get("arn"))
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        raise Refused(
            f'"{text}" is not an ARN', "arn:partition:service:region:account:resource", ("arn",)
        )
    names = ("partition", "service", "region", "account", "resource")
    return {"id": text, **dict(zip(names, parts[1:], strict=True))}


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_arn": DataSource(read=_arn),
    "aws_default_tags": DataSource(read=_default_tags),
    "aws_partition": DataSource(read=_partition),
    "aws_region": DataSource(read=_region),
    "aws_service_principal": DataSource(read=_service_principal),
}
