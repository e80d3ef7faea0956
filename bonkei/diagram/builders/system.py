"""The whole system: from the viewer to the database, and what leaves the network."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from bonkei.blueprint import Blueprint
from bonkei.blueprint.distribution import Distribution
from bonkei.blueprint.load_balancer import (
    FixedResponse,
    Forward,
    LoadBalancer,
    PathPattern,
    Redirect,
)
from bonkei.blueprint.network import Subnet
from bonkei.blueprint.service import Service
from bonkei.diagram.model import Arrow, Diagram, Group, GroupKind, Node
from bonkei.diagram.names import common_prefix, plural

# Columns: what stands before the network, then the network from its edge inwards, then AWS.
_BEFORE, _ENTRY, _APP, _INNER, _OUTSIDE = range(5)

# What an endpoint's service is to a reader.
_SERVICES: dict[str, str] = {
    "ecr.api": "ECR",
    "ecr.dkr": "ECR",
    "logs": "CloudWatch Logs",
    "secretsmanager": "Secrets Manager",
    "ssm": "Systems Manager",
    "ssmmessages": "Session Manager (ECS Exec)",
    "kms": "KMS",
    "s3": "S3",
    "sts": "STS",
    "monitoring": "CloudWatch",
    "kinesis-firehose": "Firehose",
    "dynamodb": "DynamoDB",
    "sns": "SNS",
    "sqs": "SQS",
}


@dataclass(slots=True)
class _Drawing:
    """Collects while the picture is composed."""

    blueprint: Blueprint
    prefix: str
    nodes: list[Node] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    tiers: dict[tuple[str, ...], list[str]] = field(default_factory=lambda: defaultdict(list))

    def short(self, name: str) -> str:
        return name.removeprefix(self.prefix) or name

    def stand(self, node_id: str, subnet_ids: tuple[str, ...]) -> None:
        """Put a node into the tier of its subnets; where they are unknown, into none."""
        known = tuple(s for s in subnet_ids if self.blueprint.network.subnet(s))
        if known:
            self.tiers[known].append(node_id)


def system_diagram(blueprint: Blueprint) -> Diagram:
    """Viewers, edge, services, database, endpoints, builds."""
    drawing = _Drawing(blueprint, _prefix(blueprint))
    services = _ordered_services(blueprint)
    entry = _draw_edge(drawing)
    first = max(0, entry - (len(services) - 1))
    _draw_services(drawing, services, first)
    below = _draw_inner(drawing, services, first)
    _draw_builds(drawing, below)
    groups = _groups(drawing)
    return Diagram(
        name="system",
        title="The whole system",
        description=_description(drawing),
        nodes=tuple(drawing.nodes),
        groups=groups,
        arrows=tuple(drawing.arrows),
    )


def _prefix(blueprint: Blueprint) -> str:
    names = [s.name for s in blueprint.services]
    names += [c.identifier for c in blueprint.database_clusters]
    names += [p.name for p in blueprint.build_projects]
    return common_prefix(names)


def _ordered_services(blueprint: Blueprint) -> tuple[Service, ...]:
    """The one that gets what no rule matches first, so that the main way is straight."""
    defaults = {
        target.target_group_arn
        for balancer in blueprint.load_balancers
        for listener in balancer.listeners
        if isinstance(listener.default_action, Forward)
        for target in listener.default_action.targets
    }
    return tuple(
        sorted(
            blueprint.services,
            key=lambda s: (
                not any(t.target_group_arn in defaults for t in s.targets),
                not s.targets,
                s.name,
            ),
        )
    )


# ------------------------------------------------------------------------------------------------
# The edge
# ------------------------------------------------------------------------------------------------


def _draw_edge(drawing: _Drawing) -> int:
    """A stack of what a request meets before the network. Returns its last row."""
    blueprint = drawing.blueprint
    if not blueprint.distributions and not blueprint.load_balancers:
        return 0
    drawing.nodes.append(Node("viewers", "people", "Viewers", _BEFORE, 0, ("browsers, clients",)))
    row = 1
    for distribution in blueprint.distributions:
        _draw_distribution(drawing, distribution, row)
        row += 1
    for acl in blueprint.web_acls:
        if acl.scope == "REGIONAL" and acl.protects:
            lines = (plural(len(acl.rules), "rule"), f"default: {acl.default_action.kind}")
            drawing.nodes.append(Node(acl.address, "firewall", "AWS WAF", _BEFORE, row, lines))
            row += 1
    first = max(0, row - 1 - (len(blueprint.load_balancers) - 1))
    for index, balancer in enumerate(blueprint.load_balancers):
        _draw_load_balancer(drawing, balancer, first + index)
    return row - 1


def _draw_distribution(drawing: _Drawing, distribution: Distribution, row: int) -> None:
    adds = any(origin.headers for origin in distribution.origins)
    lines = (
        plural(len(distribution.behaviors), "cache behavior"),
        *(("adds a secret header",) if adds else ()),
    )
    title = distribution.aliases[0] if distribution.aliases else "CloudFront"
    drawing.nodes.append(Node(distribution.address, "cdn", title, _BEFORE, row, lines))
    drawing.arrows.append(Arrow("viewers", distribution.address, "HTTPS"))


def _draw_load_balancer(drawing: _Drawing, balancer: LoadBalancer, row: int) -> None:
    blueprint = drawing.blueprint
    ports = ", ".join(f"{listener.protocol} {listener.port}" for listener in balancer.listeners)
    lines = (ports, f"idle time-out {balancer.idle_timeout:g} s")
    drawing.nodes.append(
        Node(balancer.address, "load_balancer", "Load balancer", _ENTRY, row, lines)
    )
    drawing.stand(balancer.address, balancer.subnet_ids)
    acls = [a.address for a in blueprint.web_acls if balancer.arn in a.protects]
    entry = acls[0] if acls else balancer.address
    names = {balancer.dns_name.lower(), *balancer.aliases}
    origins = [
        (distribution.address, origin)
        for distribution in blueprint.distributions
        for origin in distribution.origins
        if origin.domain_name.lower() in names
    ]
    for source, origin in origins:
        protocol = "HTTPS" if origin.protocol_policy == "https-only" else "HTTP"
        drawing.arrows.append(Arrow(source, entry, protocol))
    if not origins:
        drawing.arrows.append(Arrow("viewers", entry))
    if acls:
        drawing.arrows.append(Arrow(entry, balancer.address))


# ------------------------------------------------------------------------------------------------
# Services, and how requests are routed to them
# ------------------------------------------------------------------------------------------------


def _draw_services(drawing: _Drawing, services: tuple[Service, ...], first: int) -> None:
    blueprint = drawing.blueprint
    for row, service in enumerate(services, first):
        definition = blueprint.task_definition(service.task_definition_arn)
        size = f"{definition.cpu / 1024:g} vCPU, {definition.memory} MiB"
        lines = (
            _count(service),
            size,
            ", ".join(container.name for container in definition.containers),
        )
        drawing.nodes.append(
            Node(service.address, "service", drawing.short(service.name), _APP, row, lines)
        )
        drawing.stand(service.address, service.subnet_ids)
        for balancer in blueprint.load_balancers:
            label = _routes_to(balancer, service)
            if label:
                drawing.arrows.append(Arrow(balancer.address, service.address, label))
    _draw_calls(drawing, services)


def _count(service: Service) -> str:
    if service.scaling is not None:
        return f"{service.scaling.min_capacity} to {service.scaling.max_capacity} tasks"
    return plural(service.capacity, "task")


def _routes_to(balancer: LoadBalancer, service: Service) -> str:
    """The path patterns that lead to the service; `else` for the default action."""
    wanted = {target.target_group_arn for target in service.targets}
    found: list[str] = []
    for listener in balancer.listeners:
        for rule in listener.rules:
            if _leads_to(rule.action, wanted):
                paths = [c for c in rule.conditions if isinstance(c, PathPattern)]
                found += [value for condition in paths for value in condition.values]
        if _leads_to(listener.default_action, wanted):
            found.append("else")
    unique = list(dict.fromkeys(found))
    return ", ".join(unique[:3]) + (" …" if len(unique) > 3 else "")


def _leads_to(action: Forward | Redirect | FixedResponse, wanted: set[str]) -> bool:
    return isinstance(action, Forward) and any(
        target.target_group_arn in wanted for target in action.targets
    )


def _draw_calls(drawing: _Drawing, services: tuple[Service, ...]) -> None:
    """Service Connect: who is told the name of whom."""
    for caller in services:
        definition = drawing.blueprint.task_definition(caller.task_definition_arn)
        values = [value for c in definition.containers for _, value in c.environment]
        for callee in services:
            endpoints = callee.service_connect.endpoints if callee.service_connect else ()
            for endpoint in endpoints:
                url = f"//{endpoint.dns_name}"
                if callee != caller and any(_is_host(url, value) for value in values):
                    label = f"{endpoint.dns_name}:{endpoint.port}"
                    drawing.arrows.append(Arrow(caller.address, callee.address, label))


def _is_host(url: str, value: str) -> bool:
    before, found, after = value.partition(url)
    return bool(found) and before.endswith(":") and after[:1] in ("", ":", "/", "?")


# ------------------------------------------------------------------------------------------------
# Database, endpoints and what is behind them
# ------------------------------------------------------------------------------------------------


def _draw_inner(drawing: _Drawing, services: tuple[Service, ...], first: int) -> int:
    """`first` is the first service's row. Returns the first row below."""
    blueprint = drawing.blueprint
    row = first
    for cluster in blueprint.database_clusters:
        users = [
            index
            for index, service in enumerate(services)
            if _uses(blueprint, service, cluster.endpoint)
        ]
        row = max(row, first + min(users, default=0))
        lines = (
            f"{_engine(cluster.engine)} {cluster.engine_version}",
            plural(len(cluster.instances), "instance"),
            *(("encrypted",) if cluster.encrypted else ()),
        )
        node = Node(
            cluster.address, "database", drawing.short(cluster.identifier), _INNER, row, lines
        )
        drawing.nodes.append(node)
        drawing.stand(node.id, cluster.subnet_ids)
        for index in users:
            drawing.arrows.append(Arrow(services[index].address, node.id, f"TCP {cluster.port}"))
        row += 1
    row = max(row, first + len(services))
    return _draw_endpoints(drawing, services, row)


def _engine(engine: str) -> str:
    return {"aurora-postgresql": "Aurora PostgreSQL", "postgres": "PostgreSQL"}.get(engine, engine)


def _uses(blueprint: Blueprint, service: Service, endpoint: str) -> bool:
    definition = blueprint.task_definition(service.task_definition_arn)
    return any(endpoint in value for c in definition.containers for _, value in c.environment)


def _draw_endpoints(drawing: _Drawing, services: tuple[Service, ...], row: int) -> int:
    endpoints = drawing.blueprint.network.endpoints
    for kind, title in (("Interface", "Interface endpoints"), ("Gateway", "Gateway endpoint")):
        found = [endpoint for endpoint in endpoints if endpoint.kind == kind]
        if not found:
            continue
        node_id = f"endpoints-{kind}"
        drawing.nodes.append(
            Node(node_id, "endpoint", title, _INNER, row, _in_lines([e.service for e in found]))
        )
        if kind == "Interface":
            drawing.stand(node_id, found[0].subnet_ids)
        behind = f"behind-{kind}"
        names = sorted({_SERVICES.get(e.service, e.service) for e in found})
        heading, lines = ("AWS services", _in_lines(names)) if len(names) > 1 else (names[0], ())
        drawing.nodes.append(Node(behind, "internet", heading, _OUTSIDE, row, lines))
        drawing.arrows.append(Arrow(node_id, behind, style="data"))
        for service in services:
            drawing.arrows.append(Arrow(service.address, node_id, style="data"))
        row += 1
    return row


def _in_lines(names: list[str]) -> tuple[str, ...]:
    """Two names a line."""
    pairs = [names[i : i + 2] for i in range(0, len(names), 2)]
    return tuple(", ".join(pair) for pair in pairs)


def _draw_builds(drawing: _Drawing, row: int) -> None:
    blueprint = drawing.blueprint
    placed = [p for p in blueprint.build_projects if p.subnet_ids]
    nats = blueprint.network.nat_gateways
    if not nats:
        return
    nat = nats[0]
    lines = (plural(len(nats), "gateway"),)
    drawing.nodes.append(Node(nat.address, "nat", "NAT gateway", _ENTRY, row, lines))
    drawing.stand(nat.address, tuple(sorted({n.subnet_id for n in nats})))
    drawing.nodes.append(Node("internet", "internet", "Internet", _BEFORE, row, ("packages",)))
    drawing.arrows.append(Arrow(nat.address, "internet", style="data"))
    if placed:
        names = [drawing.short(project.name) for project in placed]
        alike = common_prefix(names)
        names = [name.removeprefix(alike) for name in names]
        drawing.nodes.append(Node("builds", "build", "CodeBuild", _APP, row, _in_lines(names)))
        drawing.stand("builds", placed[0].subnet_ids)
        drawing.arrows.append(Arrow("builds", nat.address, style="data"))
        for index, pipeline in enumerate(blueprint.pipelines):
            stages = [stage.name for stage in pipeline.stages]
            node = Node(
                pipeline.address,
                "pipeline",
                drawing.short(pipeline.name),
                _OUTSIDE,
                row + index,
                _in_lines(stages),
            )
            drawing.nodes.append(node)
            drawing.arrows.append(Arrow(node.id, "builds", "builds", "control"))


# ------------------------------------------------------------------------------------------------
# Subnets
# ------------------------------------------------------------------------------------------------


def _groups(drawing: _Drawing) -> tuple[Group, ...]:
    network = drawing.blueprint.network
    tiers: dict[str, list[str]] = defaultdict(list)
    subnets: dict[str, list[Subnet]] = defaultdict(list)
    for subnet_ids, members in drawing.tiers.items():
        found = [s for s in map(network.subnet, subnet_ids) if s is not None]
        # Subnets of one route table are of one tier, whoever uses how many of them.
        key = found[0].route_table_id or found[0].id
        tiers[key] += members
        subnets[key] += found
    names = {key: _tier_name(subnets[key]) for key in tiers}
    prefix = common_prefix(names.values())
    groups = [
        Group(
            id=f"tier-{names[key]}",
            kind=_tier_kind(subnets[key][0]),
            title=f"{names[key].removeprefix(prefix)} subnets",
            members=tuple(members),
            note=_way_out(subnets[key][0]),
        )
        for key, members in sorted(tiers.items(), key=lambda item: names[item[0]])
    ]
    vpcs = network.vpcs
    if groups and len(vpcs) == 1:
        zones = len({s.availability_zone for s in network.subnets})
        inside = (*(group.id for group in groups), *_in_vpc_only(drawing))
        note = f"{', '.join(vpcs[0].cidr_blocks)} · {plural(zones, 'availability zone')}"
        groups.insert(0, Group("vpc", "network", "VPC", inside, note))
    return tuple(groups)


def _in_vpc_only(drawing: _Drawing) -> tuple[str, ...]:
    """A gateway endpoint is in the VPC's route tables, not in a subnet."""
    return tuple(node.id for node in drawing.nodes if node.id == "endpoints-Gateway")


def _tier_name(subnets: list[Subnet]) -> str:
    """What the subnets' names have in common besides their zones; else where they are written."""
    names = {
        (s.name or s.address.partition("[")[0].rpartition(".")[2])
        .replace(s.availability_zone or "\\0", "")
        .strip("-_. ")
        for s in subnets
    }
    return min(names)


def _tier_kind(subnet: Subnet) -> GroupKind:
    targets = {
        route.target for route in subnet.routes if route.destination in ("0.0.0.0/0", "::/0")
    }
    if "internet_gateway" in targets:
        return "public"
    return "private" if targets else "isolated"


def _way_out(subnet: Subnet) -> str:
    return {
        "public": "public",
        "private": "out by NAT",
        "isolated": "no way out",
    }[_tier_kind(subnet)]


def _description(drawing: _Drawing) -> str:
    """Every arrow in words."""
    titles = {node.id: node.title for node in drawing.nodes}
    ways = [
        f"{titles[a.source]} to {titles[a.target]}{f' ({a.label})' if a.label else ''}"
        for a in drawing.arrows
    ]
    return "; ".join(ways) + "." if ways else "Nothing is defined."
