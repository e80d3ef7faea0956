"""The network: names that resolve, gateways with a route, private databases, reachable load
balancers."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem, Severity
from bonkei.analysis.check.subject import Rule, Subject
from bonkei.analysis.network.reach import leads_to_internet_gateway


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


def database_asks_for_tls(subject: Subject) -> Iterator[Problem]:
    """A missing parameter has the engine version's default, and is not judged."""
    for cluster in subject.blueprint.database_clusters:
        if dict(cluster.parameters).get("rds.force_ssl") == "0":
            yield Problem(
                cluster.address,
                f"{cluster.identifier} accepts connections without TLS",
                "set the parameter rds.force_ssl to 1",
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


RULES = (
    Rule(
        "private-names-resolve",
        "A VPC whose endpoints have private DNS resolves it",
        Severity.ERROR,
        "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
        private_names_resolve,
    ),
    Rule(
        "nat-gateway-leads-out",
        "A public NAT gateway is in a subnet with a route to the internet",
        Severity.ERROR,
        "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-scenarios.html",
        nat_gateway_leads_out,
    ),
    Rule(
        "database-is-private",
        "No route leads from a database's subnets to an internet gateway",
        Severity.WARNING,
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
        database_is_private,
    ),
    Rule(
        "database-asks-for-tls",
        "A database accepts no connections without TLS",
        Severity.WARNING,
        "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html",
        database_asks_for_tls,
    ),
    Rule(
        "load-balancer-is-reached",
        "A load balancer that faces the internet is in public subnets",
        Severity.ERROR,
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        load_balancer_is_reached,
    ),
)
