"""The layers that a request passes before it reaches a service."""

from __future__ import annotations

from bonkei.analysis.diagram.builders.system.drawing import (
    BEFORE,
    ENTRY,
    Drawing,
)
from bonkei.analysis.diagram.model import Arrow, Node
from bonkei.analysis.diagram.names import plural
from bonkei.blueprint.cloudfront import Distribution
from bonkei.blueprint.elbv2 import (
    LoadBalancer,
)


def draw_edge(drawing: Drawing) -> int:
    """Stack the layers before the network. Returns the last row."""
    blueprint = drawing.blueprint
    if not blueprint.distributions and not blueprint.load_balancers:
        return 0
    drawing.nodes.append(Node("viewers", "people", "Viewers", BEFORE, 0, ("browsers, clients",)))
    row = 1
    for distribution in blueprint.distributions:
        _draw_distribution(drawing, distribution, row)
        row += 1
    for acl in blueprint.web_acls:
        if acl.scope == "REGIONAL" and acl.protects:
            lines = (plural(len(acl.rules), "rule"), f"default: {acl.default_action.kind}")
            drawing.nodes.append(Node(acl.address, "firewall", "AWS WAF", BEFORE, row, lines))
            row += 1
    first = max(0, row - 1 - (len(blueprint.load_balancers) - 1))
    for index, balancer in enumerate(blueprint.load_balancers):
        _draw_load_balancer(drawing, balancer, first + index)
    return row - 1


def _draw_distribution(drawing: Drawing, distribution: Distribution, row: int) -> None:
    rules = sum(
        len(acl.rules) for acl in drawing.blueprint.web_acls if acl.arn == distribution.web_acl_arn
    )
    adds = any(origin.headers for origin in distribution.origins)
    lines = (
        plural(len(distribution.behaviors), "cache behavior"),
        *((f"web ACL of {plural(rules, 'rule')}",) if rules else ()),
        *(("adds a secret header",) if adds else ()),
    )
    title = distribution.aliases[0] if distribution.aliases else "CloudFront"
    drawing.nodes.append(Node(distribution.address, "cdn", title, BEFORE, row, lines))
    drawing.arrows.append(Arrow("viewers", distribution.address, "HTTPS"))


def _draw_load_balancer(drawing: Drawing, balancer: LoadBalancer, row: int) -> None:
    blueprint = drawing.blueprint
    ports = ", ".join(f"{listener.protocol} {listener.port}" for listener in balancer.listeners)
    lines = (ports, f"idle time-out {balancer.idle_timeout:g} s")
    drawing.nodes.append(
        Node(balancer.address, "load_balancer", "Load balancer", ENTRY, row, lines)
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
