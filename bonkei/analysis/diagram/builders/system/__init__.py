"""The system diagram: from the viewer to the database, and the ways out of the network."""

from __future__ import annotations

from bonkei.analysis.diagram.builders.system.drawing import Drawing
from bonkei.analysis.diagram.builders.system.edge import draw_edge
from bonkei.analysis.diagram.builders.system.inside import draw_builds, draw_inner
from bonkei.analysis.diagram.builders.system.services import draw_services
from bonkei.analysis.diagram.builders.system.subnets import subnet_groups
from bonkei.analysis.diagram.model import Diagram
from bonkei.analysis.diagram.names import common_prefix
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.blueprint.elbv2 import Forward

__all__ = ["system_diagram"]


def system_diagram(blueprint: Blueprint) -> Diagram:
    """Viewers, edge, services, database, endpoints, builds."""
    drawing = Drawing(blueprint, _prefix(blueprint))
    services = _ordered_services(blueprint)
    entry = draw_edge(drawing)
    first = max(0, entry - (len(services) - 1))
    draw_services(drawing, services, first)
    below = draw_inner(drawing, services, first)
    draw_builds(drawing, below)
    groups = subnet_groups(drawing)
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
    names += [c.identifier for c in blueprint.stores]
    names += [p.name for p in blueprint.build_projects]
    return common_prefix(names)


def _ordered_services(blueprint: Blueprint) -> tuple[Service, ...]:
    """The services. The default target comes first, so that the main path is straight."""
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


def _description(drawing: Drawing) -> str:
    """Every arrow in words."""
    titles = {node.id: node.title for node in drawing.nodes}
    ways = [
        f"{titles[a.source]} to {titles[a.target]}{f' ({a.label})' if a.label else ''}"
        for a in drawing.arrows
    ]
    return "; ".join(ways) + "." if ways else "Nothing is defined."
