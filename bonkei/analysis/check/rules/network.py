"""The network: names that resolve, gateways with a route, private databases, reachable load
balancers."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.analysis.network.reach import leads_to_internet_gateway


@error(
    "A VPC whose endpoints have private DNS resolves it",
    "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
)
def private_names_resolve(subject: Subject) -> Iterator[Problem]:
    vpcs = {vpc.id: vpc for vpc in subject.blueprint.network.vpcs}
    for endpoint in subject.blueprint.network.endpoints:
        vpc = vpcs.get(endpoint.vpc_id)
        if endpoint.kind == "Interface" and endpoint.private_dns and vpc and not vpc.dns:
            yield Problem(
                vpc.address,
                f"{endpoint.address} has private DNS, but the VPC does not resolve it",
                "set enable_dns_support and enable_dns_hostnames",
                "enable_dns_hostnames",
            )


@error(
    "A public NAT gateway is in a subnet with a route to the internet",
    "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-scenarios.html",
)
def nat_gateway_leads_out(subject: Subject) -> Iterator[Problem]:
    for gateway in subject.blueprint.network.nat_gateways:
        subnet = subject.blueprint.network.subnet(gateway.subnet_id)
        if gateway.connectivity == "public" and subnet and not leads_to_internet_gateway(subnet):
            yield Problem(
                gateway.address,
                f"it is in {subnet.address}, without a route to an internet gateway: its traffic is"
                " lost",
                "put it into a subnet with a route to an internet gateway",
                "subnet_id",
            )


@warning(
    "No route leads from a database's subnets to an internet gateway",
    "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
)
def database_is_private(subject: Subject) -> Iterator[Problem]:
    for cluster in subject.blueprint.database_clusters:
        for subnet_id in cluster.subnet_ids:
            subnet = subject.blueprint.network.subnet(subnet_id)
            if subnet and subnet.routes_known and leads_to_internet_gateway(subnet):
                yield Problem(
                    cluster.address,
                    f"{cluster.identifier} is in {subnet.address}, with a route to the internet",
                    "give its subnet group subnets without such a route",
                    "db_subnet_group_name",
                )


@warning(
    "A database accepts no connections without TLS",
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html",
)
def database_asks_for_tls(subject: Subject) -> Iterator[Problem]:
    """A missing parameter has the engine version's default, and is not judged."""
    for cluster in subject.blueprint.database_clusters:
        if dict(cluster.parameters).get("rds.force_ssl") == "0":
            yield Problem(
                cluster.address,
                f"{cluster.identifier} accepts connections without TLS",
                "set the parameter rds.force_ssl to 1",
            )


@error(
    "A load balancer that faces the internet is in public subnets",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
)
def load_balancer_is_reached(subject: Subject) -> Iterator[Problem]:
    for balancer in subject.blueprint.load_balancers:
        for subnet_id in balancer.subnet_ids if not balancer.internal else ():
            subnet = subject.blueprint.network.subnet(subnet_id)
            if subnet and not leads_to_internet_gateway(subnet):
                yield Problem(
                    balancer.address,
                    f"{balancer.name} faces the internet, and {subnet.address} has no route to it",
                    "name subnets with a route to an internet gateway",
                    "subnets",
                )
