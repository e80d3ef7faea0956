"""Services, the routes to them, and their calls to each other."""

from __future__ import annotations

from bonkei.analysis.diagram.builders.system.drawing import (
    APP,
    Drawing,
)
from bonkei.analysis.diagram.model import Arrow, Node
from bonkei.analysis.diagram.names import plural
from bonkei.blueprint.ecs import Service
from bonkei.blueprint.elbv2 import (
    FixedResponse,
    Forward,
    LoadBalancer,
    PathPattern,
    Redirect,
)


def draw_services(drawing: Drawing, services: tuple[Service, ...], first: int) -> None:
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
            Node(service.address, "service", drawing.short(service.name), APP, row, lines)
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


def _draw_calls(drawing: Drawing, services: tuple[Service, ...]) -> None:
    """Services with another service's name in their environment."""
    for caller in services:
        definition = drawing.blueprint.task_definition(caller.task_definition_arn)
        values = [value for c in definition.containers for _, value in c.environment]
        for callee in services:
            for endpoint in drawing.blueprint.endpoints(callee):
                url = f"//{endpoint.dns_name}"
                if callee != caller and any(_is_host(url, value) for value in values):
                    label = f"{endpoint.dns_name}:{endpoint.port}"
                    drawing.arrows.append(Arrow(caller.address, callee.address, label))


def _is_host(url: str, value: str) -> bool:
    before, found, after = value.partition(url)
    return bool(found) and before.endswith(":") and after[:1] in ("", ":", "/", "?")
