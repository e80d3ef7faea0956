"""The data sources that can be answered without an account: what is published, and what the
configuration itself says. Any other is refused by the core, by name."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws import managed_policies
from bonkei.provider.aws.checks import Rule, at, matches, one_of, validator
from bonkei.provider.aws.documents import json_document
from bonkei.provider.aws.naming import each
from bonkei.provider.aws.policy_document import PolicyDocumentError, render
from bonkei.provider.aws.regions import (
    gateway_prefix_list,
    origin_facing_prefix_list,
    zone_id,
    zone_names,
)
from bonkei.provider.aws.seeds import HEX, UPPER, scatter
from bonkei.provider.aws.zones import name_servers
from bonkei.provider.behaviour import Context, DataSource, Refused
from bonkei.provider.values import Object, Value

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
_ORIGIN_FACING = "com.amazonaws.global.cloudfront.origin-facing"


def _policy_document(config: Object, _: Context) -> Object:
    try:
        text, minified, identifier = render(config)
    except PolicyDocumentError as error:
        raise Refused(error.message, error.remedy) from error
    return {"json": text, "minified_json": minified, "id": identifier, "version": _VERSION}


_VERSION = "2012-10-17"


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
        "endpoint": f"ec2.{name}.{_suffix(context)}",
        "description": _REGION_NAMES.get(str(name), str(name)),
    }


def _suffix(context: Context) -> str:
    return "amazonaws.com.cn" if context.partition == "aws-cn" else "amazonaws.com"


def _partition(_: Object, context: Context) -> Object:
    return {
        "id": context.partition,
        "partition": context.partition,
        "dns_suffix": _suffix(context),
        "reverse_dns_prefix": ".".join(reversed(_suffix(context).split("."))),
    }


def _zones(config: Object, context: Context) -> Object:
    region = str(config.get("region") or context.region)
    names = [
        name
        for name in zone_names(region)
        if name not in (config.get("exclude_names") or ())
        and zone_id(name) not in (config.get("exclude_zone_ids") or ())
        and all(_zone_passes(name, region, block) for block in each(config.get("filter")))
        and config.get("state") in (None, "available")
    ]
    return {
        "id": region,
        "region": region,
        "names": names,
        "zone_ids": [zone_id(name) for name in names],
        "group_names": [region] if names else [],
    }


def _zone_passes(name: str, region: str, block: Mapping[str, Value]) -> bool:
    facts = {
        "zone-name": name,
        "zone-id": zone_id(name),
        "zone-type": "availability-zone",
        "opt-in-status": "opt-in-not-required",
        "group-name": region,
        "region-name": region,
        "state": "available",
    }
    if block["name"] not in facts:
        raise Refused(f'there is no filter "{block["name"]}"', "", ("filter",))
    return facts[str(block["name"])] in block["values"]


def _managed_policy(
    policies: Mapping[str, tuple[str, dict[str, Value]]], kind: str, resource_type: str
) -> DataSource:
    """A policy of CloudFront's own, by name or id; or one that this stack makes, by its id."""

    def read(config: Object, context: Context) -> Object:
        name, identifier = config.get("name"), config.get("id")
        for known, (known_id, settings) in policies.items():
            if name == known or identifier == known_id:
                return {
                    **settings,
                    "id": known_id,
                    "name": known,
                    "arn": f"arn:{context.partition}:cloudfront:::{kind}/{known_id}",
                    "etag": "E23ZP02F085DFQ",
                    "comment": f"Managed by CloudFront: {known}",
                }
        for peer in context.peers(resource_type):
            if peer.get("name") == name or peer.get("id") == identifier:
                return peer
        raise Refused(
            f'no such policy: "{name or identifier}"',
            f"CloudFront manages {', '.join(policies)}. A policy made elsewhere cannot be read.",
            ("name",) if name else ("id",),
        )

    return DataSource(read=read)


def _managed_prefix_list(config: Object, context: Context) -> Object:
    """The lists that AWS manages, and the stack's own. `entries` of AWS's lists are not published
    as a contract, so they stay empty; `max_entries` is the weight in a security group's quota."""
    region = str(config.get("region") or context.region)
    name, identifier = _prefix_list_named(config)
    known = {
        _ORIGIN_FACING: (origin_facing_prefix_list(region), 55),
        f"com.amazonaws.{region}.s3": (gateway_prefix_list(region, "s3"), 0),
        f"com.amazonaws.{region}.dynamodb": (gateway_prefix_list(region, "dynamodb"), 0),
    }
    for known_name, (known_id, weight) in known.items():
        if name == known_name or identifier == known_id:
            return {
                "id": known_id,
                "name": known_name,
                "region": region,
                "arn": f"arn:{context.partition}:ec2:{region}:aws:prefix-list/{known_id}",
                "address_family": "IPv4",
                "entries": [],
                "max_entries": weight,
                "owner_id": "AWS",
                "version": 1,
                "tags": {},
            }
    for peer in context.peers("aws_ec2_managed_prefix_list"):
        if peer.get("name") == name or peer.get("id") == identifier:
            return {**peer, "entries": peer.get("entry") or []}
    raise Refused(f'no such prefix list: "{name or identifier}"', f"Known: {', '.join(known)}.")


def _prefix_list_named(config: Object) -> tuple[Value, Value]:
    name, identifier = config.get("name"), config.get("id") or config.get("prefix_list_id")
    for block in each(config.get("filter")):
        values = block.get("values") or [None]
        if block.get("name") == "prefix-list-name":
            name = values[0]
        elif block.get("name") == "prefix-list-id":
            identifier = values[0]
    return name, identifier


def _prefix_list(config: Object, context: Context) -> Object:
    found = _managed_prefix_list(config, context)
    return {name: found[name] for name in ("id", "name", "region")} | {"cidr_blocks": []}


def _iam_policy(config: Object, context: Context) -> Object:
    """A policy of this stack, or one of AWS's own: its ARN is certain, its text is not known."""
    name, arn = config.get("name"), config.get("arn")
    for peer in context.peers("aws_iam_policy"):
        if peer.get("arn") == arn or (name and peer.get("name") == name):
            return peer
    start = f"arn:{context.partition}:iam::aws:policy/"
    if arn and not str(arn).startswith(start):
        raise Refused(
            f'no such policy: "{arn}"', "Only this stack's and AWS's are known.", ("arn",)
        )
    rest = str(arn or f"{start}{config.get('path_prefix') or '/'}{name}").removeprefix(start)
    *path, last = rest.strip("/").split("/")
    identifier = f"{start}{'/'.join([*path, last])}"
    return {
        "id": identifier,
        "arn": identifier,
        "name": last,
        "path": f"/{'/'.join(path)}/" if path else "/",
        "policy_id": f"ANPA{scatter(identifier, 17, UPPER)}",
        "description": "",
        "policy": None,
        "attachment_count": 0,
        "tags": {},
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


def _service_principal(config: Object, context: Context) -> Object:
    region = config.get("region") or context.region
    service = config.get("service_name")
    return {
        "id": f"{service}.{region}.{_suffix(context)}",
        "region": region,
        "name": f"{service}.{_suffix(context)}",
        "suffix": _suffix(context),
    }


def _default_tags(_: Object, context: Context) -> Object:
    return {"id": context.partition, "tags": dict(context.default_tags)}


def _canonical_user(_: Object, context: Context) -> Object:
    return {"id": scatter(context.account_id, 64, HEX), "display_name": ""}


def _log_delivery_user(_: Object, __: Context) -> Object:
    return {"id": _CLOUDFRONT_LOG_DELIVERY}


def _own(resource_type: str, *keys: str, **renamed: str) -> DataSource:
    """One of this stack's own resources, found by any of the keys. Others cannot be read.

    `renamed`: the data source's key -> the resource's.
    """
    names = {key: key for key in keys} | renamed

    def read(config: Object, context: Context) -> Object:
        wanted = {key: config[key] for key in names if config.get(key) not in (None, "")}
        for peer in context.peers(resource_type):
            if wanted and all(peer.get(names[key]) == value for key, value in wanted.items()):
                return {**peer, **wanted}
        said = ", ".join(f'{key} = "{value}"' for key, value in wanted.items())
        raise Refused(
            f"there is no {resource_type} with {said}",
            "Only what this stack itself has made can be read here; there is no AWS account behind"
            " the miniature. Pass the value in as a variable, or make the resource in this stack.",
        )

    return DataSource(read=read)


def _zone(config: Object, context: Context) -> Object:
    """A hosted zone of this stack; else one taken to exist, minted from its name.

    A zone is the one thing that a stack cannot make for itself: its name servers must be known to
    the parent domain. So a name (with a dot) is believed.
    """
    name = str(config.get("name") or "").rstrip(".")
    identifier = str(config.get("zone_id") or "")
    for peer in context.peers("aws_route53_zone"):
        if identifier == peer.get("zone_id") or (name and name == peer.get("name")):
            return {**peer, "id": peer.get("zone_id")}
    if "." not in name:
        raise Refused(
            f'there is no hosted zone "{name or identifier}"',
            "A zone of this stack is found by name or id; any other by its domain name.",
            ("name",) if name else ("zone_id",),
        )
    zone = f"Z{scatter(f'route53/{name}', 20, UPPER)}"
    servers = name_servers(f"route53/{name}")
    return {
        "id": zone,
        "zone_id": zone,
        "name": name,
        "arn": f"arn:{context.partition}:route53:::hostedzone/{zone}",
        "name_servers": servers,
        "primary_name_server": servers[0],
        "caller_reference": scatter(name, 32, HEX),
        "comment": "",
        "resource_record_set_count": 2,
        "tags": {},
    }


def _endpoint_service(config: Object, context: Context) -> Object:
    region = context.region
    short = config.get("service") or str(config.get("service_name") or "").rpartition(".")[2]
    name = config.get("service_name") or f"com.amazonaws.{region}.{short}"
    gateway = short in ("s3", "dynamodb")
    return {
        "id": name,
        "service_name": name,
        "region": region,
        "service_region": region,
        "service_id": f"vpce-svc-0{scatter(str(name), 16, HEX)}",
        "service_type": "Gateway" if gateway else "Interface",
        "owner": "amazon",
        "acceptance_required": False,
        "manages_vpc_endpoints": False,
        "vpc_endpoint_policy_supported": True,
        "availability_zones": list(zone_names(region)),
        "base_endpoint_dns_names": [f"{short}.{region}.vpce.{_suffix(context)}"],
        "private_dns_name": f"{short}.{region}.{_suffix(context)}",
        "private_dns_names": [f"{short}.{region}.{_suffix(context)}"],
        "supported_ip_address_types": ["ipv4"],
        "arn": f"arn:{context.partition}:ec2:{region}:{context.account_id}:vpc-endpoint-service/"
        f"vpce-svc-0{scatter(str(name), 16, HEX)}",
        "tags": {},
    }


_STATEMENT: tuple[Rule, ...] = (
    at("version", one_of("2008-10-17", "2012-10-17")),
    at("statement.effect", one_of("Allow", "Deny")),
    at("statement.sid", matches(r"[a-zA-Z0-9]*", "letters and digits only")),
    at("source_policy_documents", json_document),
    at("override_policy_documents", json_document),
)

DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_iam_policy_document": DataSource(read=_policy_document, validate=validator(*_STATEMENT)),
    "aws_caller_identity": DataSource(read=_caller),
    "aws_region": DataSource(read=_region),
    "aws_partition": DataSource(read=_partition),
    "aws_availability_zones": DataSource(
        read=_zones,
        validate=validator(
            at("state", one_of("available", "information", "impaired", "unavailable"))
        ),
    ),
    "aws_cloudfront_cache_policy": _managed_policy(
        managed_policies.CACHE_POLICIES, "cache-policy", "aws_cloudfront_cache_policy"
    ),
    "aws_cloudfront_origin_request_policy": _managed_policy(
        managed_policies.ORIGIN_REQUEST_POLICIES,
        "origin-request-policy",
        "aws_cloudfront_origin_request_policy",
    ),
    "aws_cloudfront_response_headers_policy": _managed_policy(
        managed_policies.RESPONSE_HEADERS_POLICIES,
        "response-headers-policy",
        "aws_cloudfront_response_headers_policy",
    ),
    "aws_ec2_managed_prefix_list": DataSource(read=_managed_prefix_list),
    "aws_prefix_list": DataSource(read=_prefix_list),
    "aws_iam_policy": DataSource(read=_iam_policy),
    "aws_elb_service_account": DataSource(read=_log_delivery_account),
    "aws_service_principal": DataSource(read=_service_principal),
    "aws_default_tags": DataSource(read=_default_tags),
    "aws_canonical_user_id": DataSource(read=_canonical_user),
    "aws_cloudfront_log_delivery_canonical_user_id": DataSource(read=_log_delivery_user),
    "aws_route53_zone": DataSource(read=_zone),
    "aws_vpc_endpoint_service": DataSource(read=_endpoint_service),
    "aws_iam_role": _own("aws_iam_role", "name"),
    "aws_kms_key": _own("aws_kms_key", "key_id"),
    "aws_ecr_repository": _own("aws_ecr_repository", "name"),
    "aws_ecs_cluster": _own("aws_ecs_cluster", cluster_name="name"),
    "aws_secretsmanager_secret": _own("aws_secretsmanager_secret", "name", "arn"),
    "aws_ssm_parameter": _own("aws_ssm_parameter", "name"),
    "aws_sns_topic": _own("aws_sns_topic", "name"),
    "aws_s3_bucket": _own("aws_s3_bucket", "bucket"),
    "aws_vpc": _own("aws_vpc", "id"),
    "aws_subnet": _own("aws_subnet", "id"),
    "aws_security_group": _own("aws_security_group", "id", "name", "vpc_id"),
    "aws_cloudwatch_log_group": _own("aws_cloudwatch_log_group", "name"),
    "aws_lb": _own("aws_lb", "arn", "name"),
}
