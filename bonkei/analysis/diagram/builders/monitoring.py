"""The monitoring diagram: from metrics through alarms to the people who are notified."""

from __future__ import annotations

from collections.abc import Sequence

from bonkei.analysis.diagram.model import Arrow, Diagram, Kind, Node
from bonkei.analysis.diagram.names import common_prefix, duration
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.blueprint.sns import Topic

_SOURCE, _ALARM, _TOPIC, _SUBSCRIBER, _PEOPLE = range(5)

_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}

# The dimension of a namespace that identifies the resource, in order of preference.
_SUBJECTS: dict[str, tuple[Kind, str, tuple[str, ...]]] = {
    "AWS/ECS": ("service", "ECS", ("ServiceName", "ClusterName")),
    "ECS/ContainerInsights": ("service", "ECS", ("ServiceName", "ClusterName")),
    "AWS/RDS": ("database", "Aurora", ("DBClusterIdentifier", "DBInstanceIdentifier")),
    "AWS/ApplicationELB": ("load_balancer", "Load balancer", ()),
    "AWS/WAFV2": ("firewall", "AWS WAF", ()),
    "AWS/Lambda": ("function", "Lambda", ("FunctionName",)),
    "AWS/SNS": ("topic", "SNS", ("TopicName",)),
    "AWS/SQS": ("topic", "SQS", ("QueueName",)),
    "AWS/CloudFront": ("cdn", "CloudFront", ()),
    "AWS/CodePipeline": ("pipeline", "CodePipeline", ("PipelineName",)),
    "AWS/CodeBuild": ("build", "CodeBuild", ("ProjectName",)),
    "AWS/Events": ("event", "EventBridge", ("RuleName",)),
    "AWS/NATGateway": ("nat", "NAT gateway", ()),
}


def monitoring_diagram(blueprint: Blueprint) -> Diagram:
    """Metrics by resource, their alarms, and the way of a notification."""
    names = _Names(blueprint)
    nodes: list[Node] = []
    arrows: list[Arrow] = []
    subjects = _by_subject(blueprint, names)
    for row, (subject, alarms) in enumerate(subjects):
        kind, title, lines = subject
        source, target = f"subject-{row}", f"alarms-{row}"
        nodes.append(Node(source, kind, title, _SOURCE, row, lines))
        nodes.append(Node(target, "alarm", "Alarms", _ALARM, row, _alarm_lines(alarms, names)))
        arrows.append(Arrow(source, target, style="data"))
    row = len(subjects)
    for rule in blueprint.event_rules:
        if any(topic.arn in rule.targets for topic in blueprint.topics):
            nodes.append(
                Node(rule.address, "event", names.short(rule.name), _ALARM, row, ("event rule",))
            )
            row += 1
    _draw_topics(blueprint, names, subjects, nodes, arrows)
    return Diagram(
        name="monitoring",
        title="Monitoring",
        description=_description(nodes, subjects, names),
        nodes=tuple(nodes),
        arrows=tuple(arrows),
    )


class _Names:
    """Names without their common prefix."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._prefix = common_prefix(
            (
                *(alarm.name for alarm in blueprint.alarms),
                *(service.name for service in blueprint.services),
            )
        )

    def short(self, name: str) -> str:
        return name.removeprefix(self._prefix) or name


_Subject = tuple[Kind, str, tuple[str, ...]]


def _by_subject(
    blueprint: Blueprint, names: _Names
) -> tuple[tuple[_Subject, tuple[Alarm, ...]], ...]:
    """Alarms by the resource of their metric, in the order of the subjects above."""
    found: dict[_Subject, list[Alarm]] = {}
    for alarm in blueprint.alarms:
        metrics = alarm.metrics()
        if metrics:
            found.setdefault(_subject(metrics[0], blueprint, names), []).append(alarm)
    order = [kind for kind, _, _ in _SUBJECTS.values()]
    ranked = sorted(
        found, key=lambda s: (order.index(s[0]) if s[0] in order else len(order), s[1], s[2])
    )
    return tuple((subject, tuple(found[subject])) for subject in ranked)


def _subject(metric: Metric, blueprint: Blueprint, names: _Names) -> _Subject:
    known = _SUBJECTS.get(metric.namespace)
    if known is None:
        filters = [f for f in blueprint.metric_filters if f.namespace == metric.namespace]
        if filters:
            return ("logs", "Log records", ("counted by metric filters",))
        return ("metric", metric.namespace, ())
    kind, title, dimensions = known
    values = dict(metric.dimensions)
    name = next((values[d] for d in dimensions if d in values), "")
    return (kind, title, (names.short(name),) if name else ())


def _alarm_lines(alarms: Sequence[Alarm], names: _Names) -> tuple[str, ...]:
    return tuple(_alarm_line(alarm, names) for alarm in alarms)


def _alarm_line(alarm: Alarm, names: _Names) -> str:
    sign = _SIGNS.get(alarm.comparison, "outside of its band")
    threshold = "" if alarm.threshold is None else f" {_number(alarm.threshold)}"
    period = next((metric.period for metric in alarm.metrics()), 60)
    return f"{names.short(alarm.name)} {sign}{threshold} for {_window(alarm, period)}"


def _window(alarm: Alarm, period: int) -> str:
    whole = duration(alarm.evaluation_periods * period)
    if alarm.datapoints_to_alarm == alarm.evaluation_periods:
        return whole
    return f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods} × {duration(period)}"


def _number(value: float) -> str:
    for unit, size in (("GiB", 1024**3), ("MiB", 1024**2)):
        if value >= size and value % size == 0:
            return f"{value / size:g} {unit}"
    return f"{value:g}"


def _draw_topics(
    blueprint: Blueprint,
    names: _Names,
    subjects: Sequence[tuple[_Subject, tuple[Alarm, ...]]],
    nodes: list[Node],
    arrows: list[Arrow],
) -> None:
    """Place the topics in the middle of their alarms."""
    row = max(0, (len(subjects) - 1) // 2)
    for topic in blueprint.topics:
        notified = [
            f"alarms-{index}"
            for index, (_, alarms) in enumerate(subjects)
            if any(topic.arn in (*a.alarm_actions, *a.ok_actions) for a in alarms)
        ]
        notified += [rule.address for rule in blueprint.event_rules if topic.arn in rule.targets]
        if not notified:
            continue
        nodes.append(
            Node(topic.address, "topic", names.short(topic.name), _TOPIC, row, ("SNS topic",))
        )
        arrows += [Arrow(source, topic.address, style="control") for source in notified]
        row = _draw_subscribers(blueprint, topic, names, row, nodes, arrows)


def _draw_subscribers(
    blueprint: Blueprint,
    topic: Topic,
    names: _Names,
    row: int,
    nodes: list[Node],
    arrows: list[Arrow],
) -> int:
    functions = {function.arn: function for function in blueprint.functions}
    for subscription in topic.subscriptions:
        function = functions.get(subscription.endpoint)
        if function is not None:
            lines = ("Lambda function", function.runtime)
            node = Node(
                function.address, "function", names.short(function.name), _SUBSCRIBER, row, lines
            )
        else:
            node = Node(subscription.address, "message", subscription.protocol, _SUBSCRIBER, row)
        nodes.append(node)
        arrows.append(Arrow(topic.address, node.id, style="control"))
        if function is not None and "slack" in repr(function.environment).lower():
            slack = f"{function.address} slack"
            nodes.append(Node(slack, "people", "Slack", _PEOPLE, row, ("by webhook",)))
            arrows.append(Arrow(function.address, slack, style="control"))
        row += 1
    return max(row, 1)


def _description(
    nodes: Sequence[Node],
    subjects: Sequence[tuple[_Subject, tuple[Alarm, ...]]],
    names: _Names,
) -> str:
    """Every alarm in words."""
    notified = [node.title for node in nodes if node.column > _ALARM]
    watched = [
        f"{' '.join((title, *lines))}: {', '.join(_alarm_lines(alarms, names))}"
        for (_, title, lines), alarms in subjects
    ]
    if not watched:
        return "No alarm is defined."
    return "; ".join(watched) + (f". Notifies: {', '.join(notified)}." if notified else ".")
