"""The VPC of the sound stack."""

from __future__ import annotations

from typing import Any

from tests.bonkei.analysis.check.stack.documents import ACCOUNT, Resources


def subnet(name: str, cidr: str) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:ec2:{ACCOUNT}:subnet/subnet-{name}",
        "id": f"subnet-{name}",
        "vpc_id": "vpc-1",
        "cidr_block": cidr,
        "availability_zone": "eu-west-1a",
    }


def group(name: str) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:ec2:{ACCOUNT}:security-group/sg-{name}",
        "id": f"sg-{name}",
        "name": name,
        "vpc_id": "vpc-1",
    }


def peer(of: str, port: int, **peers: Any) -> dict[str, Any]:
    """A rule of the group `of`; `to` is another group's name."""
    if "to" in peers:
        peers["referenced_security_group_id"] = f"sg-{peers.pop('to')}"
    return {
        "security_group_id": f"sg-{of}",
        "ip_protocol": "tcp",
        "from_port": port,
        "to_port": port,
        **peers,
    }


def endpoint(service: str, **overrides: Any) -> dict[str, Any]:
    return {
        "id": f"vpce-{service}",
        "vpc_id": "vpc-1",
        "service_name": f"com.amazonaws.eu-west-1.{service}",
        "vpc_endpoint_type": "Interface",
        "private_dns_enabled": True,
        "subnet_ids": ["subnet-egress"],
        "security_group_ids": ["sg-endpoints"],
        **overrides,
    }


def network() -> Resources:
    return {
        "aws_vpc.this": {
            "arn": f"arn:aws:ec2:{ACCOUNT}:vpc/vpc-1",
            "id": "vpc-1",
            "cidr_block": "10.0.0.0/16",
            "enable_dns_hostnames": True,
            "main_route_table_id": "rtb-main",
        },
        "aws_subnet.ingress": subnet("ingress", "10.0.0.0/24"),
        "aws_subnet.app": subnet("app", "10.0.1.0/24"),
        "aws_subnet.egress": subnet("egress", "10.0.2.0/24"),
        "aws_subnet.database": subnet("database", "10.0.3.0/24"),
        "aws_route_table.app": {"id": "rtb-app"},
        "aws_route_table.in": {"id": "rtb-in"},
        "aws_route_table_association.app": {"subnet_id": "subnet-app", "route_table_id": "rtb-app"},
        "aws_route_table_association.in": {
            "subnet_id": "subnet-ingress",
            "route_table_id": "rtb-in",
        },
        "aws_route.ingress": {
            "route_table_id": "rtb-in",
            "destination_cidr_block": "0.0.0.0/0",
            "gateway_id": "igw-1",
        },
        "aws_vpc_endpoint.ecr_api": endpoint("ecr.api"),
        "aws_vpc_endpoint.ecr_dkr": endpoint("ecr.dkr"),
        "aws_vpc_endpoint.logs": endpoint("logs"),
        "aws_vpc_endpoint.secrets": endpoint("secretsmanager"),
        "aws_vpc_endpoint.exec": endpoint("ssmmessages"),
        "aws_vpc_endpoint.s3": endpoint(
            "s3",
            vpc_endpoint_type="Gateway",
            private_dns_enabled=False,
            route_table_ids=["rtb-app"],
            subnet_ids=[],
            security_group_ids=[],
            prefix_list_id="pl-s3",
        ),
        "data.aws_ec2_managed_prefix_list.cloudfront": {
            "id": "pl-cloudfront",
            "name": "com.amazonaws.global.cloudfront.origin-facing",
        },
        "aws_security_group.alb": group("alb"),
        "aws_security_group.app": group("app"),
        "aws_security_group.worker": group("worker"),
        "aws_security_group.endpoints": group("endpoints"),
        "aws_security_group.database": group("database"),
        "aws_vpc_security_group_ingress_rule.alb": peer("alb", 80, prefix_list_id="pl-cloudfront"),
        "aws_vpc_security_group_egress_rule.alb": peer("alb", 8000, to="app"),
        "aws_vpc_security_group_ingress_rule.app": peer("app", 8000, to="alb"),
        "aws_vpc_security_group_egress_rule.app_https": peer("app", 443, to="endpoints"),
        "aws_vpc_security_group_egress_rule.app_s3": peer("app", 443, prefix_list_id="pl-s3"),
        "aws_vpc_security_group_egress_rule.app_database": peer("app", 5432, to="database"),
        "aws_vpc_security_group_egress_rule.app_worker": peer("app", 9000, to="worker"),
        "aws_vpc_security_group_ingress_rule.worker": peer("worker", 9000, to="app"),
        "aws_vpc_security_group_egress_rule.worker_s3": peer("worker", 443, prefix_list_id="pl-s3"),
        "aws_vpc_security_group_egress_rule.worker_https": peer("worker", 443, to="endpoints"),
        "aws_vpc_security_group_ingress_rule.endpoints": peer(
            "endpoints", 443, cidr_ipv4="10.0.1.0/24"
        ),
        "aws_vpc_security_group_ingress_rule.database": peer("database", 5432, to="app"),
    }
