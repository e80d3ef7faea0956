"""The logging diagram: from containers through routers, and from AWS's services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bonkei.analysis.diagram.model import Arrow, Diagram, Kind, Node
from bonkei.analysis.diagram.names import common_prefix
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.blueprint.logs.log_group import LogGroup
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.blueprint.s3 import Bucket
from bonkei.blueprint.state.use import Use

_SOURCE, _ROUTER, _DESTINATION, _FILTER = range(4)

# Resources that write logs by an argument, and their names for a reader.
_WRITERS: dict[str, tuple[Kind, str]] = {
    "aws_flow_log": ("nat", "VPC flow logs"),
    "aws_wafv2_web_acl_logging_configuration": ("firewall", "AWS WAF"),
    "aws_lb": ("load_balancer", "Load balancer"),
    "aws_alb": ("load_balancer", "Load balancer"),
    "aws_cloudfront_distribution": ("cdn", "CloudFront"),
    "aws_ecs_cluster": ("people", "ECS Exec"),
    "aws_codebuild_project": ("build", "CodeBuild"),
    "aws_lambda_function": ("function", "Lambda function"),
}


@dataclass(slots=True)
class _Drawing:
    """Collects the parts of the picture. At its first use, a destination gets the next free row,
    and its first writer is placed beside it."""

    blueprint: Blueprint
    nodes: list[Node] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    def row_beside(self, targets: Sequence[str]) -> int:
        """The row of the first target with no node beside it."""
        for target in targets:
            self.rows.setdefault(target, len(self.rows))
        free = [self.rows[t] for t in targets if self.rows[t] not in self.taken]
        row = free[0] if free else max(self.taken, default=-1) + 1
        self.taken.add(row)
        return row

    def source(self, node: Node, targets: Sequence[str]) -> None:
        """Something that writes to these destinations."""
        self.nodes.append(replace(node, row=self.row_beside(targets)))
        self.arrows += [Arrow(node.id, target, style="data") for target in targets]


def logs_diagram(blueprint: Blueprint) -> Diagram:
    """Containers, routers, log groups and buckets, and the metrics computed from them."""
    drawing = _Drawing(blueprint)
    short = _Shortener(blueprint)
    prefix = common_prefix(definition.family for definition in blueprint.task_definitions)
    for definition in blueprint.task_definitions:
        _draw_task(drawing, definition, definition.family.removeprefix(prefix))
    for node, targets in _other_sources(blueprint):
        drawing.source(node, targets)
    _draw_destinations(drawing, short)
    return Diagram(
        name="logging",
        title="Logging",
        description=_description(drawing),
        nodes=tuple(drawing.nodes),
        arrows=tuple(drawing.arrows),
    )


def _draw_task(drawing: _Drawing, definition: TaskDefinition, name: str) -> None:
    """A task is a row: one node for its program's containers, and its router beside it."""
    blueprint = drawing.blueprint
    routed = [c for c in definition.containers if c.firelens is None and c.log_configuration]
    router = next((c for c in definition.containers if c.firelens is not None), None)
    if not routed:
        return
    lines = tuple(f"stdout of {container.name}" for container in routed)
    source = Node(f"{definition.address} containers", "container", name, _SOURCE, 0, lines)
    if router is None:
        drawing.source(source, _unique(t for c in routed for t in _own_group(blueprint, c)))
        return
    stop = f"stopTimeout {router.stop_timeout:g} s"
    fluent_bit = router.firelens is not None and router.firelens.type == "fluentbit"
    engine = "Fluent Bit" if fluent_bit else "Fluentd"
    target = Node(f"{definition.address} router", "router", router.name, _ROUTER, 0, (engine, stop))
    destinations = _unique((*_own_group(blueprint, router), *_in_environment(blueprint, router)))
    drawing.source(target, destinations)
    drawing.nodes.append(replace(source, row=drawing.nodes[-1].row))
    drawing.arrows.append(Arrow(source.id, target.id, "FireLens", "data"))


def _unique(targets: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(targets))


def _own_group(blueprint: Blueprint, container: Container) -> Iterator[str]:
    log = container.log_configuration
    name = dict(log.options).get("awslogs-group", "") if log else ""
    return (group.address for group in blueprint.log_groups if group.name == name)


def _in_environment(blueprint: Blueprint, router: Container) -> Iterator[str]:
    """Destinations in the task's environment variables; the router's configuration reads them."""
    values = {value for _, value in router.environment}
    named = [(group.name, group.address) for group in blueprint.log_groups]
    named += [(bucket.name, bucket.address) for bucket in blueprint.buckets]
    for name, address in named:
        if name in values:
            yield address


def _other_sources(blueprint: Blueprint) -> Iterator[tuple[Node, list[str]]]:
    """AWS's services that write logs, one node for each kind, with the destinations."""
    for cluster in blueprint.database_clusters:
        targets = _exports(blueprint, cluster)
        if targets:
            lines = tuple(f"{export} log" for export in cluster.log_exports)
            yield Node(cluster.address, "database", "PostgreSQL", _SOURCE, 0, lines), targets
    found = _written_by_type(blueprint)
    for writer, (kind, title) in _WRITERS.items():
        if writer in found:
            yield Node(writer, kind, title, _SOURCE, 0), _unique(found[writer])


def _exports(blueprint: Blueprint, cluster: DatabaseCluster) -> list[str]:
    """RDS names the group of an export /aws/rds/cluster/<identifier>/<export>."""
    ends = tuple(f"/{cluster.identifier}/{export}" for export in cluster.log_exports)
    return [g.address for g in blueprint.log_groups if ends and g.name.endswith(ends)]


def _written_by_type(blueprint: Blueprint) -> dict[str, list[str]]:
    written = [(group.address, group.writers) for group in blueprint.log_groups]
    written += [(bucket.address, bucket.users) for bucket in blueprint.buckets]
    found: dict[str, list[str]] = defaultdict(list)
    for target, uses in written:
        for use in uses:
            if use.type in _WRITERS and _is_log(use):
                found[use.type].append(target)
    groups = {group.name: group.address for group in blueprint.log_groups}
    for function in blueprint.functions:
        if function.log_group in groups:
            found["aws_lambda_function"].append(groups[function.log_group])
    return found


def _is_log(use: Use) -> bool:
    return "log" in use.argument


def _draw_destinations(drawing: _Drawing, short: _Shortener) -> None:
    groups = {group.address: group for group in drawing.blueprint.log_groups}
    buckets = {bucket.address: bucket for bucket in drawing.blueprint.buckets}
    for address, row in drawing.rows.items():
        if address in groups:
            drawing.nodes.append(_group_node(groups[address], short, row))
            _draw_filters(drawing, groups[address], row)
        else:
            drawing.nodes.append(_bucket_node(buckets[address], short, row))


class _Shortener:
    """Removes the common parts of names: the system's prefix, account numbers."""

    def __init__(self, blueprint: Blueprint) -> None:
        names = [definition.family for definition in blueprint.task_definitions]
        names += [cluster.identifier for cluster in blueprint.database_clusters]
        self._prefix = common_prefix(names)

    def __call__(self, name: str) -> str:
        parts = [p for p in name.replace(self._prefix, "").split("-") if not _is_account(p)]
        without = self._prefix.rstrip("-_/.")
        return "-".join(parts).replace(without, "…") if without else "-".join(parts)


def _is_account(part: str) -> bool:
    return len(part) == 12 and part.isdecimal()


def _group_node(group: LogGroup, short: _Shortener, row: int) -> Node:
    kept = f"{group.retention} days" if group.retention else "kept forever"
    lines = ("CloudWatch Logs", kept + (", encrypted" if group.kms_key_id else ""))
    return Node(group.address, "logs", short(group.name), _DESTINATION, row, lines)


def _bucket_node(bucket: Bucket, short: _Shortener, row: int) -> Node:
    kept = "with lifecycle" if bucket.lifecycle_rules else "kept forever"
    lines = ("S3 bucket", kept + (", encrypted" if bucket.encryption else ""))
    return Node(bucket.address, "bucket", short(bucket.name), _DESTINATION, row, lines)


def _draw_filters(drawing: _Drawing, group: LogGroup, row: int) -> None:
    filters = [f for f in drawing.blueprint.metric_filters if f.log_group_name == group.name]
    if filters:
        node_id = f"{group.address} filters"
        metrics = tuple(dict.fromkeys(f.metric_name for f in filters))
        drawing.nodes.append(Node(node_id, "metric", "Metric filters", _FILTER, row, metrics))
        drawing.arrows.append(Arrow(group.address, node_id, style="data"))


def _description(drawing: _Drawing) -> str:
    titles = {node.id: node.title for node in drawing.nodes}
    ways = [f"{titles[a.source]} to {titles[a.target]}" for a in drawing.arrows]
    return "; ".join(ways) + "." if ways else "Nothing is logged."
