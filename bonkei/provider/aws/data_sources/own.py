"""What the stack itself has made, read again, and what every account has: the default VPC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from bonkei.provider.aws.data_sources.lookups import chosen, none_found, several_found
from bonkei.provider.aws.ec2 import default_network
from bonkei.provider.aws.shared.blocks import each
from bonkei.provider.behaviour import Context, DataSource
from bonkei.provider.values import Object, Value

Candidates = Callable[[Context], Iterable[Object]]


def own(resource_type: str, candidates: Candidates | None = None, **renamed: str) -> DataSource:
    """One of this stack's own resources, found by what the data block says. Others cannot be read.

    `candidates`: instead of all resources of the type. `renamed`: the data source's argument -> the
    resource's.
    """
    kind = resource_type.removeprefix("aws_")

    def read(config: Object, context: Context) -> Object:
        there = candidates(context) if candidates else context.peers(resource_type)
        found = chosen(there, config, kind, renamed)
        if not found:
            raise none_found(resource_type, config)
        if len({str(one.get("id")) for one in found}) > 1:
            raise several_found(resource_type, config, found)
        said = {name: value for name, value in config.items() if value is not None}
        back = {name: found[0].get(attribute) for name, attribute in renamed.items()}
        return {**found[0], **back, **said}

    return DataSource(read=read)


def every(resource_type: str, candidates: Candidates | None = None) -> DataSource:
    """The ids of all of them that the data block fits."""
    kind = resource_type.removeprefix("aws_")

    def read(config: Object, context: Context) -> Object:
        there = list(candidates(context) if candidates else context.peers(resource_type))
        found = sorted(chosen(there, config, kind), key=lambda one: str(one.get("id")))
        return {
            "id": context.region,
            "region": config.get("region") or context.region,
            "ids": [one.get("id") for one in found],
            "arns": [one.get("arn") for one in found],
            "vpc_ids": [one.get("vpc_id") for one in found],
            "tags": config.get("tags") or {},
        }

    return DataSource(read=read)


def _vpcs(context: Context) -> Iterator[Object]:
    for vpc in context.peers("aws_vpc"):
        yield {"default": False, "state": "available", **vpc}
    yield default_network.default_vpc(context)


def _subnets(context: Context) -> Iterator[Object]:
    for subnet in context.peers("aws_subnet"):
        yield {"default_for_az": False, "state": "available", **subnet}
    yield from default_network.default_subnets(context)


def _security_groups(context: Context) -> Iterator[Object]:
    """The stack's, and the one that each VPC is born with."""
    yield from context.peers("aws_security_group")
    for vpc in _vpcs(context):
        identifier = vpc.get("default_security_group_id")
        yield {
            "id": identifier,
            "name": "default",
            "description": "default VPC security group",
            "vpc_id": vpc.get("id"),
            "arn": str(vpc.get("arn")).replace(f"vpc/{vpc['id']}", f"security-group/{identifier}"),
            "tags": {},
        }


def _internet_gateways(context: Context) -> Iterator[Object]:
    for gateway in context.peers("aws_internet_gateway"):
        yield {**gateway, "internet_gateway_id": gateway.get("id")}
    yield default_network.default_internet_gateway(context)


def _route_tables(context: Context) -> Iterator[Object]:
    """The stack's, each once for every subnet that it is associated with, and the main ones."""
    pairs = [
        (link.get("route_table_id"), link.get("subnet_id"))
        for link in context.peers("aws_route_table_association")
    ]
    for table in context.peers("aws_route_table"):
        identifier = table.get("id")
        whole = {**table, "route_table_id": identifier, "association.main": False}
        subnets = [subnet for linked, subnet in pairs if linked == identifier]
        yield from ({**whole, "subnet_id": subnet} for subnet in subnets or [None])
    for vpc in _vpcs(context):
        main = vpc.get("main_route_table_id")
        yield {
            "id": main,
            "route_table_id": main,
            "vpc_id": vpc.get("id"),
            "arn": str(vpc.get("arn")).replace(f"vpc/{vpc['id']}", f"route-table/{main}"),
            "owner_id": vpc.get("owner_id"),
            "association.main": True,
            "subnet_id": None,
            "tags": {},
        }


def _task_definitions(context: Context) -> Iterator[Object]:
    """By family, which means the newest, by family and revision, and by ARN."""
    newest: dict[str, Object] = {}
    for task in context.peers("aws_ecs_task_definition"):
        family, revision = str(task.get("family")), task.get("revision")
        whole = {**task, "id": task.get("arn"), "status": "ACTIVE"}
        if revision > newest.get(family, {"revision": 0})["revision"]:
            newest[family] = {**whole, "task_definition": family}
        yield {**whole, "task_definition": f"{family}:{revision}"}
        yield {**whole, "task_definition": task.get("arn")}
    yield from newest.values()


def _namespaces(context: Context) -> Iterator[Object]:
    for kind in ("private", "public"):
        for namespace in context.peers(f"aws_service_discovery_{kind}_dns_namespace"):
            yield {**namespace, "type": f"DNS_{kind.upper()}"}


def _zones(context: Context) -> Iterator[Object]:
    """Private is a zone that is associated with a VPC: once for each of its VPCs."""
    for zone in context.peers("aws_route53_zone"):
        vpcs = tuple(one.get("vpc_id") for one in each(zone.get("vpc")))
        whole = {**zone, "id": zone.get("zone_id"), "private_zone": bool(vpcs)}
        whole |= {"name": _without_dot(zone.get("name")), "resource_record_set_count": 2}
        yield from ({**whole, "vpc_id": vpc} for vpc in vpcs or (None,))


def _zone(config: Object, context: Context) -> Object:
    """By id, or by name: then a private zone is found only where it is asked for."""
    name = config.get("name")
    asked = {**config, "name": _without_dot(name)}
    if name:
        asked["private_zone"] = bool(config.get("private_zone"))
    found = own("aws_route53_zone", _zones).read(asked, context)
    return {**found, "name": name or found["name"]}


def _without_dot(name: Value) -> Value:
    return name.rstrip(".") if isinstance(name, str) else name


def _certificates(context: Context) -> Iterator[Object]:
    """A certificate is waited for until it is issued; here that takes no time."""
    for certificate in context.peers("aws_acm_certificate"):
        yield {
            **certificate,
            "domain": certificate.get("domain_name"),
            "status": "ISSUED",
            "certificate": "",
            "certificate_chain": "",
        }


_BY_ITS_OWN_NAMES = (
    "aws_cloudfront_distribution aws_cloudfront_origin_access_identity"
    " aws_cloudwatch_log_group aws_codecommit_repository aws_codestarconnections_connection"
    " aws_db_parameter_group aws_db_proxy aws_db_subnet_group aws_dynamodb_table"
    " aws_ecr_repository aws_eip aws_elasticache_cluster aws_elasticache_replication_group"
    " aws_elasticache_subnet_group aws_iam_instance_profile aws_iam_role aws_kinesis_stream"
    " aws_lambda_alias aws_lambda_function aws_launch_template aws_nat_gateway"
    " aws_network_interface aws_rds_cluster aws_s3_bucket aws_s3_object aws_secretsmanager_secret"
    " aws_service_discovery_http_namespace aws_service_discovery_service aws_sfn_state_machine"
    " aws_sns_topic aws_sqs_queue aws_vpc_endpoint aws_wafv2_ip_set aws_wafv2_regex_pattern_set"
    " aws_wafv2_rule_group aws_wafv2_web_acl"
)

DATA_SOURCES: Mapping[str, DataSource] = {
    **{name: own(name) for name in _BY_ITS_OWN_NAMES.split()},
    "aws_acm_certificate": own("aws_acm_certificate", _certificates),
    "aws_alb": own("aws_lb"),
    "aws_alb_listener": own("aws_lb_listener"),
    "aws_alb_target_group": own("aws_lb_target_group"),
    "aws_cognito_user_pool": own("aws_cognito_user_pool", user_pool_id="id"),
    "aws_cognito_user_pool_client": own("aws_cognito_user_pool_client", client_id="id"),
    "aws_db_instance": own("aws_db_instance", db_instance_identifier="identifier"),
    "aws_ecs_cluster": own("aws_ecs_cluster", cluster_name="name"),
    "aws_ecs_service": own("aws_ecs_service", service_name="name", cluster_arn="cluster"),
    "aws_ecs_task_definition": own("aws_ecs_task_definition", _task_definitions),
    "aws_efs_access_point": own("aws_efs_access_point", access_point_id="id"),
    "aws_iam_openid_connect_provider": own("aws_iam_openid_connect_provider"),
    "aws_iam_group": own("aws_iam_group", group_name="name"),
    "aws_iam_user": own("aws_iam_user", user_name="name"),
    "aws_internet_gateway": own("aws_internet_gateway", _internet_gateways),
    "aws_lb": own("aws_lb"),
    "aws_lb_listener": own("aws_lb_listener"),
    "aws_lb_target_group": own("aws_lb_target_group"),
    "aws_nat_gateways": every("aws_nat_gateway"),
    "aws_route53_zone": DataSource(read=_zone),
    "aws_route_table": own("aws_route_table", _route_tables),
    "aws_route_tables": every("aws_route_table", _route_tables),
    "aws_security_group": own("aws_security_group", _security_groups),
    "aws_security_groups": every("aws_security_group", _security_groups),
    "aws_service_discovery_dns_namespace": own("aws_service_discovery_namespace", _namespaces),
    "aws_subnet": own("aws_subnet", _subnets),
    "aws_subnets": every("aws_subnet", _subnets),
    "aws_vpc": own("aws_vpc", _vpcs),
    "aws_vpcs": every("aws_vpc", _vpcs),
}
